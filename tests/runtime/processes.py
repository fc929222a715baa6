"""The processes of one test: started, watched and, whatever happens, ended, with everything they started."""

import ctypes
import json
import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
import time

import zoo

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """Makes this process the parent of what its descendants leave behind, so that end_descendants() finds it."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def end_descendants():
    """Kills the children until none is left: a grandchild becomes a child when its parent has gone."""
    while True:
        for pid in children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


class Target:
    """A process started for the test, and all it has printed so far."""

    def __init__(self, description, scratch, number):
        kind, _, rest = description.partition(" ")
        self.pidfile = scratch / f"target{number}.pid"
        if kind == "zoo":
            where, *args = shlex.split(rest)
            if where not in ("plain", "container"):
                raise ValueError(f"TARGET: neither plain nor container: {where}")
            command = [zoo.HERE / "run", "--pidfile", self.pidfile]
            command += (["--container"] if where == "container" else []) + args
        elif kind == "sh":
            command = ["sh", "-c", rest]
        else:
            raise ValueError(f"TARGET: neither zoo nor sh: {description}")
        self.description = description
        self.text = ""
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=scratch,
            preexec_fn=die_with_parent,
        )
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self):
        for line in self.process.stdout:
            with self.changed:
                self.text += line.decode(errors="replace")
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def pid(self):
        return int(self.pidfile.read_text()) if self.pidfile.exists() else self.process.pid

    def wait_for(self, regex, since=0):
        """The match of a whole line's text in what is printed after offset `since`, or None when the target ends."""
        with self.changed:
            while True:
                match = re.compile(regex, re.MULTILINE).search(self.text, since)
                if match or self.process.poll() is not None and not self._more():
                    return match
                self.changed.wait(0.2)

    def wait_until_asleep(self):
        """Whether the process came to sleep: a shell on its way to another program, or one that is loaded, does not."""
        while self.process.poll() is None:
            with open(f"/proc/{self.pid()}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rpartition(")")[2].split()[0] == "S":
                    return True
            time.sleep(0.005)
        return False

    def _more(self):
        """Whether the collector still has something to read; called when the process has ended."""
        before = len(self.text)
        self.changed.wait(0.2)
        return len(self.text) > before

    def truth(self):
        known = {}
        for line in re.findall(r"^truth (.*)$", self.text, re.MULTILINE):
            known.update(json.loads(line))
        return known


class Run:
    """One run of rtprof. What it prints goes to files, so that it can be shown while it hangs."""

    def __init__(self, command, scratch, during):
        self.command = [str(word) for word in command]
        self.begin = time.monotonic()
        self.files = [tempfile.TemporaryFile() for _ in range(2)]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.files[0], stderr=self.files[1], cwd=scratch,
            preexec_fn=die_with_parent,
        )
        self.timers = [
            threading.Timer(delay, subprocess.run, [make(self.process.pid)], {"shell": True, "check": False})
            for delay, make in during
        ]
        for timer in self.timers:
            timer.start()

    def wait(self):
        self.process.wait()
        for timer in self.timers:
            timer.cancel()

    @property
    def status(self):
        return self.process.returncode

    @property
    def stdout(self):
        return self._text(0)

    @property
    def stderr(self):
        return self._text(1)

    def _text(self, index):
        size = os.fstat(self.files[index].fileno()).st_size
        return os.pread(self.files[index].fileno(), size, 0).decode(errors="replace")
