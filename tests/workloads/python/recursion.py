"""Deep recursion (500 frames, or the first argument) with work at its bottom.

Truth: every sample has descend DEPTH times, all but the last on the line of the recursive call; below them left
has 25 % and right 75 % of the CPU time.
"""

import sys
import time

import workload


def left(until):
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            return now


def right(until):
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            return now


def descend(levels):
    if levels == 1:
        split.run()
    else:
        descend(levels - 1)


depth = workload.argument(1, 500)
sys.setrecursionlimit(depth + 100)
split = workload.Split(left, right)
workload.run(lambda: descend(depth), split.truth)
