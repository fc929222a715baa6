"""Many threads: BUSY that compute (first argument, 4) and SLEEPING that wait for ever (second argument, 20).

Truth: busy threads are named busy-0 and so on and are always in spin; sleeping ones are named asleep-0 and so on,
are always in nap under wait_here and use no CPU time. The main thread sleeps. At the end the CPU time of each busy
thread since `ready` is printed by name.
"""

import threading
import time

import workload

USED = {}


def spin():
    while True:
        for _ in range(1000):
            pass
        yield_time()


def yield_time():
    USED[threading.current_thread().name][1] = time.thread_time()


def busy():
    now = time.thread_time()
    USED[threading.current_thread().name] = [now, now]
    started.release()
    spin()


def nap(event):
    event.wait()


def wait_here():
    started.release()
    nap(never)


def main():
    while True:
        time.sleep(3600)


def truth():
    return {name: end - begin for name, (begin, end) in USED.items()}


never = threading.Event()
started = threading.Semaphore(0)
count = workload.argument(1, 4), workload.argument(2, 20)
for function, number, name in ((wait_here, count[1], "asleep"), (busy, count[0], "busy")):
    for index in range(number):
        threading.Thread(target=function, name="%s-%d" % (name, index), daemon=True).start()
for _ in range(sum(count)):
    started.acquire()
for used in USED.values():
    used[0] = used[1]
workload.run(main, truth)
