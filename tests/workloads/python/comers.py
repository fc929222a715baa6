"""Threads that come and go: each lives some 5 ms of CPU time, at most 8 at a time, thread ids are reused.

Truth: at least 90 % of the CPU time is in brief, each time below the line of Thread.run; the number of threads
that lived is printed at the end.
"""

import threading
import time

import workload

LIVED = [0]


def brief():
    end = time.thread_time() + 0.005
    while time.thread_time() < end:
        for _ in range(300):
            pass


def main():
    alive = []
    while True:
        alive = [thread for thread in alive if thread.is_alive()]
        while len(alive) < 8:
            thread = threading.Thread(target=brief, daemon=True)
            thread.start()
            alive.append(thread)
            LIVED[0] += 1
        alive[0].join()


workload.run(main, lambda: {"threads": LIVED[0]})
