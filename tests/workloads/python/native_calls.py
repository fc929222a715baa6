"""Python that calls C, which calls Python again in some: sort(), reduce(), qsort(), listing() and dropping() have C
between themselves and what they call; compress() and dig() end in C. What drop() holds is finalized when its frame
is gone already, and the call of the evaluation loop that ran it is not."""

import ctypes
import functools
import hashlib
import zlib

data = bytes(range(256)) * 4000
libc = ctypes.CDLL(None)
pointer = ctypes.POINTER(ctypes.c_int)


def compress():
    zlib.compress(data[:100000], 6)


def dig():
    hashlib.sha256(data).digest()


def key(number):
    for _ in range(20):
        pass
    return -number


def sort():
    sorted(range(3000), key=key)


def add(first, second):
    for _ in range(20):
        pass
    return first + second


def reduce():
    functools.reduce(add, range(3000))


def compare(first, second):
    return first[0] - second[0]


comparison = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(compare)


def qsort():
    numbers = (ctypes.c_int * 300)(*range(300, 0, -1))
    libc.qsort(numbers, 300, 4, comparison)


class Numbers:
    def __init__(self):
        self.number = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.number += 1
        if self.number > 2000:
            raise StopIteration
        return self.number


def listing():
    list(map(key, Numbers()))


class Held:
    def __del__(self):
        for _ in range(200):
            pass


def drop(number):
    held = Held()
    return number


def dropping():
    list(map(drop, range(300)))


def main():
    while True:
        compress()
        dig()
        sort()
        reduce()
        qsort()
        listing()
        dropping()


print("ready", flush=True)
main()
