"""Computes in a C function below 20 Python frames and notes when it was not let run, with its own clock.

usage: gaps.py SECONDS LIBRARY LOG SIZE LEAST: LIBRARY is bench/native/gaps.c, compiled; LOG a file of 16 + 16 × SIZE
bytes that it maps; only interruptions of more than LEAST ns are noted.

Truth: the thread always runs, apart from the gaps that it notes.
"""

import ctypes
import mmap
import sys

import workload

library = ctypes.PyDLL(sys.argv[2])
library.watch.argtypes = (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
library.watch.restype = None
size, least = workload.argument(3, 0), workload.argument(4, 0)
with open(sys.argv[3], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 16 + 16 * size)
words = (ctypes.c_uint64 * (2 + 2 * size)).from_buffer(memory)
words[1] = size


def watch():
    while True:
        library.watch(ctypes.addressof(words), 100000000, least)


def descend(levels):
    if levels == 1:
        watch()
    else:
        descend(levels - 1)


workload.run(lambda: descend(16))
