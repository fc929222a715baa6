"""How fast the commands are that an engineer waits for: a dump, and the first sample of a recording."""

import pathlib
import re
import time

import inference
import peers
import stopwatch
import targets
from figures import differences, number, spread


def elapsed_ms(command):
    finished = stopwatch.run(command)
    return 1000 * finished.elapsed_s if finished.status == 0 else None


def no_slower(own, other):
    """Met when the interval of the difference ends at most one per cent above nothing."""
    known = [each for each in other if each is not None]
    return inference.at_most([100 * each for each in differences(own, other)], inference.median(known or [0]))


def dump(context):
    """rtprof dump beside py-spy dump, from start to end of the command"""
    rtprof = context.options.rtprof
    if not re.search(r"^ +dump\b", stopwatch.run([rtprof, "--help"]).output, re.MULTILINE):
        context.row("dump", "dump", "has no such command", {}, "no slower than py-spy", inference.NOT_RESOLVED)
        return
    for threads in (1, 200):
        times = {"rtprof": [], "py-spy": []}
        with targets.running(context.scratch, "3.15", "threads.py", 1, threads - 1) as target:
            commands = {
                "rtprof": [rtprof, "dump", "--pid", target.pid()],
                "py-spy": [*peers.py_spy(), "dump", "--pid", target.pid()],
            }
            for _ in range(context.repetitions(30, 3)):
                for name, command in commands.items():
                    context.results.note_command(f"{name}, dump", command)
                    times[name].append(elapsed_ms(command))
        context.row(
            "dump", f"dump, {threads} thread{'s' if threads > 1 else ''}", spread(times["rtprof"], "ms"),
            {"py-spy": spread(times["py-spy"], "ms")}, "no slower than py-spy",
            no_slower(times["rtprof"], times["py-spy"]), times=times,
        )


def first_hold_ms(tool, target, seconds=1):
    """From the start of the tool until the target's thread is seen traced for the first time."""
    status = pathlib.Path(f"/proc/{target.pid()}/task/{target.pid()}/status")
    running = tool.start(target.pid(), "cpu", 1000, seconds)
    first = None
    while first is None and time.monotonic() < running.begin + 10:
        if "\nTracerPid:\t0\n" not in status.read_text(encoding="ascii"):
            first = 1000 * (time.monotonic() - running.begin)
    tool.finish(running)
    return first


def attach(context):
    """rtprof attach beside py-spy record, from exec to the first sample"""
    times = {"kernel": [], "pause": [], "py-spy": []}
    pause, kernel, py_spy = context.rtprof("pause"), context.rtprof("kernel"), context.py_spy()
    with targets.running(context.scratch, "3.15", "shares.py") as target:
        for _ in range(context.repetitions(30, 3)):
            # The program's own figure counts from main(); a start that does nothing else is what comes before.
            loading = elapsed_ms([context.options.rtprof, "--version"])
            stats = kernel.record(target.pid(), "cpu", 1000, 0.3).stats
            times["kernel"].append(loading + stats["time_to_first_sample_ms"])
            times["pause"].append(first_hold_ms(pause, target, 0.3))
            times["py-spy"].append(first_hold_ms(py_spy, target))
    for rung in ("kernel", "pause"):
        context.row(
            "attach", f"attach, from exec to the first sample, {rung}", spread(times[rung], "ms"),
            {"py-spy": spread(times["py-spy"], "ms")}, "no slower than py-spy",
            no_slower(times[rung], times["py-spy"]), times=times,
        )
