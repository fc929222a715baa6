"""As alternate.py, but each side comes after each: a, b, b, a. So the two sides do the same under the same conditions.

Truth: as in alternate.py, with two lines of main for each side; and the two sides have equal shares. The lines of the
calls are printed as truth.
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
        hot_b()
        hot_a()


first = main.__code__.co_firstlineno
workload.say("truth", {"hot_a": [first + 2, first + 5], "hot_b": [first + 3, first + 4]})
workload.run(main)
