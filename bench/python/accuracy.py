"""Measures whether rtprof's profiles of CPython are right, on workloads of known truth, with peers beside it."""

import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCH / "harness"), str(BENCH.parent / "tests/runtime"), str(BENCH.parent / "tests/zoo")]

import command_line  # noqa: E402
import context  # noqa: E402
import correctness  # noqa: E402

GROUPS = {
    "wrong": correctness.wrong_stacks,
    "true-stacks": correctness.true_stacks,
    "delivered": correctness.delivered,
    "shares": correctness.known_shares,
    "weights": correctness.weights,
}

options = command_line.parse(__doc__, GROUPS).parse_args()
sys.exit(command_line.run(options, "accuracy_python", "Accuracy, CPython", GROUPS, context.make))
