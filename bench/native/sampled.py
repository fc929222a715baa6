"""Whether samples are all taken, and weigh what perf's weigh."""

import collections
import time

import beside_perf
import folded
import inference
import stopwatch
from figures import number, spread

KINDS = [(1, None), (2, None), (8, None), (64, None), (2, 1)]  # threads, and for how many ms each lives
CPUS = 2  # that the threads share, at least
# A thread's first sample comes after a whole period, so that half of one is missing on average: so few are 0.5 %.
LEAST_OF_A_THREAD = 100


def cpu_rate(pid, seconds):
    """CPUs that a process uses over the next seconds."""
    begin, cpu = time.monotonic(), stopwatch.process_cpu_s(pid)
    time.sleep(seconds)
    return (stopwatch.process_cpu_s(pid) - cpu) / (time.monotonic() - begin)


def delivered(context):
    """Samples taken of those expected, by the target's own CPU clock, at 99 and 999 Hz, 1 to 64 threads"""
    for threads, lifetime in KINDS[1::2] if context.quick else KINDS:
        for rate in (99, 999):
            shares, lost, own = [], 0, []
            seconds = 3 if context.quick else max(3, round(LEAST_OF_A_THREAD * threads / CPUS / rate))
            with context.program("spin", threads, *([lifetime] if lifetime else [])) as target:
                for _ in range(context.repetitions(3 if seconds < 10 else 1)):
                    tool = context.rtprof()
                    running = tool.start(target.pid(), "cpu", rate, seconds)
                    running.sleep_until(0.4)
                    cpus = cpu_rate(target.pid(), seconds - 0.5)
                    stats = tool.finish(running).stats
                    shares.append(100 * stats["samples"] / (cpus * stats["duration_s"] * rate))
                    lost += stats["lost"]
                    own.append({key: stats[key] for key in ("samples", "target_cpu_s", "time_to_first_sample_ms")})
            verdict = inference.worst([
                inference.at_least(shares, 98), inference.at_most(shares, 102), inference.at_most([lost], 0),
            ])
            what = f"{threads} thread{'s' if threads > 1 else ''}" + (f" that live {lifetime} ms" if lifetime else "")
            context.row(
                "delivered", f"samples taken of those expected, {rate} Hz, {what}",
                f"{spread(shares, '%')}, {lost} lost", {}, "98–102 %, 0 lost", verdict, shares=shares, lost=lost, own=own,
            )


def weights(context):
    """Self weight by function, and the functions' names, beside perf report at the same time"""
    seconds = 2 if context.quick else 14
    for program in ("libc_load", "cpp_load"):
        with context.program(program, 2) as target:
            rtprof, perf = context.rtprof(), context.perf()
            first = rtprof.start(target.pid(), "cpu", 10_000, seconds)
            second = perf.start(target.pid(), "cpu", 10_000, seconds)
            own = rtprof.finish(first)
            perf.finish(second)
            said = beside_perf.perf_says(
                context, "report", "-i", perf.data, "--stdio", "-F", "sample,dso,sym", "-t", "|",
            )
        report_weights(context, program, own, folded.of_perf_report(said.output))


def report_weights(context, program, own, theirs):
    ours = folded.self_weights(own.stacks["cpu"])
    samples = own.stats["samples"], sum(theirs.values())
    like = 100 * folded.likeness(ours, theirs)
    noise = 100 * folded.expected_unlikeness(theirs, *samples)
    # A name that is seen a hundred times by one and never by the other.
    in_samples = {name: weight * samples[0] / sum(ours.values()) for name, weight in ours.items()}
    unmatched = folded.unmatched(collections.Counter(in_samples), theirs, 100)
    enough = min(samples) >= 100_000 and noise <= 0.5
    context.row(
        "weights", f"self weight by function, 1 − ½Σ|p−q|, {program}",
        f"{like:.2f} %; n = {samples[0]:,}; sampling alone makes it {100 - noise:.2f} %",
        {"perf": f"n = {samples[1]:,}"}, "≥ 99 %",
        inference.at_least([like], 99) if enough or like >= 99 else inference.NOT_RESOLVED, like=like, noise=noise,
    )
    context.row(
        "weights", f"functions with a hundred samples that only one of both names, {program}",
        number(len(unmatched)) + (": " + ", ".join(unmatched[:4]) if unmatched else ""), {}, "0",
        inference.at_most([len(unmatched)], 0), names=unmatched,
    )
