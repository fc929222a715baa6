"""Bytes that stay alive, against what the program keeps."""

import collections
import math
import time

import allocated
import inference
import own_programs
import recorder
from beside_async_profiler import shared_words
from lost_work import PEER

JDKS = ("11", "17", "21", "25", "26")
PEER_JDK = "21"
# As programs/Keeps.java has them: bytes of an object, and objects a round.
SIZES = {"byte[]": (1024, 1), "Keeps$Item": (40, 25)}
WANTED, RATE, MADE, KEPT, OVER, WORDS = range(6)
BEGUN, END = 2.0, 1.5  # s before the first object, and after the last one
ENOUGH = 6_400
# Kept rounds a recording: of each type 9,900 samples are kept, and some 21,000 in all are fewer than are followed.
KEPT_ROUNDS = 45_000
INTERVAL = 4 << 10
PEER_FACTOR = 20  # async-profiler follows 1,024 objects at the most
MADE_A_SECOND = {0: 8_000, 10: 20_000, 100: 8_000}


def probability(size, interval):
    return 1 - math.exp(-size / interval)


def by_type(stacks):
    found = collections.Counter()
    for stack, weight in stacks.items():
        if any("Keeps." in frame for frame in stack):
            found[stack[-1].removesuffix("_[i]").removesuffix("_[k]")] += weight
    return found


def kept_while(shared, target, tool, rounds, rate):
    """(type → bytes that the tool says are alive, rounds that are): all of them are made while it is at work."""
    for word in (MADE, KEPT, OVER):
        shared.words[word] = 0
    shared.words[RATE] = rate
    seconds = rounds / rate
    running = tool.start(target.pid(), "alloc", 100, round(BEGUN + 1.3 * seconds + END, 1))
    running.sleep_until(BEGUN)
    shared.words[WANTED] = rounds
    running.sleep_until(BEGUN + 1.3 * seconds + END / 2)
    is_over = shared.words[OVER] == 1
    recording = tool.finish(running)
    if not is_over:
        raise recorder.ToolError("the program did not make its objects in time")
    return recording, by_type(recording.stacks["alloc"]), shared.words[KEPT]


def scaled(found, interval):
    """What samples stand for, whose weight is the size of the object alone, as async-profiler's are of those alive."""
    return {kind: found[kind] / probability(size, interval) for kind, (size, _) in SIZES.items()}


def errors_of(found, kept, made):
    """Type → by how many per cent of what is kept it is off; of what was made, where nothing is kept."""
    return {
        kind: 100 * (found[kind] - kept * size * count) / ((kept or made) * size * count)
        for kind, (size, count) in SIZES.items()
    }


def samples_of(found, interval):
    """Type → samples that make up these bytes."""
    return {kind: found[kind] * probability(size, interval) / size for kind, (size, _) in SIZES.items()}


def sigma_of(samples, interval):
    """The largest deviation of a type, in per cent."""
    return max(
        100 * math.sqrt((1 - probability(size, interval)) / samples[kind]) if samples[kind] else 0
        for kind, (size, _) in SIZES.items()
    )


def counts(samples, interval):
    """How many samples there are of each, and what they can tell."""
    return f"n = {', '.join(f'{round(each):,}' for each in samples.values())}; σ {sigma_of(samples, interval):.1f} %"


def words_of(found, kept, made, interval):
    errors = ", ".join(f"{kind} {error:+.1f} %" for kind, error in errors_of(found, kept, made).items())
    return f"{errors} ({counts(samples_of(found, interval), interval)})" if kept else f"{errors} of what was made"


def lost_of(recording):
    lost = recording.stats["lost"]
    return f", {lost:,} records lost" if lost else ""


def verdict(errors, samples, kept):
    if kept and min(samples.values()) < ENOUGH:
        return inference.NOT_RESOLVED
    return inference.MET if max(map(abs, errors.values())) <= 5 else inference.NOT_MET


def live(context):
    """Bytes that are alive, of two types, where 0, 10 and 100 % of the objects are kept"""
    for jdk in JDKS if not context.quick else ("21",):
        for percent, rate in MADE_A_SECOND.items():
            plan = (percent, rate)
            context.attempt(f"live, JDK {jdk}, {percent} % kept", lambda jdk=jdk, plan=plan: one(context, jdk, *plan))


def one(context, jdk, percent, rate):
    rounds = KEPT_ROUNDS * 100 // (percent or 100)
    own = context.rtprof("--live", "--alloc-interval", str(INTERVAL))
    peer_interval = INTERVAL * PEER_FACTOR
    peer = allocated.PeerTool(context.results, context.scratch, peer_interval, "live")
    with (
        shared_words(jdk, WORDS) as shared,
        own_programs.java(context, jdk, "-Xmx1g", "Keeps", 3600, percent, shared.path) as target,
    ):
        time.sleep(1)
        recording, found, kept = kept_while(shared, target, own, rounds, rate)
        theirs = jdk == PEER_JDK and context.attempt(
            f"live, JDK {jdk}, {percent} %", lambda: kept_while(shared, target, peer, rounds, rate),
        )
    errors, samples = errors_of(found, kept, rounds), samples_of(found, INTERVAL)
    peers = {}
    if theirs:
        said = words_of(scaled(theirs[1], peer_interval), theirs[2], rounds, peer_interval)
        peers[f"{PEER} every {peer_interval >> 10} KiB"] = said
    context.row(
        "live", f"live bytes, JDK {jdk}, {percent} % kept of {rounds * 2024 / 1e6:.0f} MB, every {INTERVAL >> 10} KiB",
        words_of(found, kept, rounds, INTERVAL) + lost_of(recording), peers, "within 5 %", verdict(errors, samples, kept),
        own=errors, samples=samples, stats=recording.stats, async_profiler=dict(theirs[1]) if theirs else None,
    )
