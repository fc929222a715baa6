"""Threads by name, all in nap below their own function: one with a name of its own, one with a name beyond Latin-1,
one with the name that it gets without one, one that is renamed after its start, one that the module threading did
not start, and with DELAY seconds (first argument, 0: none) one called late that starts so much after the others.

Truth: the name without one is printed as `default`.
"""

import _thread
import threading
import time

import workload

NAMES = {}


def nap():
    never.wait()


def explicit():
    started.release()
    nap()


def unicode():
    started.release()
    nap()


def default():
    NAMES["default"] = threading.current_thread().name
    started.release()
    nap()


def renamed():
    threading.current_thread().name = "second name"
    started.release()
    nap()


def foreign():
    started.release()
    time.sleep(3600)


def late():
    nap()


def main():
    delay = workload.argument(1, 0)
    if delay:
        time.sleep(delay)
        threading.Thread(target=late, name="late", daemon=True).start()
    while True:
        time.sleep(3600)


never = threading.Event()
started = threading.Semaphore(0)
for function, name in ((explicit, "worker for orders"), (unicode, "Поток-𠀀"), (default, None), (renamed, "first name")):
    threading.Thread(target=function, name=name, daemon=True).start()
_thread.start_new_thread(foreign, ())
for _ in range(5):
    started.acquire()
workload.say("truth", NAMES)
workload.run(main)
