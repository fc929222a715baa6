"""Measures rtprof's agent in the JVM beside async-profiler, all of it in this one run, the two taking turns.

Results of a machine that does something else are not worth much.
"""

import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [
    str(BENCH / "harness"), str(BENCH / "native"), str(BENCH / "python"), str(BENCH.parent / "tests/runtime"),
    str(BENCH.parent / "tests/zoo"),
]

import allocated  # noqa: E402
import beside_async_profiler  # noqa: E402
import command_line  # noqa: E402
import delays  # noqa: E402
import kept  # noqa: E402
import left_behind  # noqa: E402
import lost_work  # noqa: E402
import stalls  # noqa: E402

GROUPS = {
    "slowdown": allocated.slowdown,
    "cpu": lost_work.cpu,
    "wall": lost_work.wall,
    "lock": lost_work.lock,
    "truth": allocated.truth,
    "live": kept.live,
    "delay": delays.delay,
    "first-sample": stalls.first_sample,
    "size": left_behind.size,
    "cycles": left_behind.cycles,
    "killed": left_behind.killed,
}

options = command_line.parse(__doc__, GROUPS).parse_args()
sys.exit(command_line.run(options, "jvm_agent", "The JVM's agent", GROUPS, beside_async_profiler.make))
