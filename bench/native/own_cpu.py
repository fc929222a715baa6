"""What a profile with call-frame information takes in all: rtprof, beside perf record and perf script."""

import beside_perf
import compiled
import inference
import started
from figures import number, ratios, spread

SECONDS = 3


def programs(context):
    """What is recorded: name → a context, and whether it has to be by way of the whole machine."""
    words = compiled.SOURCES.parent.parent / "tests/oracle/words.py"
    perl = "while (1) { my %h = map { (\"k$_\", $_) } 1..2000; s/1(\\d+)/$1/ for sort keys %h }"
    # rtprof takes a Python process for Python, but not where it records the machine as native code.
    return {
        "C++": (context.program("cpp_load", 1), False),
        "perl": (started.started(context.scratch, f"sh echo ready; exec perl -e '{perl}'"), False),
        "python3": (started.started(context.scratch, f"sh echo ready; exec /usr/bin/python3 {words}"), True),
    }


def cpu(context):
    """rtprof's CPU time from start to result with DWARF unwinding at 999 Hz, beside perf record and perf script"""
    for name, (program, is_whole) in programs(context).items():
        own, peer = [], []
        with program as target:
            pid = None if is_whole else target.pid()
            rtprof = context.rtprof("--unwind", "dwarf")
            perf = context.perf("--call-graph", f"dwarf,{beside_perf.STACK_BYTES}")
            for _ in range(context.repetitions(6)):
                own.append(rtprof.record(pid, "cpu", 999, SECONDS).cpu_s)
                recorded = perf.record(pid, "cpu", 999, SECONDS).cpu_s
                script = beside_perf.perf_says(context, "script", "--no-inline", "-i", perf.data)
                peer.append(recorded + script.cpu_s)
        ratio = ratios(own, peer)
        context.row(
            "cpu", f"CPU time for {SECONDS} s at 999 Hz, dwarf, {name}{', whole machine' if is_whole else ''}",
            spread(own, "s"), {"perf record + script": spread(peer, "s")},
            f"≤ 1/3: is 1/{number(1 / inference.median(ratio))}", inference.at_most(ratio, 1 / 3), own=own, peer=peer,
        )
