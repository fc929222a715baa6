"""C that calls itself a thousand times and more on its way from one Python function to another, 100 KiB deep or
deeper: outer() asks for the representation of lists in lists, and the innermost holds an object whose __repr__ works
on and on."""

import sys

DEPTH = 800
sys.setrecursionlimit(10 * DEPTH)


def work():
    for _ in range(1000):
        pass


class Held:
    def __repr__(self):
        while True:
            work()


nested = [Held()]
for _ in range(DEPTH):
    nested = [nested]


def outer():
    repr(nested)


print("ready", flush=True)
outer()
