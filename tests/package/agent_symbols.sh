#!/bin/sh
# Whether an agent's library can be loaded by any libc: it wants nothing newer than glibc 2.17, and of libc only; shows
# nothing but its entry point; and is small.
#
# usage: agent_symbols.sh LIBRARY ENTRY
set -eu
problems=
newer=$(nm -D --undefined-only "$1" | sed -n 's/.*@GLIBC_//p' | awk -F. '$1 > 2 || $2 > 17' | sort -u)
[ -z "$newer" ] || problems="$problems wants glibc $newer;"
needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || problems="$problems needs $needed;"
shown=$(nm -D --defined-only "$1" | awk '{ print $3 }')
[ "$shown" = "$2" ] || problems="$problems shows $shown;"
size=$(stat -c %s "$1")
[ "$size" -le 500000 ] || problems="$problems has $size bytes;"
[ -z "$problems" ] || { echo "$1:$problems"; exit 1; }
