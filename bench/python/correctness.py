"""Whether profiles are right: measured on workloads whose truth is known, on every version of the zoo.

A share is checked with so many samples that its bar stands at least four standard deviations (σ) off; n and σ are
printed. σ takes samples for independent, which is the worst case: they are regular.
"""

import concurrent.futures
import json
import statistics

import compiled
import inference
import stopwatch
import targets
import truth
from figures import differences, number, spread

BAR_POINTS = 1.0


def record(context, recordings, tool, target, *args):
    recording = context.attempt(f"{tool.name} on {target.description}", lambda: tool.record(target.pid(), *args))
    if recording:
        recordings[tool.name] = recording


def versions(context):
    return ("3.11", "3.15") if context.quick else targets.VERSIONS


def until(context, tool, target, rate, samples, most_s):
    """One recording that is long enough for so many samples, or `most_s`: a first one tells the rate reached."""
    first = tool.record(target.pid(), "cpu", rate, 1)
    seconds = min(5 if context.quick else most_s, max(1, 1.1 * samples / max(1, first.rate)))
    return tool.record(target.pid(), "cpu", rate, round(seconds + 0.5))


def wrong_stacks(context):
    """Wrong stacks on the adversarial alternation, a million samples, peers beside it"""
    samples = 20_000 if context.quick else 1_000_000
    for python in versions(context):
        with targets.running(context.scratch, python, "alternate_sides.py") as target:
            alternation = truth.Alternation(target.truth())
            exact = {
                rung: until(context, context.rtprof(rung), target, 50_000, samples, 120) for rung in ("kernel", "pause")
            }
            others = {}
            beside = [
                (context.tachyon(), "cpu", 50_000),
                (context.tachyon("--blocking"), "wall", 10_000),  # it sees no thread on a CPU: it has stopped them
                (context.py_spy(), "cpu", 1000),
                (context.rtprof("read"), "cpu", 10_000),
            ]
            for tool, event, rate in beside if python == targets.TACHYON_TARGET[0] else []:
                record(context, others, tool, target, event, rate, 2 if context.quick else 20)
        for rung, recording in exact.items():
            report_wrong(context, f"{rung}, {python}", alternation, recording, others)
    with targets.running(context.scratch, targets.AUSTIN_TARGET[0], "alternate_sides.py") as target:
        alternation = truth.Alternation(target.truth())
        others = {}
        record(context, others, context.austin(with_stacks=True), target, "wall", 10_000, 2 if context.quick else 20)
        own = until(context, context.rtprof("kernel"), target, 50_000, samples, 120)
        report_wrong(context, "kernel, this machine's Python", alternation, own, others)


def true_stacks(context):
    """Share of each true stack of the alternation, as the two exact rungs see it at the same time"""
    # At this rate sampling itself does not change what takes how long.
    rate = 1000
    seconds = 5 if context.quick else 85
    for python in versions(context):
        with targets.running(context.scratch, python, "alternate_sides.py") as target:
            alternation = truth.Alternation(target.truth())
            with concurrent.futures.ThreadPoolExecutor() as pool:
                running = {
                    rung: pool.submit(context.rtprof(rung).record, target.pid(), "cpu", rate, seconds)
                    for rung in ("kernel", "pause")
                }
                exact = {rung: recording.result() for rung, recording in running.items()}
        compare_sides(context, python, alternation, exact)


def wrong_text(alternation, recording):
    sides = alternation.sides(recording.stacks)
    share = sides["wrong"] / max(1, sum(sides.values()))
    failed = recording.errors / max(1, recording.samples + recording.errors)
    text = f"{share:.2%} of {number(recording.samples)}"
    return text + (f", {failed:.2%} failed" if failed else "")


def report_wrong(context, where, alternation, recording, others):
    sides = alternation.sides(recording.stacks)
    wrong = sum(1 for stack in recording.stacks if alternation.side(stack) == "wrong")
    context.row(
        "wrong", f"wrong stacks, {where}", f"{wrong} different ones in {recording.samples:,} samples",
        {name: wrong_text(alternation, other) for name, other in others.items()}, "0",
        inference.MET if sides["wrong"] == 0 else inference.NOT_MET, sides=sides, samples=recording.samples,
        beside={name: [alternation.sides(other.stacks), other.samples, other.errors] for name, other in others.items()},
    )


def compare_sides(context, python, alternation, exact):
    shares = {rung: alternation.shares(recording.stacks) for rung, recording in exact.items()}
    sides = {rung: 100 * alternation.apart(each) for rung, each in shares.items()}
    kernel, pause = shares["kernel"], shares["pause"]
    apart = max(100 * abs(kernel.get(key, 0) - pause.get(key, 0)) for key in {*kernel, *pause})
    count = min(recording.samples for recording in exact.values())
    sigma = 100 * inference.share_sigma(max(kernel.values()), count) * 2**0.5
    resolved = 4 * sigma <= 1.02 * BAR_POINTS
    context.row(
        "true-stacks", f"share of each true stack, {python}",
        f"kernel's off pause's by {apart:.2f} points at most; n ≥ {count:,}, σ ≤ {sigma:.2f}; a side's off the other's "
        f"by {sides['kernel']:.2f} on kernel, {sides['pause']:.2f} on pause",
        {}, f"within {BAR_POINTS:g} point",
        inference.at_most([apart], BAR_POINTS) if resolved else inference.NOT_RESOLVED, shares=[
            {";".join(key): share for key, share in each.items()} for each in shares.values()
        ],
    )


