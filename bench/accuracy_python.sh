#!/bin/sh
# Measures whether rtprof's profiles of CPython are right: wrong stacks, samples that are missing, shares and sums of
# time, on workloads of known truth and on every version of the zoo, with py-spy, Austin and Tachyon beside it.
# Prints a table and writes bench/results/accuracy_python.json; bench/report.py puts it into docs/benchmarks.md.
#
# usage: bench/accuracy_python.sh [--rows NAME,…] [--quick] [--json FILE]     (--help lists the rows)
#
# Runs as root, by sudo if need be. Wants scripts/build.sh and tests/zoo/fetch to have been run, and a quiet machine.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
exec /usr/bin/python3 -B "$(dirname "$0")/python/accuracy.py" "$@"
