"""Python and C in one stack: whether each C frame is below the Python frame that called it."""

import collections

import inference
import native_calls
import targets


def seams(context):
    """C extensions and libc under known Python lines, attach --native on every version"""
    seconds = 2 if context.quick else 10
    for python in targets.VERSIONS[-1:] if context.quick else targets.VERSIONS:
        with targets.running(context.scratch, python, "native_calls.py") as target:
            recording = context.attempt(
                f"--native on {python}",
                lambda pid=target.pid(): context.rtprof("--native").record(pid, "cpu", 999, seconds),
            )
        if not recording:
            continue
        weights = collections.Counter()
        for stack, weight in recording.stacks["cpu"].items():
            weights[native_calls.is_right(stack)] += weight
        share = 100 * weights[True] / max(1, sum(weights.values()))
        context.row(
            "merge", f"right seams, python {python}", f"{share:.2f} % of {recording.stats['samples']:,} samples", {},
            "≥ 99 %", inference.at_least([share], 99.0), share=share, samples=recording.stats["samples"],
        )
