#!/bin/sh
# Measures rtprof on native code beside perf, all in one run: what it costs itself and its target, and whether its
# profiles and its reasons for waiting are right.
# Prints a table and writes bench/results/native.json; bench/report.py puts it into docs/benchmarks.md.
#
# usage: bench/native.sh [--rows NAME,…] [--quick] [--json FILE]     (--help lists the rows)
#
# Runs as root, by sudo if need be. Wants scripts/build.sh to have been run, perf and a C++ compiler to be installed,
# and a quiet machine. The row that needs libunwind is there where the tests were built, the one that needs Pythons
# where tests/zoo/fetch was run.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
exec /usr/bin/python3 -B "$(dirname "$0")/native/figures_of_native.py" "$@"
