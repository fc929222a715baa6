"""CPU time split between two functions.

Truth: hot_a has 25 % of the CPU time and hot_b 75 %, each as the leaf; what main and its helpers take is below
0.2 %. The process measures the split with its own CPU clock and prints it.
"""

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
    split.run()


split = workload.Split(hot_a, hot_b)
workload.run(main, split.truth)
