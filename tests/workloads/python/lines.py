"""Expressions over several lines, evaluated forwards and backwards, whose callers' lines are easily got wrong.

Truth: each function named on_... is called from one line only; Python's own answer for that line (f_lineno of the
caller) is printed beforehand as truth, by the function's name. All are leaves with equal shares of the CPU time.
"""

import sys
import time

import workload

LINES = {}


def spin():
    end = time.thread_time() + 0.0005
    while time.thread_time() < end:
        for _ in range(300):
            pass


def on_argument():
    LINES["on_argument"] = sys._getframe(1).f_lineno
    spin()
    return 1


def on_last_argument():
    LINES["on_last_argument"] = sys._getframe(1).f_lineno
    spin()
    return 2


def on_condition():
    LINES["on_condition"] = sys._getframe(1).f_lineno
    spin()
    return False


def on_else():
    LINES["on_else"] = sys._getframe(1).f_lineno
    spin()
    return 3


def on_operand():
    LINES["on_operand"] = sys._getframe(1).f_lineno
    spin()
    return 4


def on_chain(value):
    LINES["on_chain"] = sys._getframe(1).f_lineno
    spin()
    return value


class Chain:
    def first(self):
        return self

    def second(self):
        return on_chain(self)


def expressions():
    total = max(
        0,
        on_argument(),



        on_last_argument(),
    )
    total += (
        on_argument
        if on_condition()
        else on_else
    )()
    total += (
        1
        +
        2
        * on_operand()
    )
    chain = (
        Chain()
        .first()
        .second()
    )
    return total, chain


def main():
    while True:
        expressions()


expressions()
workload.say("truth", LINES)
workload.run(main)
