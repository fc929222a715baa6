"""What a person waits for, and what rtprof takes: the first sample, a dump, memory."""

import json
import re
import shutil

import async_profiler
import inference
import recorder
import safepoint_log
import startup
import stopwatch
from figures import differences, number, spread

CLASSES = 20_000
THREADS = 1_000
PEER = "async-profiler"


def no_slower(own, other):
    """Met when the interval of the difference ends at most one per cent above nothing."""
    known = [each for each in other if each is not None]
    return inference.at_most([100 * each for each in differences(own, other)], inference.median(known or [0]))


def first_sample_ms(context, pid):
    """(rtprof, async-profiler), each from its start: to the first sample, and until `start` has returned."""
    loading = startup.elapsed_ms([context.options.rtprof, "--version"])
    tool = context.rtprof()
    own = loading + tool.record(pid, "cpu", 1000, 0.5).stats["time_to_first_sample_ms"]
    library = async_profiler.give_library(pid)
    command = [async_profiler.attach(), pid, "load", library, "true", "start,event=cpu,interval=1ms"]
    context.results.note_command(f"{PEER}, first sample", command)
    return own, startup.elapsed_ms(command)


def first_sample(context):
    """From exec to the first sample on a JVM with 20,000 classes, each time a new one"""
    for jdk in (21,) if context.quick else (17, 21, 25):
        own, theirs = [], []
        for _ in range(context.repetitions(12, 2)):
            with context.java(jdk, "ManyClasses", 900, CLASSES) as target:
                mine, other = first_sample_ms(context, target.pid())
            own.append(mine)
            theirs.append(other)
        context.row(
            "first-sample", f"from exec to the first sample, {CLASSES:,} classes, JDK {jdk}", spread(own, "ms"),
            {PEER: spread(theirs, "ms")}, f"≤ {PEER}", no_slower(own, theirs), own=own, async_profiler=theirs,
        )


def dump(context):
    """A dump of 1,000 threads beside jcmd Thread.print, and whether the application stands still"""
    with context.own_java(safepoint_log.OPTION, "ManyThreads", 900, THREADS, 3_600_000) as target:
        commands = {
            "rtprof": [context.options.rtprof, "dump", "--pid", target.pid()],
            "jcmd": [shutil.which("jcmd") or "jcmd", target.pid(), "Thread.print"],
            "the JVM's part of it": [async_profiler.attach(), target.pid(), "jcmd", "Thread.print"],
        }
        said = stopwatch.run(commands["rtprof"]).output
        times = {name: [] for name in commands}
        stops = {name: [] for name in commands}
        for _ in range(context.repetitions(30, 3)):
            for name, command in commands.items():
                context.results.note_command(f"{name}, dump", command)
                before = len(safepoint_log.of_process(target.pid()))
                times[name].append(startup.elapsed_ms(command))
                stops[name].append([ns / 1e6 for _, ns in safepoint_log.of_process(target.pid())[before:]])
    report_dump(context, said, times, stops)


def report_dump(context, said, times, stops):
    """`stops`: for each turn how long the application stood still, ms, at each safepoint."""
    counts = {name: [len(each) for each in turns] for name, turns in stops.items()}
    words = {
        name: f"{spread(each, 'ms')}, {spread(counts[name])} safepoints of {spread([sum(turn) for turn in stops[name]], 'ms')}"
        for name, each in times.items()
    }
    held = re.search(r"rtprof: held .*", said)
    own = f"{words.pop('rtprof')}; {held[0] if held else 'no thread held'}"
    context.row(
        "dump", f"dump, {THREADS:,} threads", own, words, "≤ jcmd, no safepoint",
        inference.worst([no_slower(times["rtprof"], times["jcmd"]), inference.at_most(counts["rtprof"], 0)]),
        times=times, stops=stops,
    )


def memory_row(context, seconds):
    tool = context.rtprof("-t")
    tool.output = context.scratch / "memory.html"
    with context.java(21, "ManyThreads", seconds + 120, 500, 100) as target:
        command = tool.command(target.pid(), "wall", 100, seconds)
        context.results.note_command("memory", command)
        running = stopwatch.Running(command)
        running.watch_peak()
        finished = running.finish()
    if finished.status:
        raise recorder.ToolError(finished.output)
    peak, stats = finished.peak_kb * 1024 / 1e6, json.loads(tool.stats.read_text())
    context.row(
        "memory", f"memory of rtprof, wall, 500 threads, 10 ms, {seconds} s",
        f"{number(peak)} MB at most, its page written", {}, "≤ 60 MB", inference.at_most([peak], 60), peak_mb=peak, stats=stats,
    )


def memory(context):
    """Memory of rtprof with 500 threads at 10 ms, one minute"""
    memory_row(context, 10 if context.quick else 60)


def memory_long(context):
    """The same for ten minutes; only by request: --rows memory-long"""
    memory_row(context, 600)


memory_long.by_request = True
