"""Reads what the profilers wrote: each its own collapsed stacks, all made into the same form.

A stack is a tuple of frames, root first, a frame is (function, base name of the file, line), or (text, "", 0) for
what is no Python frame. Functions are without their class.
"""

import collections
import os
import re

RTPROF_FRAME = re.compile(r"(?P<function>.*) \((?P<file>[^()]*?)(?::(?P<line>-?\d+))?\)")
COLON_FRAME = re.compile(r"(?P<file>.*?):(?P<function>[^:]*):(?P<line>-?\d+)")


def frame(pattern, text):
    match = pattern.fullmatch(text)
    if not match:
        return (text, "", 0)
    function = match["function"].rpartition(".")[2] or match["function"]
    return (function, os.path.basename(match["file"]), int(match["line"] or 0))


def parse(path, pattern, value=lambda stack, weight: weight):
    counts = collections.Counter()
    known = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            text, _, weight = line.rpartition(" ")
            if text not in known:
                known[text] = tuple(frame(pattern, part) for part in text.split(";"))
            counts[known[text]] += value(known[text], int(weight))
    return counts


def of_rtprof(path):
    """Weights in nanoseconds: the file was written with --total."""
    return parse(path, RTPROF_FRAME)


def of_py_spy(path):
    return parse(path, RTPROF_FRAME)


def of_tachyon(path):
    return parse(path, COLON_FRAME)


def of_austin(path):
    """Samples; its lines are one each, with the microseconds since the one before."""
    return parse(path, COLON_FRAME, lambda stack, weight: 1)


def without_root(stacks, pattern):
    """The same without a root frame that matches: a thread, a process."""
    merged = collections.Counter()
    for stack, weight in stacks.items():
        while stack and not stack[0][1] and re.fullmatch(pattern, stack[0][0]):
            stack = stack[1:]
        merged[stack] += weight
    return merged


def share(stacks, wanted):
    """The share of the weight whose stack `wanted` says is meant."""
    total = sum(stacks.values())
    return sum(weight for stack, weight in stacks.items() if wanted(stack)) / total if total else 0.0


def leaf(*functions):
    return lambda stack: bool(stack) and stack[-1][0] in functions


def below(function):
    return lambda stack: any(frame[0] == function for frame in stack)
