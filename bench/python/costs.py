"""Measures rtprof on CPython beside py-spy, Austin and Tachyon: what each costs itself and its target.

All of them run in this one run, taking turns. Results of a machine that does something else are not worth much.
"""

import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCH / "harness"), str(BENCH.parent / "tests/runtime"), str(BENCH.parent / "tests/zoo")]

import command_line  # noqa: E402
import context  # noqa: E402
import cpu  # noqa: E402
import held  # noqa: E402
import service  # noqa: E402
import startup  # noqa: E402

GROUPS = {
    "cpu": cpu.cpu_per_sample,
    "cpu-10khz": cpu.cpu_per_sample_fast,
    "hold": held.holds,
    "lost-work": held.lost_work,
    "unthrottled": cpu.unthrottled,
    "signals": service.signals,
    "memory": service.memory,
    "memory-long": service.memory_long,
    "dump": startup.dump,
    "attach": startup.attach,
}

options = command_line.parse(__doc__, GROUPS).parse_args()
sys.exit(command_line.run(options, "python", "Cost, CPython", GROUPS, context.make))
