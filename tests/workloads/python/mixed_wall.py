"""One thread that computes for 25 % of the elapsed time and sleeps for 75 %, on an otherwise idle processor.

Truth: in elapsed time compute has 25 % and rest 75 %; in CPU time compute has all. Measured by the process itself.
"""

import time

import workload


def compute(until):
    while True:
        for _ in range(300):
            pass
        now = time.monotonic()
        if now >= until:
            return now


def rest(until):
    time.sleep(max(0, until - time.monotonic()))
    return time.monotonic()


split = workload.Split(compute, rest, time.monotonic, 0.02)
workload.run(split.run, split.truth)
