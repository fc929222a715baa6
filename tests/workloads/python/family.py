"""A tree of processes: a master with two workers, a grandchild, a program that is not Python, short-lived children
and one zombie.

Truth: the master (pid printed) sleeps in supervise. Two workers compute in work; one of them has a child that
computes in grandchild_work. One child is the program sleep. A child that computes in brief_work for some 0.1 s
starts every 0.2 s. One child has ended and is not waited for. The pids of the first ones are printed as truth.
All of them end by themselves when the time is up.
"""

import os
import time

import workload


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(300):
            pass


def work():
    spin(workload.seconds())


def grandchild_work():
    spin(workload.seconds())


def parent_work():
    start(grandchild_work)
    work()


def brief_work():
    spin(0.1)


def start(function):
    pid = os.fork()
    if pid == 0:
        function()
        os._exit(0)
    return pid


def other_program():
    os.execvp("sleep", ["sleep", str(workload.seconds())])


def supervise():
    while True:
        brief = start(brief_work)
        time.sleep(0.2)
        os.waitpid(brief, 0)


truth = {
    "master": os.getpid(),
    "workers": [start(work), start(parent_work)],
    "other": start(other_program),
    "zombie": start(lambda: None),
}
workload.say("truth", truth)
workload.run(supervise)
