"""Reads what rtprof and perf say of native code, and compares their self weights.

A stack is a tuple of frames' texts, root first, as rtprof writes them.
"""

import collections
import math
import re

REPORT_LINE = re.compile(r"\s*(?P<samples>\d+)\s*\|(?P<dso>[^|]*)\|\[(?P<kind>.)\] (?P<name>.*)")
MARK = re.compile(r"\[(truncated|unknown: .*)\]")


def of_rtprof(path):
    """Collapsed stacks, as others write them, too."""
    counts = collections.Counter()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            text, _, weight = line.rstrip("\n").rpartition(" ")
            if text:
                counts[tuple(text.split(";"))] += int(weight)
    return counts


def self_weights(stacks):
    """Function → its weight as leaf."""
    weights = collections.Counter()
    for stack, weight in stacks.items():
        weights[stack[-1]] += weight
    return weights


def of_perf_report(text):
    """The same of `perf report --stdio -F sample,dso,sym -t '|'`, in rtprof's words: samples."""
    weights = collections.Counter()
    for line in text.splitlines():
        match = REPORT_LINE.fullmatch(line.rstrip())
        if match:
            weights[frame_of_perf(match["name"].strip(), match["dso"].strip(), match["kind"])] += int(match["samples"])
    return weights


def frame_of_perf(name, dso, kind):
    if kind == "k":
        return f"{name}_[k]"
    # A linkage entry whose relocation has no symbol is "@plt" to perf: no name, as a bare address is none.
    nameless = name.startswith("0x") or name == "@plt"
    return f"[{dso.strip('[]')}]" if nameless else name


def likeness(first, second):
    """1 − ½Σ|p−q| of two weights by name."""
    sums = sum(first.values()), sum(second.values())
    apart = sum(abs(first[name] / sums[0] - second[name] / sums[1]) for name in {*first, *second})
    return 1 - apart / 2


def expected_unlikeness(weights, *samples):
    """½Σ|p−q| of two tools that sample the same independently, on average; normal deviates of the shares."""
    total = sum(weights.values())
    parts = sum(1 / count for count in samples)
    shares = [weight / total for weight in weights.values()]
    return sum(math.sqrt(2 / math.pi * share * (1 - share) * parts) for share in shares) / 2


def unmatched(first, second, least):
    """The names that have `least` in one and nothing in the other."""
    return sorted(
        {name for name, weight in first.items() if weight >= least and not second[name]}
        | {name for name, weight in second.items() if weight >= least and not first[name]}
    )


def ends(stacks):
    """How much weight is complete, truncated, and ends elsewhere; and roots → weight. Stacks without process roots."""
    kinds, roots = collections.Counter(), collections.Counter()
    for stack, weight in stacks.items():
        match = MARK.fullmatch(stack[0])
        kinds["complete" if not match else "truncated" if match[1] == "truncated" else match[1]] += weight
        roots[stack[0]] += weight
    return kinds, roots
