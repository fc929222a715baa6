"""What an operator asks: does the target still get its signals, does rtprof's memory stay within bounds."""

import json
import time

import inference
import recorder
import stacks
import stopwatch
import targets
import tools
from figures import differences, number, spread


class SignalReports:
    """The reports of the workload signals.py, one a second."""

    def __init__(self, target):
        self.target = target
        self.seen = 0

    def next(self):
        match = self.target.wait_for(r"^signals (.*)$", self.seen)
        if not match:
            raise RuntimeError("the workload ended early")
        self.seen = match.end()
        return json.loads(match[1])

    def skip_to_now(self):
        """The next report begins after this."""
        while True:
            self.next()
            if not self.target.text.find("signals ", self.seen) >= 0:
                return


def delays(context, tool, rate, repetitions):
    """p99 delays of whole seconds without and with the tool, taking turns, and what the workload says at its end."""
    quiet, held = [], []
    with targets.running(context.scratch, "3.15", "signals.py", 1000, seconds=5 * repetitions + 8) as target:
        reports = SignalReports(target)
        for _ in range(repetitions):
            reports.skip_to_now()  # the second in which the tool ended
            quiet.append(reports.next()["p99_us"])
            running = tool.start(target.pid(), "cpu", rate, 3)
            reports.next()  # the second in which it starts
            held.append(reports.next()["p99_us"])
            tool.finish(running)
        target.wait_for(r"^truth ")
        time.sleep(0.1)
        return quiet, held, target.truth()


def signals(context):
    """A target that takes 1,000 signals a second: none lost, and the delay that sampling adds"""
    repetitions = context.repetitions(30, 2)
    quiet, held, truth = delays(context, context.rtprof("pause"), 1000, repetitions)
    added = differences(held, quiet)
    beside = delays(context, context.py_spy(), 100, max(2, repetitions // 5))
    py_spy = f"{beside[2]['sent'] - beside[2]['received']} lost, {spread(differences(beside[1], beside[0]), 'µs')}"
    lost = truth["sent"] - truth["received"]
    context.row(
        "signals", "1,000 signals/s, pause at 1 kHz: lost, and added to the p99 of their delay",
        f"{lost} lost of {truth['sent']:,}, {spread(added, 'µs')}", {"py-spy at 100 Hz": py_spy}, "0 lost, ≤ 200 µs",
        inference.worst([inference.MET if lost == 0 else inference.NOT_MET, inference.at_most(added, 200)]),
        quiet=quiet, held=held, lost=lost, sent=truth["sent"], py_spy=beside[:2],
    )


def peak_mb(context, tool, target, seconds, output):
    """Of a recording that is written to `output`, the writing included, in 10^6 bytes; and its --stats."""
    tool.output = context.scratch / output
    command = tool.command(target.pid(), "wall", 100, seconds)
    context.results.note_command(f"memory, {output}", command)
    running = stopwatch.Running(command)
    running.watch_peak()
    finished = running.finish()
    if finished.status:
        raise recorder.ToolError(finished.output)
    return finished.peak_kb * 1024 / 1e6, json.loads(tool.stats.read_text())


def memory_row(context, seconds):
    tool = context.rtprof("kernel")
    with targets.running(context.scratch, "3.15", "distinct_stacks.py", 200, 10_000) as target:
        page, stats = peak_mb(context, tool, target, seconds, "memory.html")
        text, _ = peak_mb(context, tool, target, seconds, "memory.collapsed")
    read = stacks.without_root(stacks.of_rtprof(tool.output), tools.ROOTS)
    different = sum(1 for stack in read if stacks.below("linger")(stack))
    context.row(
        "memory", f"memory of rtprof, wall, 200 threads, 100 Hz, {seconds} s, {different:,} distinct stacks",
        f"{number(page)} MB at most, its page written; {number(text)} MB for collapsed stacks by thread", {},
        "≤ 40 MB", inference.at_most([page], 40), page_mb=page, collapsed_mb=text, stacks=different, stats=stats,
    )


def memory(context):
    """Memory of rtprof with 200 threads and 10,000 different stacks, one minute"""
    memory_row(context, 10 if context.quick else 60)


def memory_long(context):
    """The same for ten minutes; only by request: --rows memory-long"""
    memory_row(context, 600)


memory_long.by_request = True
