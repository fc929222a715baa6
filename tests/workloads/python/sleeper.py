"""Sleeps, in two functions, in the main thread and in EXTRA more threads (first argument, 0).

Truth: each thread is in short_nap for 25 % and in long_nap for 75 % of the elapsed time, and uses almost no CPU
time. The extra threads are named sleeper-0 and so on. The main thread's split, measured by itself, is printed.
"""

import threading
import time

import workload


def short_nap(until):
    time.sleep(max(0, until - time.monotonic()))
    return time.monotonic()


def long_nap(until):
    time.sleep(max(0, until - time.monotonic()))
    return time.monotonic()


def make():
    return workload.Split(short_nap, long_nap, time.monotonic, 0.05)


for index in range(workload.argument(1, 0)):
    threading.Thread(target=make().run, name="sleeper-%d" % index, daemon=True).start()
split = make()
workload.run(split.run, split.truth)
