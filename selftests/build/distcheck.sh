#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# distcheck.sh TAR-BALL KSELFTEST [TEST...] - is the tar ball all that is needed?
#
# It is unpacked in two places that are no repository, and built in each, with the flags that
# Debian builds its packages with: hardening of every kind, and link-time optimization.  Both
# builds install the same files, byte for byte.  The first one passes a few tests, and what it
# has installed is gone after make uninstall.

tar_ball=$(realpath "$1") && harness=$(realpath -m "$2") || exit 1
shift 2
tests=${*:-ring layout rule_sending call types kerneldoc layers}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$tmp"

# These are the builds of somebody else.
unset MAKEFLAGS MFLAGS MAKELEVEL O CC CXX SANITIZE LTO
export DEB_BUILD_MAINT_OPTIONS='hardening=+all optimize=+lto reproducible=+all'

say() {
	echo "distcheck: $*"
}

fail() {
	say "$*"
	exit 1
}

# flags: those of the distribution, for the folder that this is
flags() {
	if command -v dpkg-buildflags >/dev/null; then
		dpkg-buildflags --export=sh
	else
		echo "export CFLAGS='-O2 -g -fstack-protector-strong -flto -ffat-lto-objects'" \
			"CPPFLAGS=-D_FORTIFY_SOURCE=2 LDFLAGS='-flto -Wl,-z,relro -Wl,-z,now'"
	fi
}

# build FOLDER MAKE-ARGUMENT...: and install, into FOLDER.stage
build() {
	folder=$1
	shift
	mkdir -p "$folder"
	tar -xf "$tar_ball" -C "$folder" --strip-components=1 || return
	(
		cd "$folder" || exit
		eval "$(flags)"
		make -s "-j$(nproc)" all "$@" && make -s install "$@" DESTDIR="$folder.stage"
	)
}

# Names, modes, links and contents of all files.
content() {
	(
		cd "$1" || exit
		find . ! -type d -printf '%p %y %m %l\n' | sort
		find . -type f | sort | xargs sha256sum
	)
}

say "build"
build "$tmp/one" || fail "it does not build"
say "build once more, in another folder"
build "$tmp/another/place" || fail "it does not build there"
content "$tmp/one.stage" >"$tmp/one.content"
content "$tmp/another/place.stage" >"$tmp/another.content"
[ "$(wc -l <"$tmp/one.content")" -gt 20 ] || fail "it installs nothing"
diff "$tmp/one.content" "$tmp/another.content" || fail "two builds differ"

cd "$tmp/one" || exit 1
readelf -dW "$tmp"/one.stage/usr/local/lib/libsluice.so | grep -q BIND_NOW ||
	fail "LDFLAGS did not reach the library"
nm -D "$tmp"/one.stage/usr/local/lib/libsluice.so | grep -q __stack_chk_fail ||
	fail "CFLAGS did not reach the library"

say "uninstall"
make -s uninstall DESTDIR="$tmp/one.stage" || fail "make uninstall fails"
left=$(find "$tmp/one.stage" ! -type d)
[ -z "$left" ] || fail "make uninstall leaves $left"

say "test"
[ -e "$harness/kselftest_harness.h" ] || harness=
make -s "-j$(nproc)" check DEPS=no TESTS="$tests" ${harness:+KSELFTEST="$harness"} \
	${PROVEFLAGS:+PROVEFLAGS="$PROVEFLAGS"} || fail "a test fails"
say "$(basename "$tar_ball") builds, installs and passes"
