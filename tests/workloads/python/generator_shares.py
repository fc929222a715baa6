"""CPU time split between two generators that the same function resumes.

Truth: slow_gen has 75 % and quick_gen 25 % of the CPU time, each below resume. Measured by the process itself.
"""

import time

import workload


def quick_gen():
    until = yield
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            until = yield now


def slow_gen():
    until = yield
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            until = yield now


def resume(generator, until):
    return generator.send(until)


quick, slow = quick_gen(), slow_gen()
next(quick)
next(slow)
split = workload.Split(lambda until: resume(quick, until), lambda until: resume(slow, until))
workload.run(split.run, split.truth)
