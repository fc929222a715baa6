#!/bin/sh
# The built program runs on any Linux: static.sh RTPROF VERSION
. "$(dirname "$0")/common.sh"
expect_static_pie "$1"
expect_runs_alone "$1" "$2"
