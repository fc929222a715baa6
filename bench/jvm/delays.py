"""How long threads wait for locks, against what the program says by its own clock."""

import collections
import statistics
import time

import inference
import lost_work
import own_programs
import recorder
from beside_async_profiler import shared_words
from figures import number, spread
from lost_work import PEER

JDKS = ("8", "11", "17", "21", "25", "26")
# JDK → µs of a hold. The short ones are more waits than are recorded, and only from JDK 21 on is a sleep that short.
HOLDS = [*((jdk, 2000) for jdk in JDKS), ("21", 50)]
BEGUN, WINDOW, REST = 0.7, 3.0, 0.8  # s: what waits has waited for is in the recording as a whole
GO, ACTIVE, TRUE, WORDS = 0, 1, {"monitor": (2, 3), "ReentrantLock": (4, 5)}, 6
TYPES = {"monitor": "Delays$Monitor", "ReentrantLock": "java.util.concurrent.locks.ReentrantLock$NonfairSync"}


def by_type(stacks):
    found = collections.Counter()
    for stack, weight in stacks.items():
        for name, kind in TYPES.items():
            if stack[-1].removesuffix("_[i]") == kind:
                found[name] += weight
    return found


def gated(shared, tool, pid):
    """(recording, name → (ns waited, waits)): the program waits from when the tool is at work until it has rested."""
    before = list(shared.words)
    running = tool.start(pid, "lock", 100, BEGUN + WINDOW + REST)
    running.sleep_until(BEGUN)
    shared.words[GO] = 1
    running.sleep_until(BEGUN + WINDOW)
    shared.words[GO] = 0
    running.sleep_until(BEGUN + WINDOW + REST / 2)
    is_at_rest = shared.words[ACTIVE] == 0
    recording = tool.finish(running)
    if not is_at_rest:
        raise recorder.ToolError("the program did not come to rest in time")
    return recording, {
        name: tuple(shared.words[place] - before[place] for place in places) for name, places in TRUE.items()
    }


def errors_of(context, shared, tool, pid):
    """(name → by how many per cent the delay is off, waits, records), or None where the tool fails"""
    done = context.attempt(f"delay, {tool.name}", lambda: gated(shared, tool, pid))
    if done is None:
        return None
    recording, truth = done
    found = by_type(recording.stacks["lock"])
    errors = {name: 100 * (found[name] / ns - 1) for name, (ns, _) in truth.items()}
    return errors, sum(waits for _, waits in truth.values()), recording.stats.get("samples")


def words_of(rounds):
    """Of each class the median and its interval, and the deviation of one recording."""
    if not rounds:
        return "–"
    return ", ".join(
        f"{name} {spread(values, '%')}" + (f", σ {number(statistics.stdev(values), 2)} %" if len(values) > 1 else "")
        for name, values in ((name, [errors[name] for errors, *_ in rounds]) for name in TYPES)
    )


def verdict(rounds):
    """Whether the median of each class is within the bar, above and below."""
    values = [[errors[name] for errors, *_ in rounds] for name in TYPES]
    return inference.worst([test(each, bar) for each in values for test, bar in
                            ((inference.at_most, 2), (inference.at_least, -2))])


def delay(context):
    """What threads have waited for a monitor and a ReentrantLock, against the program's own clock"""
    for jdk, hold in HOLDS if not context.quick else HOLDS[-1:]:
        context.attempt(f"delay, JDK {jdk}", lambda jdk=jdk, hold=hold: one(context, jdk, hold))


def one(context, jdk, hold):
    tools = {
        "rtprof": context.rtprof("--lock-threshold", "10us"),
        PEER: lost_work.LockPeer(context.results, context.scratch),
    }
    rounds = {name: [] for name in tools}
    with (
        shared_words(jdk, WORDS) as shared,
        own_programs.java(context, jdk, "Delays", 3600, shared.path, hold) as target,
    ):
        time.sleep(1)
        for tool in tools.values():  # the libraries are loaded once
            tool.start(target.pid(), "lock", 100, 0.3).finish()
        for _ in range(context.repetitions(6 if hold > 1000 else 16, 2)):
            for name, tool in tools.items():
                rounds[name].append(errors_of(context, shared, tool, target.pid()))
    done = {name: [each for each in of if each] for name, of in rounds.items()}
    waits, records = (sum(each[place] for each in done["rtprof"]) for place in (1, 2))
    context.row(
        "delay", f"lock delay, JDK {jdk}, held {hold / 1000:g} ms, n = {waits:,} waits, {records:,} records",
        words_of(done["rtprof"]), {PEER: words_of(done[PEER])}, "within 2 %", verdict(done["rtprof"]), rounds=rounds,
    )
