"""Stops a process and lets it go on, again and again, as job control does: stop_and_go.py PID REPORT

Each time, all of its threads stop, stay stopped and use no CPU time until they are told to go on. Prints `stopping`,
then writes to the file REPORT how often that was so, or what was wrong.
"""

import os
import pathlib
import signal
import sys
import time

PATIENCE = 20

pid, report = int(sys.argv[1]), pathlib.Path(sys.argv[2])
part = report.with_suffix(".part")
tasks = pathlib.Path(f"/proc/{pid}/task")


def states():
    return {(tasks / tid / "stat").read_text().rpartition(")")[2].split()[0] for tid in os.listdir(tasks)}


def cpu_time():
    return sum(int((tasks / tid / "schedstat").read_text().split()[0]) for tid in os.listdir(tasks))


def stop():
    os.kill(pid, signal.SIGSTOP)
    give_up = time.monotonic() + PATIENCE
    while states() != {"T"}:
        if time.monotonic() > give_up:
            return f"does not stop: {states()}"
        time.sleep(0.001)
    used = cpu_time()
    for _ in range(5):
        time.sleep(0.002)
        if states() != {"T"} or cpu_time() != used:
            return f"does not stay stopped: {states()}"
    return None


print("stopping", flush=True)
count = 0
while True:
    wrong = stop()
    os.kill(pid, signal.SIGCONT)
    count += 1
    part.write_text(wrong or f"stopped {count}")
    part.rename(report)
    if wrong:
        break
    time.sleep(0.01)
