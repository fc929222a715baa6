"""Measures rtprof on native code beside perf, all of it in this one run, the two taking turns.

Results of a machine that does something else are not worth much.
"""

import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [
    str(BENCH / "harness"), str(BENCH / "python"), str(BENCH.parent / "tests/runtime"),
    str(BENCH.parent / "tests/runtime/checks"), str(BENCH.parent / "tests/zoo"),
]

import beside_perf  # noqa: E402
import command_line  # noqa: E402
import harm  # noqa: E402
import merged  # noqa: E402
import own_cpu  # noqa: E402
import sampled  # noqa: E402
import unwound  # noqa: E402
import waited  # noqa: E402

GROUPS = {
    "delivered": sampled.delivered,
    "weights": sampled.weights,
    "slowdown": harm.slowdown,
    "cpu": own_cpu.cpu,
    "complete": unwound.complete,
    "offcpu-sum": waited.sums,
    "reason": waited.reasons,
    "switches": harm.switches,
    "merge": merged.seams,
    "unwinder": unwound.beside_libunwind,
}

options = command_line.parse(__doc__, GROUPS).parse_args()
sys.exit(command_line.run(options, "native", "Native code", GROUPS, beside_perf.make))
