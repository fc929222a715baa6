"""Allocations: what the target loses while they are sampled, and whether they add up."""

import collections
import time

import async_profiler
import inference
import lost_work
import recorder
from beside_async_profiler import shared_words
from lost_work import JDK, PEER

DEFAULT_INTERVAL = 512 << 10
# As tests/workloads/java/Allocates.java has them.
SHARES = {"byte[]": 8192 / 16368, "int[]": 4096 / 16368, "Allocates$Box": 4080 / 16368}
THREADS = 2
WANTED_SAMPLES = 25_600 + 2_000  # each type gets 6,400 at the least then
JDKS = ("8", "11", "17", "21", "25", "26")


def own_tool(context, interval):
    return context.rtprof("--alloc-interval", str(interval))


class PeerTool(async_profiler.AsyncProfiler):
    """async-profiler's event `alloc`; the interval is in bytes."""

    FORMAT = "collapsed,threads,total"

    def __init__(self, results, scratch, interval, *options):
        super().__init__(results, scratch, *options)
        self.interval = interval
        self.name = " ".join([f"async-profiler alloc {interval}", *options])

    def begin(self, event, rate):
        return [f"{event}={self.interval}", *self.options]  # `interval` does not concern it


def slowdown(context):
    """Work that the target loses while allocations are sampled every 512 KiB, beside async-profiler"""
    tools = {
        "rtprof": (own_tool(context, DEFAULT_INTERVAL), "alloc", 100),
        PEER: (PeerTool(context.results, context.scratch, DEFAULT_INTERVAL), "alloc", 100),
    }
    for threads in (1, 2):
        with shared_words(JDK, threads) as shared:
            with context.java(JDK, "-Xmx256m", "Counted", 3600, threads, shared.path) as target:
                lost_work.row(context, "slowdown", f"alloc every 512 KiB, {lost_work.busy(threads)}", shared, target, tools)


def by_type(stacks):
    """Type → bytes, of what the workload itself allocates."""
    found = collections.Counter()
    for stack, weight in stacks.items():
        if any("Allocates.work" in frame for frame in stack):
            found[stack[-1].removesuffix("_[i]").removesuffix("_[k]")] += weight
    return found


def errors_of(found, total):
    """How far off the total and each type are, in percent of the truth."""
    errors = {"total": 100 * (sum(found.values()) / total - 1)}
    return errors | {kind: 100 * (found[kind] / (share * total) - 1) for kind, share in SHARES.items()}


def words_of(errors):
    return ", ".join(f"{name} {error:+.1f} %" for name, error in errors.items())


def truth(context):
    """Bytes allocated, in total and of each type, against what the program allocates by the clock"""
    seconds = 5
    for jdk in JDKS if not context.quick else ("17",):
        interval = 16 << 10
        rate = WANTED_SAMPLES * interval / seconds
        # What C1 has compiled allocates without telling with the collector that JDK 8 takes by itself.
        options = ["-XX:+UseG1GC"] if jdk == "8" else []
        with context.java(jdk, *options, "Allocates", 600, rate / THREADS / 1e6, THREADS) as target:
            time.sleep(2)
            recording = own_tool(context, interval).record(target.pid(), "alloc", 100, seconds)
            peer = context.attempt(
                f"truth, JDK {jdk}",
                lambda: PeerTool(context.results, context.scratch, interval).record(target.pid(), "alloc", 100, seconds),
            )
        if recording is None:
            raise recorder.ToolError("nothing was recorded")
        own = errors_of(by_type(recording.stacks["alloc"]), rate * recording.stats["duration_s"])
        theirs = peer and errors_of(by_type(peer.stacks["alloc"]), rate * seconds)
        samples = recording.stats["samples"]
        sigma = {name: 100 / (samples * share) ** 0.5 for name, share in {"total": 1, **SHARES}.items()}
        context.row(
            "truth", f"allocated bytes, JDK {jdk}, {interval >> 10} KiB, n = {samples:,} (σ {max(sigma.values()):.1f} %)",
            words_of(own), {PEER: words_of(theirs) if theirs else "–"}, "within 5 %",
            inference.MET if max(map(abs, own.values())) <= 5 else inference.NOT_MET, own=own, async_profiler=theirs,
        )
