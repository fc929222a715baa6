"""Runs a command and says what it cost: elapsed time, CPU time, in all and between two moments, the peak of memory."""

import dataclasses
import os
import pathlib
import re
import subprocess
import time


@dataclasses.dataclass
class Finished:
    command: list
    status: int
    output: str
    elapsed_s: float
    cpu_s: float  # user and system, of the whole life
    window_cpu_s: float  # between the two moments of `window`, all threads
    window_s: float
    peak_kb: int


def process_cpu_s(pid):
    """The CPU clock of a process, threads that have ended included; see clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


def peak_memory_kb(pid):
    """Of this program alone: the figure that wait4() gives can be that of the parent it was started from."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) if match else 0


class Running:
    """A command that was started. Its output is collected; finish() waits for its end."""

    def __init__(self, command, env=None, cwd=None):
        self.command = [str(word) for word in command]
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd,
            env={**os.environ, **(env or {})},
        )
        self.pid = self.process.pid
        self.window_cpu_s = self.window_s = 0.0
        self.peak_kb = 0

    def sleep_until(self, moment):
        """Sleeps until `moment` seconds after the start."""
        time.sleep(max(0.0, self.begin + moment - time.monotonic()))

    def measure_window(self, first, last):
        """Notes the CPU time between these moments after the start. A command that ends before has none."""
        try:
            self.sleep_until(first)
            start, cpu = time.monotonic(), process_cpu_s(self.pid)
            self.sleep_until(last)
            self.window_cpu_s = process_cpu_s(self.pid) - cpu
            self.window_s = time.monotonic() - start
        except OSError:
            self.window_s = 0.0

    def watch_peak(self):
        """Follows the peak of memory until the command ends: writing a result may take more than making it."""
        while True:
            try:
                peak = peak_memory_kb(self.pid)
            except OSError:
                return
            if peak == 0:  # a zombie has no memory
                return
            self.peak_kb = max(self.peak_kb, peak)
            time.sleep(0.01)

    def finish(self):
        output = self.process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return Finished(
            self.command, self.process.returncode, output, time.monotonic() - self.begin,
            usage.ru_utime + usage.ru_stime, self.window_cpu_s, self.window_s, self.peak_kb,
        )


def run(command, window=None, **options):
    running = Running(command, **options)
    if window:
        running.measure_window(*window)
    return running.finish()
