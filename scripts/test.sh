#!/bin/sh
# Installs what is missing, builds, fetches the test zoo and runs the tests through ctest.
#
# usage: scripts/test.sh          everything: style, unit tests (also with sanitizers), runtime tests, fuzzing
#        scripts/test.sh quick    only the tests labelled quick
#        scripts/test.sh -R REGEX and any other option of ctest, for the tests of the release build
#
# Runs as root, by sudo if need be: tests attach to processes of other users and in containers. A test that is
# skipped counts as failed.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
. "$(dirname "$0")/common.sh"

failed=
all_results=
# run_ctest DIRECTORY [OPTION...]: all that the build tree DIRECTORY declares
run_ctest() {
  tree=$1
  shift
  results=$PWD/$tree/test-results.xml
  all_results="$all_results $tree/test-results.xml"
  ctest --test-dir "$tree" -j "$(nproc)" --output-on-failure --no-tests=error --output-junit "$results" "$@" ||
    failed="$failed $tree"
  if grep -Eq '<skipped|status="(notrun|disabled)"' "$results"; then
    echo "a test of $tree was skipped, which counts as failed"
    failed="$failed $tree"
  fi
}

# shellcheck disable=SC2086
install_missing $build_packages $test_packages
build_preset release -DRTPROF_TESTS=ON
tests/zoo/fetch

case "${1:-}" in
  quick | full) run_ctest build -L "$1" ;;
  -*) run_ctest build "$@" ;;
  "")
    run_ctest build
    build_preset asan
    run_ctest out/asan
    build_preset fuzz
    run_ctest out/fuzz
    ;;
  *)
    echo "test.sh: neither a label nor an option of ctest: $1" >&2
    exit 2
    ;;
esac
[ -z "$failed" ] && exit 0
# Again, behind all output of the later builds and tests.
# shellcheck disable=SC2086
scripts/list_failures.py $all_results
echo "failed:$failed"
exit 1
