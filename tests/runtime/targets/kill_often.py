"""Starts a profiler again and again, kills it at a random instant each time, and looks at what it leaves behind:
kill_often.py PID TIMES PROFILER ARG...

After each kill, every thread of process PID is neither traced nor stopped, and the process computes: its CPU time
grows. Ends with status 1 at the first one that is not so.
"""

import os
import pathlib
import random
import subprocess
import sys
import time

# Of a start to the sampling; half of the kills come before this, half within as much again.
STARTED_AFTER = 0.25
PATIENCE = 20

pid, times = int(sys.argv[1]), int(sys.argv[2])
tasks = pathlib.Path(f"/proc/{pid}/task")


def fields(tid):
    lines = (tasks / str(tid) / "status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def is_free(tid):
    status = fields(tid)
    return status["TracerPid"] == "0" and status["State"][0] not in "Tt"


def cpu_ticks():
    after_name = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def becomes(condition):
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.002)
    return True


seed = random.SystemRandom().randrange(1 << 32)
random.seed(seed)
for number in range(times):
    profiler = subprocess.Popen(sys.argv[3:], stderr=subprocess.DEVNULL)
    after = random.uniform(0, 2 * STARTED_AFTER)
    time.sleep(after)
    if profiler.poll() is not None:
        sys.exit(f"{number}: the profiler ended by itself with status {profiler.returncode}")
    profiler.kill()
    profiler.wait()
    before = cpu_ticks()
    for tid in os.listdir(tasks):
        if not is_free(tid):
            sys.exit(f"seed {seed}, {number}, killed after {after:.4f} s: thread {tid} is {fields(tid)['State']}, "
                     f"traced by {fields(tid)['TracerPid']}")
    if not becomes(lambda: cpu_ticks() > before):
        sys.exit(f"seed {seed}, {number}, killed after {after:.4f} s: the process computes no longer")
