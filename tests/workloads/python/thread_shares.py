"""Threads (4, or the first argument) that compete for the GIL, each splitting its CPU time between two functions.

Truth: hot_a has 25 % of the CPU time and hot_b 75 %, each as the leaf, of every thread and of all together; the main
thread sleeps. Each thread measures its split with its own CPU clock; the split of all is printed.
"""

import threading
import time

import workload


def hot_a(until):
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            return now


def hot_b(until):
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            return now


def main():
    while True:
        time.sleep(3600)


def truth():
    spent = [sum(split.spent[index] for split in splits) for index in range(2)]
    return {"first": spent[0] / sum(spent), "second": spent[1] / sum(spent), "seconds": sum(spent)}


splits = [workload.Split(hot_a, hot_b) for _ in range(workload.argument(1, 4))]
for number, split in enumerate(splits):
    threading.Thread(target=split.run, name="split-%d" % number, daemon=True).start()
workload.run(main, truth)
