#!/bin/sh
# The Debian package of a build: metadata, contents, the program in it: deb.sh BUILD_DIRECTORY VERSION
. "$(dirname "$0")/common.sh"
cpack --config "$1/CPackConfig.cmake" -B "$folder/packages" >"$folder/log" || fail "$(cat "$folder/log")"
package=$folder/packages/rtprof_$2-1_amd64.deb

field() {
  dpkg-deb --field "$package" "$1"
}
[ "$(field Package) $(field Version) $(field Architecture)" = "rtprof $2-1 amd64" ] || fail "$(field)"
[ -z "$(field Depends)$(field Pre-Depends)" ] || fail "the package has dependencies: $(field Depends)"

dpkg-deb --extract "$package" "$folder/files"
cd "$folder/files"
dpkg-deb --ctrl-tarfile "$package" | tar -xO ./md5sums | md5sum --check --quiet
doc=usr/share/doc/rtprof
for path in $doc/README.md $doc/changelog.gz $doc/copyright $doc/libraries/libbpf-dev; do
  [ -s "$path" ] || fail "the package lacks /$path"
done

expect_static_pie usr/bin/rtprof
expect_runs_alone usr/bin/rtprof "$2"
! readelf -SW usr/bin/rtprof | grep -F .debug_info || fail "the packaged program is not stripped"
readelf -SW "$folder/packages/rtprof_$2-1.debug" | grep -qF .debug_info || fail "there are no debug symbols apart"
build_id() {
  readelf -nW "$1" | sed -n 's/.*Build ID: //p'
}
[ -n "$(build_id usr/bin/rtprof)" ] || fail "the packaged program has no build id"
[ "$(build_id usr/bin/rtprof)" = "$(build_id "$folder/packages/rtprof_$2-1.debug")" ] ||
  fail "the debug symbols are of another program"
