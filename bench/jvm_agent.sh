#!/bin/sh
# Measures rtprof's agent in the JVM beside async-profiler, all in one run: what the target loses, whether what was
# allocated adds up, and what is left after thousands of attachments and kills.
# Prints a table and writes bench/results/jvm_agent.json; bench/report.py puts it into docs/benchmarks.md.
#
# usage: bench/jvm_agent.sh [--rows NAME,…] [--quick] [--json FILE]     (--help lists the rows)
#
# Runs as root, by sudo if need be. Wants scripts/build.sh and tests/zoo/fetch to have been run, Maven and a C compiler
# to be installed, and a quiet machine.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
exec /usr/bin/python3 -B "$(dirname "$0")/jvm/figures_of_jvm_agent.py" "$@"
