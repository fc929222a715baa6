"""What a JVM's own recorder does, asked over its attach listener as jcmd does.

usage: java_recorder.py PID say COMMAND          prints the answer: java_recorder.py 12 say JFR.check
       java_recorder.py PID idle [SECONDS]       nothing of rtprof's is recorded, after SECONDS (0) at the latest
       java_recorder.py PID killed TIMES RTPROF  kills recordings at random instants: within a second of each nothing is
                                                 recorded, and no file or process of rtprof's is left

Ends with status 1 where that is not so.
"""

import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

pid = int(sys.argv[1])
process = pathlib.Path(f"/proc/{pid}")
inner_pid = (process / "status").read_text().split("NSpid:")[1].split("\n")[0].split()[-1]
tmp = process / "root/tmp"
# Starting the recorder for the first time takes some 0.5 s.
LATEST_SECONDS = 1.5


def say(command):
    listener = tmp / f".java_pid{inner_pid}"
    trigger = tmp / f".attach_pid{inner_pid}"
    if not listener.exists():
        trigger.touch()
        os.kill(pid, signal.SIGQUIT)
        while not listener.exists():
            time.sleep(0.02)
        trigger.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(listener))
        connection.sendall(b"1\0jcmd\0" + command.encode() + b"\0\0\0")
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer.decode()


def leftovers():
    found = [line for line in say("JFR.check").splitlines() if "rtprof" in line]
    found += [str(path) for path in tmp.glob(".*") if path.name == f".attach_pid{inner_pid}"]
    found += [str(path) for path in tmp.glob(f"*_{inner_pid}/*.jfr") if "foreign" not in say("JFR.check")]
    return found


def wait_until_idle(seconds):
    end = time.monotonic() + seconds
    while left := leftovers():
        if time.monotonic() > end:
            sys.exit(f"left after {seconds} s: {left}")
        time.sleep(0.02)


action = sys.argv[2]
if action == "say":
    print(say(" ".join(sys.argv[3:])))
elif action == "idle":
    wait_until_idle(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
elif action == "killed":
    for number in range(int(sys.argv[3])):
        command = [sys.argv[4], "attach", "--pid", str(pid), "-q", "--mechanism", "jfr", "-e", "cpu,wall", "-d", "5"]
        recording = subprocess.Popen([*command, "-o", "/dev/null", "-f", "pprof"], stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, LATEST_SECONDS))
        recording.kill()
        recording.wait()
        wait_until_idle(1)
    print("nothing was left")
else:
    sys.exit(__doc__)
