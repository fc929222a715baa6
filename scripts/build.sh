#!/bin/sh
# Installs what the build needs (Debian packages) and builds build/bin/rtprof.
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2086
install_missing $build_packages
build_preset release -DRTPROF_TESTS=OFF
ls -l build/bin/rtprof
