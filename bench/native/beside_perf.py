"""rtprof on native code and perf as recorders, and the programs that they record."""

import collections
import dataclasses
import json
import re
import subprocess

import compiled
import folded
import group_context
import recorder
import started
import stopwatch

BENCH = compiled.SOURCES.parent
STACK_BYTES = 8192


@dataclasses.dataclass
class Recording:
    cpu_s: float  # of the tool's whole life, in the kernel's BPF programs as well
    stats: dict = dataclasses.field(default_factory=dict)
    stacks: dict = dataclasses.field(default_factory=dict)  # event → stack → ns
    data: object = None  # perf's file


class Rtprof(recorder.Tool):
    """`pid` may be None for the whole machine. `event` may be several with commas."""

    def __init__(self, results, scratch, program, *options):
        super().__init__(results, scratch)
        self.program, self.options = program, options
        self.name = " ".join(["rtprof", *options])
        self.output, self.stats = scratch / "p.collapsed", scratch / "rtprof.json"

    def start(self, *arguments, **options):
        # Of an event that is not recorded there is no file: then one from before must not be read.
        for path in self.scratch.glob("p.*collapsed"):
            path.unlink()
        return super().start(*arguments, **options)

    def command(self, pid, event, rate, seconds):
        whom = ["--all"] if pid is None else ["--pid", pid]
        return [
            self.program, "attach", *whom, "-e", event, "-r", rate, "-d", seconds, *self.options, "--total", "-q",
            "-o", self.output, "--stats", self.stats,
        ]

    def understand(self, finished, event, rate, seconds):
        stats = json.loads(self.stats.read_text())
        events = event.split(",")
        read = {}
        for each in events:
            path = self.output if len(events) == 1 else self.scratch / f"p.{each}.collapsed"
            read[each] = folded.of_rtprof(path) if path.exists() else collections.Counter()
        return Recording(finished.cpu_s + stats["bpf_cpu_s"], stats, read)


class Perf(recorder.Tool):
    """`perf record` with these options; `event` only names what for. `pid` may be None for the whole machine."""

    def __init__(self, results, scratch, *options, sets_rate=True):
        super().__init__(results, scratch)
        self.options, self.sets_rate = options, sets_rate
        self.name = " ".join(["perf record", *options])
        self.data = scratch / "perf.data"

    def command(self, pid, event, rate, seconds):
        whom = ["-a"] if pid is None else ["-p", pid]
        how_often = ["-F", rate] if self.sets_rate else []
        return ["perf", "record", *how_often, *self.options, *whom, "-o", self.data, "--", "sleep", seconds]

    def understand(self, finished, event, rate, seconds):
        return Recording(finished.cpu_s, data=self.data)


class Context(group_context.GroupContext):
    def rtprof(self, *options):
        return Rtprof(self.results, self.scratch, self.options.rtprof, *options)

    def perf(self, *options, sets_rate=True):
        return Perf(self.results, self.scratch, *options, sets_rate=sets_rate)

    def program(self, name, *arguments):
        """A context with one of this folder's programs, which has said it is ready."""
        program = compiled.build(name, "-pthread")
        return started.started(self.scratch, " ".join(map(str, ["sh exec", program, *arguments])))

    def python(self, workload, *arguments):
        """The same with a workload of the tests on this machine's Python."""
        path = BENCH.parent / "tests/workloads/python" / workload
        words = ["sh exec /usr/bin/python3", path, 3600, *arguments]
        return started.started(self.scratch, " ".join(map(str, words)))


def make(options, results, scratch):
    for name, command in (("rtprof", [options.rtprof, "--version"]), ("perf", ["perf", "--version"])):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        results.versions[name] = re.sub(r"\s+", " ", done.stdout.strip())
    return Context(options, results, scratch)


def perf_says(context, *arguments):
    """A perf command on what was recorded."""
    context.results.note_command(f"perf {arguments[0]}", ["perf", *arguments])
    finished = stopwatch.run(["perf", *arguments])
    if finished.status != 0:
        raise recorder.ToolError(finished.output)
    return finished
