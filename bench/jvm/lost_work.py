"""What the target loses while rtprof's agent records it, beside async-profiler."""

import time

import async_profiler
import harm
import inference
import own_programs
from beside_async_profiler import shared_words
from figures import differences, ratios, spread

PEER = "async-profiler"
JDK = 21
WINDOW = 1.0
MECHANISM = ("--mechanism", "agent")
WAITING, NAP_MS = 500, 1000
HOLD_US = 100


def busy(threads):
    return f"{threads} busy thread{'s' if threads > 1 else ''}"


def row(context, group, what, shared, target, tools):
    """`tools`: `rtprof` and PEER → (tool, event, rate)"""
    time.sleep(1 if context.quick else 10)  # until the JIT compiler is done
    for tool, event, rate in tools.values():  # the libraries are loaded once
        tool.record(target.pid(), event, rate, 0.5)
    works = harm.taking_turns(context, shared, target, WINDOW, tools, context.repetitions(30, 2))
    lost = {name: [100 * (1 - each) for each in ratios(works[name], works[None])] for name in tools}
    more = differences(lost["rtprof"], lost[PEER])
    context.row(
        group, f"work that the target loses, {what}", spread(lost["rtprof"], "%"), {PEER: spread(lost[PEER], "%")},
        f"≤ {PEER}: is {spread(more)} points more", inference.at_most(more, harm.NO_MORE_THAN), lost=lost,
    )


def cpu(context):
    """Work that the target loses while its CPU time is sampled every 10 ms by the agent, beside async-profiler's ctimer"""
    tools = {
        "rtprof": (context.rtprof(*MECHANISM), "cpu", 100), PEER: (context.async_profiler(), "ctimer", 100),
    }
    with shared_words(JDK, 2) as shared:
        with context.java(JDK, "-Xmx256m", "Counted", 3600, 2, shared.path) as target:
            row(context, "cpu", f"cpu every 10 ms, {busy(2)}", shared, target, tools)


def wall(context):
    """Work that the target loses while 500 threads and more are sampled every 50 ms by the agent, beside async-profiler"""
    tools = {"rtprof": (context.rtprof(*MECHANISM), "wall", 20), PEER: (context.async_profiler(), "wall", 20)}
    for threads in (1, 2):
        with shared_words(JDK, threads) as shared:
            words = ("-Xmx256m", "Crowd", 3600, threads, shared.path, WAITING, NAP_MS)
            with own_programs.java(context, JDK, *words) as target:
                what = f"wall every 50 ms, {WAITING} waiting threads, {busy(threads)}"
                row(context, "wall", what, shared, target, tools)


class LockPeer(async_profiler.AsyncProfiler):
    """async-profiler's event `lock`: a wait is recorded whenever 10 µs of waits have come together."""

    def begin(self, event, rate):
        return ["lock=10us"]


def lock(context):
    """Work that the target loses while its waits for locks of 10 µs and more are recorded, beside async-profiler"""
    tools = {
        "rtprof": (context.rtprof("--lock-threshold", "10us"), "lock", 100),
        PEER: (LockPeer(context.results, context.scratch), "lock", 100),
    }
    with shared_words(JDK, 2) as shared:
        words = ("-Xmx256m", "Disputes", 3600, 2, shared.path, HOLD_US)
        with own_programs.java(context, JDK, *words) as target:
            what = f"lock from 10 µs on, 8 threads fight for a monitor and a ReentrantLock, {busy(2)}"
            row(context, "lock", what, shared, target, tools)
