"""How soon the agent begins where there are many classes, and for how long its start holds the program up."""

import time

import async_profiler
import startup
import stopwatch
import own_programs
from beside_async_profiler import shared_words
from figures import spread
from first_and_last import CLASSES, no_slower
from lost_work import JDK, MECHANISM, PEER

RATE = 1000
SECONDS = 0.5


def longest_ms(shared, what):
    """(what() gives, the longest time for which the program stood still meanwhile)"""
    shared.words[0] = 0
    given = what()
    return given, shared.words[0] / 1e6


def own(context, pid):
    """ms from exec to the first sample"""
    loading = startup.elapsed_ms([context.options.rtprof, "--version"])
    tool = context.rtprof(*MECHANISM)
    return loading + tool.record(pid, "cpu", RATE, SECONDS).stats["time_to_first_sample_ms"]


def theirs(context, pid):
    """ms from exec until `start` has returned: then it samples"""
    load = [async_profiler.attach(), pid, "load", async_profiler.give_library(pid), "true"]
    command = [*load, f"start,event=ctimer,interval={async_profiler.interval_ns(RATE)}"]
    context.results.note_command(f"{PEER}, first sample", command)
    elapsed = startup.elapsed_ms(command)
    time.sleep(SECONDS)
    stopwatch.run([*load, f"stop,file=/tmp/{async_profiler.AsyncProfiler.RESULT},collapsed"])
    return elapsed


def nothing(_context, _pid):
    time.sleep(SECONDS)


def first_sample(context):
    """From exec to the agent's first sample on a JVM with 20,000 classes, and the longest pause, each time a new JVM"""
    names = {"rtprof": own, PEER: theirs}
    first, longest = ({name: [] for name in (*names, "without")} for _ in range(2))
    for turn in range(context.repetitions(30, 2)):
        with (
            shared_words(JDK, 1) as shared,
            own_programs.java(context, JDK, "Stalls", 900, CLASSES, shared.path) as target,
        ):
            time.sleep(0.5)
            # Who is first has the JVM's listener for attachments started.
            order = sorted(names.items(), reverse=turn % 2 == 1)
            for name, how in [("without", nothing), *order]:
                took, stood = longest_ms(shared, lambda how=how: how(context, target.pid()))
                first[name].append(took)
                longest[name].append(stood)
    report(context, first, longest)


def report(context, first, longest):
    context.row(
        "first-sample", f"from exec to the first sample by the agent, {CLASSES:,} classes", spread(first["rtprof"], "ms"),
        {PEER: spread(first[PEER], "ms")}, f"≤ {PEER}", no_slower(first["rtprof"], first[PEER]), first=first,
    )
    context.row(
        "first-sample", f"longest pause from the start to the end of a recording, {CLASSES:,} classes",
        spread(longest["rtprof"], "ms"),
        {PEER: spread(longest[PEER], "ms"), "without": spread(longest["without"], "ms")}, f"≤ {PEER}",
        no_slower(longest["rtprof"], longest[PEER]), longest=longest,
    )
