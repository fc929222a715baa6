#!/bin/sh
# Builds rtprof, starts a real gunicorn service under load on this machine, and profiles its workers while they
# serve: leaves demo.html, a flame graph page, and prints the hottest functions.
#
# Runs as root, by sudo if need be: the best way to sample, in the kernel, wants it.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
. "$(dirname "$0")/common.sh"
seconds=10

# shellcheck disable=SC2086
install_missing $build_packages $demo_packages
build_preset release -DRTPROF_TESTS=OFF

venv=$PWD/out/demo/venv
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/zoo/requirements.txt
  touch "$venv/complete"
fi

work=$(mktemp -d)
service=
load=
clean_up() {
  for pid in $load $service; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

echo "starting gunicorn with two workers"
"$venv/bin/gunicorn" --chdir tests/workloads/python --workers 2 --bind 127.0.0.1:0 flask_app:app 2>"$work/log" &
service=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's|.*Listening at: http://127.0.0.1:\([0-9]*\).*|\1|p' "$work/log")
  [ -z "$port" ] || [ "$(grep -c Booting "$work/log")" -lt 2 ] || break
  sleep 0.1
done
[ -n "$port" ] || { cat "$work/log" >&2; exit 1; }
tests/workloads/load.py "$port" $((2 * seconds)) 4 >"$work/load" &
load=$!

build/bin/rtprof attach --pid "$service" --subprocesses -r 499 -d $seconds -o demo.html
echo
echo "the hottest functions of three more seconds:"
build/bin/rtprof attach --pid "$service" --subprocesses -r 499 -d 3 --no-lines -f text -q -o - | head -n 20
wait "$load"
load=
echo
cat "$work/load"
echo "the flame graph is $PWD/demo.html"
