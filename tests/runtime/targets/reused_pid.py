"""Ends the process that is profiled and gives its pid to another one: reused_pid.py PROFILER ARG...

Runs in a pid namespace of its own. The first process with pid 77 is shares.py, the second is alternate.py; the
profiler is to end by itself, and its exit status is this program's.
"""

import pathlib
import subprocess
import sys
import time

PID = 77
WORKLOADS = pathlib.Path(__file__).resolve().parents[2] / "workloads" / "python"


def start(workload):
    pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(PID - 1))
    process = subprocess.Popen(["/usr/bin/python3", WORKLOADS / workload, "60"], stdout=subprocess.PIPE)
    assert process.pid == PID, process.pid
    return process


first = start("shares.py")
while b"ready" not in first.stdout.readline():
    pass
profiler = subprocess.Popen(sys.argv[1:])
time.sleep(2)
assert profiler.poll() is None, profiler.returncode
first.kill()
first.wait()
second = start("alternate.py")
status = profiler.wait()
second.kill()
sys.exit(status)
