"""CPU time in C functions: one that holds the GIL (pow) and one that releases it (sha256 of a large buffer).

Truth: holding has 25 % and releasing 75 % of the CPU time, as Python's leaf frame. Of the time with the GIL held,
holding has at least 95 %. Measured by the process itself.
"""

import hashlib
import time

import workload

DATA = bytes(1 << 22)
MODULUS = (1 << 521) - 1


def holding(until):
    while True:
        pow(3, MODULUS - 2, MODULUS)
        now = time.thread_time()
        if now >= until:
            return now


def releasing(until):
    while True:
        hashlib.sha256(DATA)
        now = time.thread_time()
        if now >= until:
            return now


split = workload.Split(holding, releasing, slice_s=0.005)
workload.run(split.run, split.truth)
