"""What rtprof and async-profiler say of Java stacks: which are whole, and what is in them.

A stack is a tuple of frames' texts, root first; the first is the thread's name.
"""

import collections
import re

import folded

MARK = re.compile(r"\[(truncated|unknown: .*)\]")  # rtprof's, as root
# async-profiler's frames of errors: where its walker of stacks has given up, or AsyncGetCallTrace. A native frame
# without a name, which is `[unknown]`, is none.
ERROR = re.compile(
    r"\[(break_\w+|unknown_(Java|not_Java|nmethod|state)|not_walkable_(not_)?Java|no_Java_frame|GC_active|"
    r"deoptimization|skipped|unexpected_state|thread_exit|truncated|storage_overflow)\]"
)
JAVA = re.compile(r"_\[[01ij]\]$")  # async-profiler's mark of a Java method, by `ann`
# Where Java threads begin: main(), run() of a thread's class, HotSpot's calls of its own.
BEGIN = re.compile(r".*\.(main|run|runWith|enter|exit|uncaughtException|dispatchUncaughtException)")
COMPLETE, NO_JAVA, NO_BEGIN = "complete", "no Java frame", "does not begin where threads do"


def of_async_profiler(path):
    """Collapsed stacks; a thread is `[NAME tid=N]` there."""
    counts = collections.Counter()
    for (thread, *frames), weight in folded.of_rtprof(path).items():
        counts[(thread.strip("[]"), *frames)] += weight
    return counts


def plain(frame):
    return JAVA.sub("", frame)


def end_of_rtprof(stack):
    """How a stack of rtprof's ends, at its root: COMPLETE, NO_JAVA, or why it is not complete."""
    if len(stack) < 2 or stack[1] == "[native]":
        return NO_JAVA
    mark = MARK.fullmatch(stack[1])
    if mark:
        return mark[1]
    return COMPLETE if BEGIN.fullmatch(stack[1]) else NO_BEGIN


def end_of_async_profiler(stack):
    for frame in stack[1:]:
        error = ERROR.fullmatch(frame)
        if error:
            return error[1]
    java = [frame for frame in stack[1:] if JAVA.search(frame)]
    if not java:
        return NO_JAVA
    return COMPLETE if BEGIN.fullmatch(plain(java[0])) else NO_BEGIN


def ends_of_java_threads(stacks, end_of):
    """End → weight, of the threads in which there is Java code at all."""
    threads = collections.defaultdict(collections.Counter)
    for stack, weight in stacks.items():
        threads[stack[0]][end_of(stack)] += weight
    kinds = collections.Counter()
    for ends in threads.values():
        if set(ends) != {NO_JAVA}:
            kinds.update(ends)
    return kinds


def incomplete(kinds):
    """Share of complete stacks of those with Java frames, %, and what is missing in words."""
    total = sum(weight for kind, weight in kinds.items() if kind != NO_JAVA)
    if not total:
        return None, "no stacks"
    rest = [(kind, 100 * weight / total) for kind, weight in kinds.most_common() if kind not in (COMPLETE, NO_JAVA)]
    words = ", ".join(f"{kind} {share:.2f} %" for kind, share in rest)
    return 100 * kinds[COMPLETE] / total, words


def share_with(stacks, name):
    """Percentage of the weight in stacks through a method."""
    total = sum(stacks.values())
    found = sum(weight for stack, weight in stacks.items() if any(plain(frame) == name for frame in stack))
    return 100 * found / total if total else None


def of_threads(stacks, name):
    """The stacks of threads whose name matches."""
    return collections.Counter({
        stack: weight for stack, weight in stacks.items() if re.match(name, stack[0])
    })
