#!/bin/sh
# Kills rtprof at random instants, on each rung and event, and fails when a thread of the profiled process is left
# traced or stopped. The tests do this a few times, this does it often: some 10 minutes for 200 times.
#
# usage: scripts/soak.sh [TIMES]       200 without; runs as root, after scripts/build.sh
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
. "$(dirname "$0")/common.sh"

times=${1:-200}
scratch=$(mktemp -d)
/usr/bin/python3 tests/workloads/python/heartbeat.py 36000 > "$scratch/target" &
target=$!
trap 'kill "$target"; rm -r "$scratch"' EXIT
until grep -q ready "$scratch/target"; do sleep 0.1; done

for mechanism in kernel pause read; do
  for event in cpu wall; do
    /usr/bin/python3 tests/runtime/targets/kill_often.py "$target" "$times" \
      build/bin/rtprof attach --pid "$target" -e "$event" -r 997 --mechanism "$mechanism" -o "$scratch/p.collapsed"
    beats=$(wc -l < "$scratch/target")
    sleep 1
    [ "$(wc -l < "$scratch/target")" -gt "$beats" ] || { echo "$mechanism, $event: no more beats"; exit 1; }
    echo "$mechanism, $event: $times times killed, the target runs on"
  done
done
