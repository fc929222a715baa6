"""Children without end: one thread computes, one starts threads, and the main thread starts programs (by vfork,
from 3.10 on) and forks.

Truth: every child ends as it should, or this ends with status 1. Their number is printed at the end.
"""

import os
import subprocess
import threading
import time
import warnings

import workload

COUNT = {"programs": 0, "forks": 0, "threads": 0}


def compute():
    while True:
        for _ in range(1000):
            pass


def brief():
    for _ in range(2000):
        pass


def start_threads():
    while True:
        threads = [threading.Thread(target=brief) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        COUNT["threads"] += len(threads)
        time.sleep(0.001)


def check(right):
    if not right:
        os._exit(1)


def main():
    # By the clock: what a signal handler raises is lost where it meets a warning or a destructor.
    end = time.monotonic() + workload.seconds() - 1
    while time.monotonic() < end:
        check(subprocess.call(["false"]) == 1)
        COUNT["programs"] += 1
        child = os.fork()
        if child == 0:
            os._exit(7)
        check(os.waitpid(child, 0)[1] == 7 << 8)
        COUNT["forks"] += 1


warnings.simplefilter("ignore")  # that threads and fork do not go together
for function in (compute, start_threads):
    threading.Thread(target=function, daemon=True).start()
workload.run(main, lambda: COUNT)
