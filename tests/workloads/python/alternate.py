"""Functions of some 50 ns that alternate without end: the hardest case for reading a running thread from outside.

Truth: below main's line that calls hot_a there is hot_a, and below that leaf_a or nothing; the same with b. Every
other combination of caller, line and callee is impossible. Left and right do the same, so their shares are equal.
The lines of the two calls are printed as truth.
"""

import workload

def leaf_a():
    return 1


def leaf_b():
    return 1


def hot_a():
    return leaf_a()


def hot_b():
    return leaf_b()


def main():
    while True:
        hot_a()
        hot_b()


first = main.__code__.co_firstlineno
workload.say("truth", {"hot_a": first + 2, "hot_b": first + 3})
workload.run(main)
