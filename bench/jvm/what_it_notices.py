"""What profilers do to a JVM: the work it loses, and what its program and HotSpot notice of them."""

import shutil
import time

import async_profiler
import compiled
import harm
import inference
import recorder
import safepoint_log
import stopwatch
from beside_async_profiler import root_of, shared_words
from figures import differences, ratios, spread

WINDOW = 1.0
PEER = "async-profiler"
RATES = {"10 ms": 100, "1 ms": 1000}


def slowdown(context):
    """Work that the target loses at 10 ms and at 1 ms, beside async-profiler"""
    tools = {}
    for interval, rate in RATES.items():
        tools[interval] = (context.rtprof(), "cpu", rate)
        tools[f"{PEER} {interval}"] = (context.async_profiler(), "cpu", rate)
    for threads in (1, 2):
        with shared_words(21, threads) as shared:
            with context.java(21, "-Xmx256m", "Counted", 3600, threads, shared.path) as target:
                time.sleep(1 if context.quick else 10)  # until the JIT compiler is done
                for tool, event, rate in tools.values():  # the library is loaded once
                    tool.record(target.pid(), event, rate, 0.5)
                works = harm.taking_turns(context, shared, target, WINDOW, tools, context.repetitions(30, 2))
        lost = {name: [100 * (1 - each) for each in ratios(works[name], works[None])] for name in tools}
        for interval in RATES:
            more = differences(lost[interval], lost[f"{PEER} {interval}"])
            context.row(
                "slowdown",
                f"work that the target loses, every {interval}, {threads} busy thread{'s' if threads > 1 else ''}",
                spread(lost[interval], "%"), {PEER: spread(lost[f"{PEER} {interval}"], "%")},
                f"≤ {PEER}: is {spread(more)} points more", inference.at_most(more, harm.NO_MORE_THAN), lost=lost,
            )


class Noticed:
    """Counts of what reaches a JVM: EINTR that its program got, signals that the kernel delivered, safepoints that
    HotSpot has logged."""

    NAMES = ("EINTR", "signals", "safepoints")

    def __init__(self, context, shared, target):
        self.context, self.shared, self.target = context, shared, target

    def now(self):
        return sum(self.shared.words), len(safepoint_log.of_process(self.target.pid()))

    def during(self, seconds, what):
        """(EINTR, signals, safepoints) while what() is carried out, for that long at least. Signals are those of the
        kernel's own tracepoint, from a moment before to a moment after."""
        path = self.context.scratch / "signals"
        counter = stopwatch.Running([
            "perf", "stat", "-x", ",", "-o", path, "-e", "signal:signal_deliver", "-p", self.target.pid(),
            "--", "sleep", seconds + 1,
        ])
        counter.sleep_until(0.3)
        before = self.now()
        what()
        after = self.now()
        if counter.finish().status:
            raise recorder.ToolError("perf cannot count signal:signal_deliver")
        counted = next(line for line in path.read_text().splitlines() if "signal_deliver" in line)
        return after[0] - before[0], int(counted.split(",")[0]), after[1] - before[1]


def notices(context):
    """EINTR that the program gets, signals delivered to it, safepoints, while it is recorded"""
    seconds = 3 if context.quick else 10
    library = root_of(21) / "tmp" / "libinterrupts.so"
    shutil.copy(compiled.build("interrupts", "-shared", "-fPIC", folder=async_profiler.HERE), library)
    for event, rate in (("cpu", 100), ("wall", 100)):
        tools = {"rtprof": context.rtprof(), PEER: context.async_profiler()}
        counts = {}
        with shared_words(21, 3) as shared:
            words = (safepoint_log.OPTION, "Interrupts", 3600, f"/tmp/{library.name}", shared.path)
            with context.java(21, *words) as target:
                noticed = Noticed(context, shared, target)
                counts["nothing"] = noticed.during(seconds, lambda: time.sleep(seconds))
                for name, tool in tools.items():
                    counts[name] = context.attempt(
                        f"notices, {event}, {name}",
                        lambda tool=tool: noticed.during(
                            seconds + 1, lambda: tool.record(target.pid(), event, rate, seconds),
                        ),
                    )
        report_notices(context, event, seconds, counts)


def report_notices(context, event, seconds, counts):
    own, before = counts["rtprof"], counts["nothing"]
    words = {name: " / ".join(map(str, each)) if each else "–" for name, each in counts.items()}
    context.row(
        "notices", f"EINTR / signals / safepoints in {seconds} s of {event} at 10 ms", words["rtprof"],
        {PEER: words[PEER], "not recorded": words["nothing"]}, "0 / 0 / 0",
        inference.NOT_RESOLVED if own is None else inference.worst([
            inference.at_most([mine], base) for mine, base in zip(own, before)
        ]), counts=counts,
    )
