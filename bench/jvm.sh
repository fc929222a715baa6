#!/bin/sh
# Measures rtprof on the JVM beside async-profiler, all in one run: whether stacks are whole and shares and times right,
# what the target loses and notices, how soon it begins, and what it takes itself.
# Prints a table and writes bench/results/jvm.json; bench/report.py puts it into docs/benchmarks.md.
#
# usage: bench/jvm.sh [--rows NAME,…] [--quick] [--json FILE]     (--help lists the rows)
#
# Runs as root, by sudo if need be. Wants scripts/build.sh and tests/zoo/fetch to have been run, perf, Maven, a C
# compiler and a JDK with jcmd to be installed, and a quiet machine.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
exec /usr/bin/python3 -B "$(dirname "$0")/jvm/figures_of_jvm.py" "$@"
