#!/bin/sh
# Measures what rtprof costs on CPython, itself and its target, beside py-spy, Austin and Tachyon, all in one run.
# Prints a table and writes bench/results/python.json; bench/report.py puts it into docs/benchmarks.md.
#
# usage: bench/python.sh [--rows NAME,…] [--quick] [--json FILE]     (--help lists the rows)
#
# Runs as root, by sudo if need be. Wants scripts/build.sh and tests/zoo/fetch to have been run, and a quiet machine.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
exec /usr/bin/python3 -B "$(dirname "$0")/python/costs.py" "$@"
