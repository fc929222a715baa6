"""Whether stacks of Java threads are whole, and methods have the share that is theirs."""

import inference
import java_stacks
from beside_async_profiler import JDKS, SAFEPOINTS

# Quarters of the time, and thirds of one of the quarters, in methods that the compiler inlines.
QUARTERS = ("byRecursion", "byInterface", "byLambda", "byException")
THIRDS = ("Square", "Circle", "Ring")
TRUTH = {
    **{f"Shares.{name}": 25.0 for name in QUARTERS},
    **{f"Shares${name}.area": 25.0 / 3 for name in THIRDS},
}
WITH_COMPILER = JDKS[1:]
WITH_TOMCAT = JDKS[2:]
WITH_VIRTUAL = JDKS[3:]
# A share of a quarter has a standard deviation of a quarter of a point then.
ENOUGH = 30_000


def workloads(context):
    """(name, JDKs, context by JDK)"""
    yield "known shares", JDKS, lambda jdk: context.java(jdk, SAFEPOINTS, "Shares", 900, 2)
    yield "classes that come and go", JDKS, lambda jdk: context.java(jdk, "-Xmx64m", "Churn", 900)
    yield "javac", WITH_COMPILER, lambda jdk: context.java(jdk, "Compiles", 900)
    yield "Tomcat", WITH_TOMCAT, context.tomcat


def complete(context):
    """Java threads' stacks that are whole, each JDK and workload, from the program's first seconds on"""
    for name, jdks, start in workloads(context):
        for jdk in (jdks[-2],) if context.quick else jdks:
            complete_of(context, "complete", name, jdk, start)


def virtual(context):
    """Stacks of virtual threads that are whole: each waits for a millisecond, works, and is 21 frames deep"""
    for jdk in WITH_VIRTUAL:
        complete_of(context, "virtual", "virtual threads", jdk, lambda jdk: context.java(jdk, "Virtual", 900))


def complete_of(context, group, name, jdk, start):
    seconds = 2 if context.quick else 10
    with start(jdk) as target:
        own = context.attempt(
            f"complete, {name}, JDK {jdk}",
            lambda: context.rtprof("-t").record(target.pid(), "cpu", 997, seconds),
        )
        peer = context.attempt(
            f"complete, {name}, JDK {jdk}, async-profiler",
            lambda: context.async_profiler().record(target.pid(), "cpu", 997, seconds),
        )
    if own:
        report_complete(context, group, f"{name}, JDK {jdk}", own, peer)


def report_complete(context, group, what, own, peer):
    kinds = java_stacks.ends_of_java_threads(own.stacks["cpu"], java_stacks.end_of_rtprof)
    share, missing = java_stacks.incomplete(kinds)
    theirs, peers = {}, {}
    if peer:
        theirs = java_stacks.ends_of_java_threads(peer.stacks["cpu"], java_stacks.end_of_async_profiler)
        peers["async-profiler"] = in_words(*java_stacks.incomplete(theirs))
    context.row(
        group, f"complete stacks of Java threads, {what}",
        f"{in_words(share, missing)} of {own.stats['samples']:,} samples", peers, "≥ 99.5 %",
        inference.at_least([share], 99.5), own=dict(kinds), async_profiler=dict(theirs),
    )


def in_words(share, missing):
    if share is None:
        return missing
    return f"{share:.2f} %" + (f" ({missing})" if missing else "")


def worst_share(stacks):
    """The method whose share is furthest from the truth, and by how many points; and all shares."""
    work = java_stacks.of_threads(stacks, "worker")
    shares = {name: java_stacks.share_with(work, name) or 0.0 for name in TRUTH}
    worst = max(shares, key=lambda name: abs(shares[name] - TRUTH[name]))
    return worst, shares[worst] - TRUTH[worst], shares


def shares(context):
    """Shares of methods that are known beforehand, inlined ones included"""
    seconds, rate = (2, 997) if context.quick else (20, 4999)
    for jdk in JDKS[-2:-1] if context.quick else JDKS:
        with context.java(jdk, SAFEPOINTS, "Shares", 900, 1) as target:
            own = context.rtprof("-t").record(target.pid(), "cpu", rate, seconds)
            peer = context.attempt(
                f"shares, JDK {jdk}, async-profiler",
                lambda: context.async_profiler().record(target.pid(), "cpu", rate, seconds),
            )
        name, off, all_of_them = worst_share(own.stacks["cpu"])
        peers, theirs = {}, {}
        if peer:
            other, by, theirs = worst_share(peer.stacks["cpu"])
            peers["async-profiler"] = f"{by:+.2f} points, {other}"
        samples = own.stats["samples"]
        sigma = 100 * inference.share_sigma(0.25, samples)
        resolved = samples >= ENOUGH or 4 * sigma <= 1
        context.row(
            "shares", f"shares of {len(TRUTH)} known methods, JDK {jdk}",
            f"{off:+.2f} points in the worst, {name}; n = {samples:,}, σ = {sigma:.2f}", peers, "within 1 point",
            inference.at_most([abs(off)], 1.0) if resolved else inference.NOT_RESOLVED, own=all_of_them,
            async_profiler=theirs,
        )
