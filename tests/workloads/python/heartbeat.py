"""Shows from outside whether it lives: one thread computes, one sleeps, the main thread prints `beat N` every 0.1 s.

Truth: the beats never stop before the time is up. Their longest distance is printed at the end.
"""

import threading
import time

import workload

LONGEST = [0.0]


def compute():
    while True:
        for _ in range(1000):
            pass


def doze():
    while True:
        time.sleep(0.01)


def beat():
    last = time.monotonic()
    number = 0
    while True:
        time.sleep(0.1)
        now = time.monotonic()
        LONGEST[0] = max(LONGEST[0], now - last)
        last = now
        number += 1
        workload.say("beat %d" % number)


for function in (compute, doze):
    threading.Thread(target=function, name=function.__name__, daemon=True).start()
workload.run(beat, lambda: {"longest_s": LONGEST[0]})
