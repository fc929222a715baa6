"""Computes, then ends, execs or forks after AFTER tenths of a second of CPU time: `ends.py SECONDS HOW AFTER`.

Truth: everything is in compute. HOW is exit (status 7), exec (becomes the program sleep), kill (by SIGKILL) or fork
(goes on in parent and child; the child's pid is printed as truth).
"""

import os
import signal
import sys
import time

import workload


def compute(until):
    while time.process_time() < until:
        for _ in range(300):
            pass


def main():
    how, after = sys.argv[2], workload.argument(2, 10) / 10
    compute(time.process_time() + after)
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exec":
        signal.setitimer(signal.ITIMER_REAL, 0)  # it would outlive the exec
        os.execvp("sleep", ["sleep", str(workload.seconds())])
    child = os.fork()
    if child:
        workload.say("truth", {"child": child})
    compute(time.process_time() + workload.seconds())
    os._exit(0)


workload.run(main)
