# What the tests of this folder share; to be sourced. $folder is a folder that ends with the test.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "$1" >&2
  exit 1
}

# Fails unless FILE is a static-pie: position independent, and in need of no loader and no library.
expect_static_pie() {
  readelf -hW "$1" | grep -Eq '^ *Type: *DYN' || fail "$1 is not position independent"
  readelf -lW "$1" | grep -Eq '^ *(INTERP|LOAD)' || fail "readelf cannot read the segments of $1"
  ! readelf -lW "$1" | grep -Eq '^ *INTERP' || fail "$1 wants a loader"
  ! readelf -dW "$1" | grep -F '(NEEDED)' || fail "$1 wants a library"
}

# Fails unless FILE runs as version VERSION in a root directory that holds nothing else. Needs root.
expect_runs_alone() {
  mkdir "$folder/root"
  cp "$1" "$folder/root/rtprof"
  printed=$(chroot "$folder/root" /rtprof --version) || fail "$1 does not run in an empty root"
  [ "$printed" = "rtprof $2" ] || fail "$1 --version printed '$printed' in an empty root"
  chroot "$folder/root" /rtprof --help >/dev/null || fail "$1 --help does not run in an empty root"
}
