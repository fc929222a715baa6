"""Measures rtprof on the JVM beside async-profiler, all of it in this one run, the two taking turns.

Results of a machine that does something else are not worth much.
"""

import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [
    str(BENCH / "harness"), str(BENCH / "native"), str(BENCH / "python"), str(BENCH.parent / "tests/runtime"),
    str(BENCH.parent / "tests/zoo"),
]

import beside_async_profiler  # noqa: E402
import clocks  # noqa: E402
import command_line  # noqa: E402
import first_and_last  # noqa: E402
import what_it_notices  # noqa: E402
import whole_stacks  # noqa: E402

GROUPS = {
    "complete": whole_stacks.complete,
    "virtual": whole_stacks.virtual,
    "shares": whole_stacks.shares,
    "slowdown": what_it_notices.slowdown,
    "cpu-sum": clocks.cpu_sum,
    "offcpu-sum": clocks.thread_sums,
    "notices": what_it_notices.notices,
    "first-sample": first_and_last.first_sample,
    "dump": first_and_last.dump,
    "memory": first_and_last.memory,
    "memory-long": first_and_last.memory_long,
}

options = command_line.parse(__doc__, GROUPS).parse_args()
sys.exit(command_line.run(options, "jvm", "The JVM", GROUPS, beside_async_profiler.make))
