"""What a profiler does to its target: how long it holds a thread, how much work it takes from it."""

import json
import math
import shutil
import time
import types

import compiled
import inference
import recorder
import stopwatch
import targets
from figures import differences, number, ratios, spread
from started import work_rate

# Gaps are noted from here on, in ns; what is below is no interruption.
LEAST = 700
LOG_SIZE = 1 << 17


def gaps_for(python):
    """The path of the compiled gaps.c as a target of this version sees it."""
    library = compiled.build("gaps", "-shared", "-fPIC")
    copy = targets.root_of(python) / "tmp" / f"rtprof-bench-{library.name}.so"
    shutil.copyfile(library, copy)
    return f"/tmp/{copy.name}"


class GapLog:
    """The gaps that the workload gaps.py notes."""

    def __init__(self, python):
        self.shared = targets.shared_words(python, 2 + 2 * LOG_SIZE)

    def __enter__(self):
        self.shared.__enter__()
        return self

    def __exit__(self, *error):
        self.shared.__exit__(*error)

    @property
    def path(self):
        return self.shared.path

    def lengths(self, seconds):
        """The gaps of the next seconds."""
        words = self.shared.words
        first = words[0]
        time.sleep(seconds)
        last = words[0]
        return [words[3 + 2 * (index % LOG_SIZE)] for index in range(max(first, last - LOG_SIZE), last)]


# Bins of 2 %.
def bin_of(length):
    return round(50 * math.log(max(1, length)))


def value_of(index):
    return math.exp(index / 50)


def median_hold_us(lengths, quiet, samples):
    """What a tool's presence adds: the median of the gaps that there are more of.

    None when there are not about as many more as there were samples: then something else made them, too.
    """
    if not 0.7 * samples <= len(lengths) - len(quiet) <= 1.4 * samples:
        return None
    value = inference.excess_quantile(lengths, quiet, 1, 0.5, bin_of, value_of)
    return None if value is None else value / 1000


class Empty:
    """A program that only interrupts, as a tool: interrupt.c or clock.c of bench/native."""

    def __init__(self, results, program):
        self.results, self.program = results, program
        self.name = f"empty {program}"

    def start(self, pid, event, rate, seconds):
        command = [compiled.build(self.program), pid, rate, seconds]
        self.results.note_command(self.name, command)
        running = stopwatch.Running(command)
        running.seconds = seconds
        return running

    def finish(self, running):
        finished = running.finish()
        if finished.status:
            raise recorder.ToolError(finished.output)
        said = json.loads(finished.output)
        return types.SimpleNamespace(rate=said["count"] / running.seconds, **said)


def holds(context):
    """How long a sample holds the thread, seen by the thread itself; an empty interrupt and py-spy beside it"""
    recorders = [  # the tool, its rate, when it has begun
        (context.rtprof("kernel"), 5000, 0.6),
        (Empty(context.results, "clock"), 5000, 0.6),
        (context.rtprof("pause"), 1000, 0.6),
        (Empty(context.results, "interrupt"), 1000, 0.6),
        (context.py_spy(), 1000, 0.8),
        (context.tachyon("--blocking"), 1000, 0.8),
    ]
    seen = {tool.name: [] for tool, *_ in recorders}
    bpf = []
    with GapLog("3.15") as log:
        workload = ("gaps.py", gaps_for("3.15"), log.path, LOG_SIZE, LEAST)
        with targets.running(context.scratch, "3.15", *workload) as target:
            for _ in range(context.repetitions(12)):
                for tool, rate, begun in recorders:
                    quiet = log.lengths(1.0)
                    # Tachyon's blocking sees no thread on a CPU: it has stopped them.
                    event = "wall" if "blocking" in tool.name else "cpu"
                    running = tool.start(target.pid(), event, rate, round(begun + 1.2, 1))
                    running.sleep_until(begun)
                    lengths = log.lengths(1.0)
                    recording = context.attempt(f"{tool.name}, hold", lambda running=running: tool.finish(running))
                    median = median_hold_us(lengths, quiet, recording.rate) if recording else None
                    seen[tool.name].append(median)
                    if recording and tool.name == "rtprof kernel":
                        bpf.append(1e6 * recording.stats["bpf_cpu_s"] / recording.samples)
    shown = {name: spread(values, "µs") for name, values in seen.items()}
    peers = {name: shown[name] for name in ("py-spy", "Tachyon --blocking")}
    kernel = seen["rtprof kernel"]
    context.row(
        "hold", "time that a sample holds the thread, kernel, median", shown["rtprof kernel"],
        {"empty clock": shown["empty clock"], **peers}, "≤ 2 µs", inference.at_most(kernel, 2.0), seen=seen,
    )
    more = differences(kernel, seen["empty clock"])
    context.row(
        "hold", "of that beyond an empty clock's interruption; in the BPF programs, mean",
        f"{spread(more, 'µs')}; {spread(bpf, 'µs')}", {}, "≤ 2 µs", inference.at_most(more, 2.0), bpf_us=bpf,
        more=more,
    )
    times = ratios(seen["rtprof pause"], seen["empty interrupt"])
    context.row(
        "hold", "time that a sample holds the thread, pause, median", shown["rtprof pause"],
        {"empty interrupt": shown["empty interrupt"], **peers},
        f"≤ 1.5 × an empty interrupt: is {spread(times)} ×", inference.at_most(times, 1.5), ratios=times,
    )


