"""Kills a recording by the agent at random instants, and looks at what it leaves behind.

usage: killed_agent.py PID TIMES RTPROF SECONDS EVENTS     (RTPROF: a command, of which words may come before rtprof)

Within SECONDS of each kill no file of rtprof's is in the target's file system, no thread, descriptor or mapping of the
recording is in the target, SIGURG is not handled there, and HotSpot's code is as in its file; the target computes. Afterwards a recording succeeds. Ends with status 1 otherwise.
"""

import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import time

pid, times, rtprof = int(sys.argv[1]), int(sys.argv[2]), shlex.split(sys.argv[3])
patience, events = float(sys.argv[4]), sys.argv[5]
process = pathlib.Path(f"/proc/{pid}")
inner_pid = (process / "status").read_text().split("NSpid:")[1].split("\n")[0].split()[-1]
# Loading takes some 0.2 s; most kills come before that, or soon after.
LATEST_SECONDS = 0.5


def leftovers():
    found = [str(path) for place in ("tmp", "dev/shm", "var/tmp", "run")
             for path in (process / "root" / place).glob(".*") if path.name.startswith(f".rtprof-{inner_pid}-") or path.name == f".attach_pid{inner_pid}"]
    for task in (process / "task").iterdir():
        try:
            if (task / "comm").read_text().startswith("rtprof"):
                found.append(f"thread {task.name}")
        except OSError:  # it has ended
            continue
    for fd in (process / "fd").iterdir():
        try:
            if "memfd:rtprof" in os.readlink(fd):
                found.append(f"descriptor {fd.name}")
        except OSError:  # it has ended
            continue
    if "memfd:rtprof" in (process / "maps").read_text():
        found.append("the ring")
    handled = int((process / "status").read_text().split("SigCgt:")[1].split("\n")[0], 16)
    if handled >> (signal.SIGURG - 1) & 1:
        found.append("a handler of SIGURG")
    if changed_code():
        found.append("a change in HotSpot's code")
    return found


def changed_code():
    """Whether code of libjvm.so is not what its file holds, or can be written."""
    for line in (process / "maps").read_text().splitlines():
        place, access, offset, _, _, *path = line.split()
        if not path or not path[0].endswith("/libjvm.so") or "x" not in access:
            continue
        start, end = (int(each, 16) for each in place.split("-"))
        with open(process / "mem", "rb") as memory, open(process / "map_files" / place, "rb") as file:
            memory.seek(start)
            file.seek(int(offset, 16))
            if "w" in access or memory.read(end - start) != file.read(end - start):
                return True
    return False


def cpu_ticks():
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def record(*options):
    command = [*rtprof, "attach", "--pid", str(pid), "-q", "-e", events, "--mechanism", "agent", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


for number in range(times):
    recording = record("-d", "5", "-o", "/dev/null", "-f", "collapsed")
    instant = random.uniform(0, LATEST_SECONDS)
    time.sleep(instant)
    recording.kill()
    recording.wait()
    killed_at, before = time.monotonic(), cpu_ticks()
    while leftovers():
        if time.monotonic() - killed_at > patience:
            sys.exit(f"{patience:g} s after kill {number}, at {instant:.3f} s, there are {leftovers()}")
        time.sleep(0.02)
    give_up = time.monotonic() + 5
    while cpu_ticks() == before:
        if time.monotonic() > give_up:
            sys.exit(f"the target computes no more after kill {number}")
        time.sleep(0.02)
last = record("-d", "500ms", "-o", "/dev/null", "-f", "collapsed")
_, errors = last.communicate()
if last.returncode != 0 or "warning" in errors:
    sys.exit(f"the recording after {times} kills ended with {last.returncode}: {errors}")