def known_shares(context):
    """Share of a function of known share: alternating, recursive, threaded, generators, C calls"""
    samples = 2000 if context.quick else 40_000
    for kind in truth.SHARES:
        for python in versions(context):
            with targets.running(context.scratch, python, *kind.workload) as target:
                taken = {
                    rung: until(context, context.rtprof(rung), target, 10_000, samples, 60)
                    for rung in ("kernel", "pause")
                }
                others = {}
                beside = [(context.tachyon(), 10_000), (context.py_spy(), 1000)]
                for tool, rate in beside if python == targets.TACHYON_TARGET[0] else []:
                    record(context, others, tool, target, "cpu", rate, 2 if context.quick else 10)
            report_shares(context, kind, python, taken, others)


def share_text(kind, recording):
    share = kind.measure(recording.stacks)
    return "–" if share is None else f"{100 * (share - truth.FIRST_SHARE):+.2f} points"


def report_shares(context, kind, python, taken, others):
    for rung, recording in taken.items():
        share = kind.measure(recording.stacks)
        sigma = 100 * inference.share_sigma(truth.FIRST_SHARE, max(1, recording.samples))
        off = None if share is None else 100 * (share - truth.FIRST_SHARE)
        resolved = off is not None and 4 * sigma <= BAR_POINTS
        verdict = inference.at_most([abs(off)], BAR_POINTS) if resolved else inference.NOT_RESOLVED
        context.row(
            "shares", f"{kind.kind} 25 %, {rung}, {python}",
            f"{share_text(kind, recording)}, n = {recording.samples:,}, σ = {sigma:.2f}",
            {name: share_text(kind, other) for name, other in others.items()}, f"within {BAR_POINTS:g} point", verdict,
            share=share, samples=recording.samples, sigma=sigma,
        )


def delivered(context):
    """Asked − delivered: late, torn, lost, failed and unknown samples of the exact rungs; beside them programs that only tick"""
    empty = {"kernel": ("empty clock", ticks_owing), "pause": ("empty interrupt", interrupts_late)}
    for python in versions(context):
        missed = {rung: {rate: ([], []) for rate in (100, 1000, 10_000)} for rung in empty}
        with targets.running(context.scratch, python, "shares.py") as target:
            for _ in range(context.repetitions(12)):
                for rung, (_, measure) in empty.items():
                    for rate, (ours, its) in missed[rung].items():
                        ours.append(undelivered(context.rtprof(rung).record(target.pid(), "cpu", rate, 1).stats))
                        its.append(measure(target.pid(), rate, 1))
        for rung, (name, _) in empty.items():
            report_delivered(context, f"{rung}, {python}", missed[rung], name)


def undelivered(stats):
    """Of the samples that were asked for, in per cent."""
    return 100 * (stats["asked"] - stats["samples"] + stats["unknown_frames"]) / max(1, stats["asked"])


def ticks_owing(pid, rate, seconds):
    """Per cent of a thread's clock ticks that the kernel does not deliver, to nobody."""
    finished = stopwatch.run([compiled.build("ticks"), pid, rate, seconds])
    said = json.loads(finished.output)
    return 100 * max(0, said["owed"] - said["delivered"]) / max(1, said["owed"])


def interrupts_late(pid, rate, seconds):
    """Per cent of ticks that are over before a thread was held and let go for the one before them, nothing read."""
    finished = stopwatch.run([compiled.build("interrupt"), pid, rate, seconds])
    said = json.loads(finished.output)
    return 100 * said["late"] / max(1, said["late"] + said["count"])


def report_delivered(context, where, missed, empty):
    """`missed`: by rate, per cent that rtprof and `empty`, a program that does nothing at its ticks, missed in turn."""
    more = {rate: differences(*pairs) for rate, pairs in missed.items()}

    def shown(percents):
        return ", ".join(f"{percents(rate):.2f} % at {number(rate)} Hz" for rate in missed)

    context.row(
        "delivered", f"asked − delivered, {where}, mean", shown(lambda rate: statistics.fmean(missed[rate][0])),
        {empty: shown(lambda rate: statistics.fmean(missed[rate][1]))},
        "≤ 0.1 points more: is " + ", ".join(f"{spread(points)} at {number(rate)} Hz" for rate, points in more.items()),
        inference.worst([inference.at_most(points, 0.1) for points in more.values()]), missed=missed,
    )


def weights(context):
    """Sum of the weights: cpu against the target's CPU clock, wall against elapsed time for each thread"""
    seconds = 2 if context.quick else 6
    for python in versions(context):
        for rung in ("kernel", "pause"):
            with targets.running(context.scratch, python, "threads.py", 4, 20) as target:
                cpu = context.rtprof(rung).record(target.pid(), "cpu", 997, seconds)
                wall = context.rtprof(rung).record(target.pid(), "wall", 997, seconds)
            clock = cpu.stats["target_cpu_s"]
            off = 100 * (cpu.stats["total_weight"] / 1e9 / clock - 1)
            worst = max((100 * (weight / 1e9 / wall.seconds - 1) for weight in wall.threads.values()), key=abs)
            context.row(
                "weights", f"sum of weights, {rung}, {python}",
                f"cpu {off:+.2f} % off the target's clock; wall {worst:+.2f} % off in the worst of "
                f"{len(wall.threads)} threads",
                {}, "within 1 %", inference.at_most([max(abs(off), abs(worst))], 1.0), cpu=off, wall=worst,
                threads=len(wall.threads),
            )
