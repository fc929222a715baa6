"""The profilers, behind one interface: record() attaches to a process and says what came of it and what it cost.

Each is run with the options that its own documentation gives for the purpose, and nothing that slows it down.
"""

import collections
import dataclasses
import json
import math
import re
import signal

import peers
import recorder
import stacks
import stopwatch

# What some tools put before a stack: the process, the thread, what it did.
ROOTS = r"tid:\d+|P\d+|T\d+:\S+|.* tid=\d+|process \d+.*|\[(running|runnable|other)\]"


@dataclasses.dataclass
class Recording:
    samples: int  # of one thread each
    errors: int
    seconds: float  # for which it sampled
    cpu_s: float  # its whole life
    window_cpu_s: float  # in the steady state, see stopwatch; the kernel's BPF programs included
    window_s: float
    peak_kb: int
    stacks: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    stats: dict = dataclasses.field(default_factory=dict)
    said: str = ""

    @property
    def rate(self):
        return self.samples / self.seconds

    def cpu_per_sample_us(self):
        """CPU time in the steady state by the samples of that time: without start-up and output."""
        if not self.window_s or not self.samples:
            return None
        return self.window_cpu_s / (self.rate * self.window_s) * 1e6


def whole(seconds):
    """The peers take whole seconds only."""
    return max(1, math.ceil(seconds))


class Tool(recorder.Tool):
    """A profiler of Python."""

    def made(self, finished, samples, errors, seconds, read, said=""):
        return Recording(
            samples, errors, seconds, finished.cpu_s, finished.window_cpu_s, finished.window_s, finished.peak_kb,
            stacks.without_root(read, ROOTS), said=said,
        )


class Rtprof(Tool):
    def __init__(self, results, scratch, program, mechanism):
        super().__init__(results, scratch)
        self.program, self.mechanism = program, mechanism
        self.name = f"rtprof {mechanism}"
        self.output, self.stats = scratch / f"{mechanism}.collapsed", scratch / f"{mechanism}.json"

    def command(self, pid, event, rate, seconds):
        line = [
            self.program, "attach", "--pid", pid, "-e", event, "-r", rate, "-d", seconds, "--mechanism", self.mechanism,
            "--total", "-q", "-o", self.output, "--stats", self.stats,
        ]
        if event == "wall":
            line.append("-t")
        if self.mechanism == "pause":
            line += ["--max-pause-share", "100%"]
        return line

    def understand(self, finished, event, rate, seconds):
        stats = json.loads(self.stats.read_text())
        duration = stats["duration_s"]
        samples = stats["samples"]
        if event == "wall":
            # Where each thread is, is known at every moment: as many samples as a sampler at this rate would take.
            samples = round(stats["total_weight"] / 1e9 * rate)
        errors = stats["errors"] + stats["torn"] + stats["lost"] + stats["unknown_frames"]
        read = stacks.of_rtprof(self.output)
        recording = self.made(finished, samples, errors, duration, read)
        recording.stats = stats
        recording.threads = collections.Counter()
        for stack, weight in read.items():
            if stack[0][1] == "":
                recording.threads[stack[0][0]] += weight
        # The BPF programs run at a constant rate, so the window has its part of them.
        bpf = stats["bpf_cpu_s"]
        recording.cpu_s += bpf
        if recording.window_s:
            recording.window_cpu_s += bpf * min(1.0, recording.window_s / duration)
        return recording


class PySpy(Tool):
    name = "py-spy"

    def __init__(self, results, scratch, options=()):
        super().__init__(results, scratch)
        self.options = list(options)
        self.name = " ".join(["py-spy", *self.options])
        self.output = scratch / "py-spy.raw"

    def command(self, pid, event, rate, seconds):
        line = [*peers.py_spy(), "record", "--pid", pid, "--rate", rate, "--duration", whole(seconds)]
        idle = ["--idle"] if event == "wall" else []
        return [*line, *idle, *self.options, "--format", "raw", "--output", self.output]

    def understand(self, finished, event, rate, seconds):
        said = re.search(r"Samples: (\d+) Errors: (\d+)", finished.output)
        if not said:
            raise recorder.ToolError(f"py-spy did not say what it did:\n{finished.output}")
        read = stacks.of_py_spy(self.output)
        # It takes as many samples as fit into the time, and longer where it cannot keep up. Its start and its output
        # are not told apart from that, and too short to matter then.
        behind = finished.elapsed_s > 1.5 * whole(seconds)
        took = finished.elapsed_s if behind else whole(seconds)
        return self.made(finished, sum(read.values()), int(said[2]), took, read)


class Austin(Tool):
    name = "Austin"

    def __init__(self, results, scratch, with_stacks=False):
        super().__init__(results, scratch)
        self.with_stacks = with_stacks
        self.output = scratch / "austin.mojo"

    def command(self, pid, event, rate, seconds):
        mode = ["--cpu"] if event == "cpu" else []
        every = ["--interval", f"{max(1, round(1e6 / rate))}us"]
        how_long = ["--exposure", whole(seconds)]
        return [*peers.austin(), *mode, *every, *how_long, "--output", self.output, "--pid", pid]

    def succeeded(self, finished):
        """Its status is not zero now and then at the end of a recording that it has written whole."""
        return "Sampling Statistics" in finished.output

    def understand(self, finished, event, rate, seconds):
        plain = re.sub(r"\x1b\[[\d;]*m", "", finished.output)
        said = re.search(r"Error rate[ .]*(\d+)/(\d+)", plain)
        if not said:
            raise recorder.ToolError(f"Austin did not say what it did:\n{plain}")
        took = re.search(r"Total duration[ .]*([\d.]+)s", plain)
        read = collections.Counter()
        if self.with_stacks:
            text = self.scratch / "austin.collapsed"
            stopwatch.run([*peers.austin_converter(), self.output, text])
            read = stacks.of_austin(text)
        return self.made(finished, int(said[2]), int(said[1]), float(took[1]) if took else seconds, read)


class Tachyon(Tool):
    name = "Tachyon"
    environment = peers.TACHYON_ENVIRONMENT

    def __init__(self, results, scratch, options=()):
        super().__init__(results, scratch)
        self.options = list(options)
        self.name = " ".join(["Tachyon", *self.options])
        self.output = scratch / "tachyon.collapsed"

    def command(self, pid, event, rate, seconds):
        return [
            *peers.tachyon(), "attach", "-r", rate, "-d", whole(seconds), "-a", "--mode", event, *self.options, "--collapsed",
            "-o", self.output, pid,
        ]

    def understand(self, finished, event, rate, seconds):
        said = re.search(r"Captured ([\d,]+) samples in ([\d.]+) seconds", finished.output)
        if not said:
            raise recorder.ToolError(f"Tachyon did not say what it did:\n{finished.output}")
        failed = re.search(r"Error rate: ([\d.]+)", finished.output)
        ticks = int(said[1].replace(",", ""))
        read = stacks.of_tachyon(self.output)
        errors = round(float(failed[1]) / 100 * ticks) if failed else 0
        return self.made(finished, sum(read.values()), errors, float(said[2]), read)


def stop(running):
    """Ends a recording early, as Ctrl-C does."""
    running.process.send_signal(signal.SIGINT)