def add_slope(context, slopes, shared, target, tool, rates, begun):
    slope = context.attempt(f"{tool.name}, lost work", lambda: one_slope(shared, target, tool, rates, 0.8, begun))
    if slope is not None:
        slopes.setdefault(tool.name, []).append(slope)


def one_slope(shared, target, tool, rates, seconds, begun):
    """The share of its work that the target loses, by samples a second: the slope in µs a sample."""
    xs, ys = [], []
    for rate in rates:
        if rate == 0:
            xs.append(0.0)
            ys.append(work_rate(shared, seconds))
            continue
        running = tool.start(target.pid(), "cpu", rate, round(begun + seconds + 0.1, 1))
        running.sleep_until(begun)
        work = work_rate(shared, seconds)
        recording = tool.finish(running)
        xs.append(recording.rate)
        ys.append(work)
    return inference.slope(xs, [-1e6 * work / ys[0] for work in ys])


def lost_work(context):
    """Work that the target loses for one sample, the slope over rates; peers beside it"""
    repetitions = context.repetitions(30, 2)
    slopes = {}
    plans = [
        (context.rtprof("kernel"), (0, 5000, 20_000, 50_000), repetitions, 0.5),
        (Empty(context.results, "clock"), (0, 5000, 20_000, 50_000), repetitions, 0.2),
        (context.rtprof("pause"), (0, 1000, 2000, 5000), max(2, repetitions // 4), 0.5),
        (context.py_spy(), (0, 100, 500), max(2, repetitions // 4), 1.0),
        (context.tachyon(), (0, 5000, 20_000), max(2, repetitions // 4), 1.0),
    ]
    with targets.shared_words("3.15", 1) as shared:
        with targets.running(context.scratch, "3.15", "counter.py", shared.path) as target:
            for turn in range(repetitions):
                for tool, rates, turns, begun in plans:
                    if turn < turns:
                        add_slope(context, slopes, shared, target, tool, rates, begun)
    with targets.shared_words(targets.AUSTIN_TARGET[0], 1) as shared:
        with targets.running(context.scratch, targets.AUSTIN_TARGET[0], "counter.py", shared.path) as target:
            for _ in range(max(2, repetitions // 4)):
                add_slope(context, slopes, shared, target, context.austin(), (0, 1000, 10_000), 1.0)
    shown = {name: spread(values, "µs") for name, values in slopes.items()}
    kernel = slopes["rtprof kernel"]
    own = shown.pop("rtprof kernel")
    per_100 = 100 * 100 * inference.median(kernel) / 1e6
    context.row(
        "lost-work", "work that the target loses for a sample, kernel", f"{own}, {number(per_100, 2)} % at 100 Hz",
        shown, "≤ 3 µs", inference.at_most(kernel, 3.0), slopes=slopes,
    )
    more = differences(kernel, slopes["empty clock"])
    context.row(
        "lost-work", "of that beyond an empty clock's interruption", spread(more, "µs"), {}, "≤ 3 µs",
        inference.at_most(more, 3.0), more=more,
    )
