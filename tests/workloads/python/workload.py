"""What the workloads share. Each is run as `python FILE SECONDS [ARG...]`: it prints `truth {JSON}` where it knows
an answer beforehand, then `ready` when it is in its steady state, ends after SECONDS of elapsed time with status 0
and prints `truth {JSON}` with what it measured itself. Everything here runs on CPython 3.8 to 3.15.
"""

import json
import os
import signal
import sys
import time


class TimeUp(BaseException):
    pass


def seconds():
    return float(sys.argv[1])


def argument(position, default):
    """The whole number that is the workload's argument at `position`, counted from 1 after SECONDS."""
    return int(sys.argv[1 + position]) if len(sys.argv) > 1 + position else default


def say(word, answer=None):
    print(word if answer is None else word + " " + json.dumps(answer), flush=True)


def run(body, truth=None):
    """Calls body() in the main thread, which may be endless, until the time is up, then prints truth() and exits."""

    def stop(number, frame):
        raise TimeUp

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds())
    try:
        say("ready")
        body()
    except TimeUp:
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    if truth is not None:
        say("truth", truth())
    os._exit(0)  # other threads may be busy for ever


class Split:
    """Alternates two functions so that the clock's time in them stands 1 to 3, whatever each call oversteps.

    Both are called with a reading of the clock to run up to and return the reading that made them stop; the time
    between them, in run() itself, is well below a thousandth.
    """

    def __init__(self, first, second, clock=time.thread_time, slice_s=0.0002):
        self.first, self.second, self.clock, self.slice_s = first, second, clock, slice_s
        self.spent = [0.0, 0.0]

    def run(self, rounds=None):
        due = list(self.spent)
        now = self.clock()
        while rounds is None or rounds > 0:
            for index, function, share in ((0, self.first, 1), (1, self.second, 3)):
                due[index] += share * self.slice_s
                start = now
                now = function(start + due[index] - self.spent[index])
                self.spent[index] += now - start
            if rounds is not None:
                rounds -= 1

    def truth(self):
        total = sum(self.spent)
        return {"first": self.spent[0] / total, "second": self.spent[1] / total, "seconds": total}
