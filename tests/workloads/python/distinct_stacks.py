"""Threads (200, or the first argument) that wait below many different stacks (10,000, or the second).

Truth: a stack's 14 calls of left and right below descend are the binary digits of its number. Each thread takes the
next number, goes down there and waits some 50 ms in linger. All numbers have been taken after the first few seconds;
then they start again.
"""

import itertools
import threading
import time

import workload

LEVELS = 14


def linger():
    time.sleep(0.05)


def left(number, level):
    descend(number, level)


def right(number, level):
    descend(number, level)


def descend(number, level):
    if level == LEVELS:
        linger()
    elif number >> level & 1:
        right(number, level + 1)
    else:
        left(number, level + 1)


def work():
    while True:
        descend(next(numbers) % stacks, 0)


def main():
    while True:
        time.sleep(3600)


stacks = workload.argument(2, 10000)
numbers = itertools.count()
for _ in range(workload.argument(1, 200)):
    threading.Thread(target=work, daemon=True).start()
workload.run(main)
