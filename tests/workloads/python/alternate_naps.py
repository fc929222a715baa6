"""Sleeps of some 60 µs that alternate between two functions without end: the hardest case for reading a sleeping
thread from outside.

Truth: below main's line that calls nap_a there is nap_a, and below that rest_a or nothing; the same with b. Every
other combination of caller, line and callee is impossible. The lines of the two calls are printed as truth.
"""

import time

import workload


def rest_a():
    time.sleep(0.000001)


def rest_b():
    time.sleep(0.000001)


def nap_a():
    rest_a()


def nap_b():
    rest_b()


def main():
    while True:
        nap_a()
        nap_b()


first = main.__code__.co_firstlineno
workload.say("truth", {"nap_a": first + 2, "nap_b": first + 3})
workload.run(main)
