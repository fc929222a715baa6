"""Computes, and counts the work it has done in a file of 8 bytes that it maps: `counter.py SECONDS FILE`.

Truth: a piece of work is the same each time, so the count's growth by time tells how much the process was let do.
"""

import ctypes
import mmap
import sys

import workload


def leaf(value):
    return value * 3 % 1000003


def work(value):
    for _ in range(50):
        value = leaf(value)
    return value


def main():
    value = 1
    while True:
        value = work(value)
        words[0] += 1


with open(sys.argv[2], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 8)
words = (ctypes.c_uint64 * 1).from_buffer(memory)
workload.run(main)
