#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that were built with the release that Documentation/abi describes work with this library,
# or the version says that they do not (Documentation/abi.rst): abidiff compares what the headers
# show, dpkg-gensymbols what the library exports.  What a new release may add passes.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

command -v abidiff >/dev/null || skip_all "no abidiff: apt-get install abigail-tools"
[ "$(uname -m)" = x86_64 ] || skip_all "the description is for x86-64"

headers=lib/include
map=lib/sluice.map
described=Documentation/abi
was=$(cat $described/version)
is=$(sed -n 's/^VERSION := //p' Makefile)
so=$O/lib/libsluice.so.$is
grep -q "^## $was, not released" NEWS.md
released=$?	# 0: not yet

# The structs that begin with their size: a program tells how much of them it knows.
{
	echo '[suppress_type]'
	cat $headers/*.h | awk '
		/^struct sluice_[a-z_]+ \{$/ { name = $2; next }
		name && /^\tsize_t size[; ]/ { names = names "|" name }
		{ name = "" }
		END { print "name_regexp = ^(" substr(names, 2) ")$" }'
	echo 'has_data_member_inserted_at = end'
} >"$tmp/may-grow"

# part N VERSION: the Nth number in it
part() {
	echo "$2" | cut -d. -f"$1"
}

# shown HEADERS MAP: a library that shows all that is in them
shown() {
	lib/abi.sh "$CC" "$1" "$2" "$tmp/shown.so"
}

# fits: the description fits what is shown.  A suppression of growth at the end also hides changes of
# a struct that has not grown, so they are looked for in the full report.
fits() {
	abidiff --no-added-syms --suppressions "$tmp/may-grow" \
		$described/libsluice.abi "$tmp/shown.so" || return
	abidiff --no-added-syms --redundant $described/libsluice.abi "$tmp/shown.so" >"$tmp/report"
	! grep -E 'offset changed|name changed|deletion|from value|subrange' "$tmp/report"
}

# keeps WAS IS RELEASED: the library shown has what programs of WAS need, or is another by its version;
# and if it has more, its version says so
keeps() {
	[ "$(part 1 "$1")" = "$(part 1 "$2")" ] || return 0
	fits || {
		echo "programs of $1 do not work with this: raise the major version, or keep what they need"
		return 1
	}
	[ "$3" -ne 0 ] && [ "$(part 2 "$1")" = "$(part 2 "$2")" ] || return 0
	abidiff $described/libsluice.abi "$tmp/shown.so" || {
		echo "$1 is released and did not have this: raise the minor version"
		return 1
	}
}

# exports LIBRARY: all symbols of the release
exports() {
	# Symbols of a version are missed only in later ones.
	dpkg-gensymbols -q -plibsluice -v"$was+" -e"$1" -I$described/libsluice.symbols \
		-O/dev/null -c1
}

# without SYMBOL: libsluice.so without it
without() {
	sed "/^	$1;/d" $map >"$tmp/less.map"
	# shellcheck disable=SC2046 # flags, one a word
	mkdir -p "$tmp/less" && $CC -shared -Wl,-soname,"libsluice.so.$(part 1 "$is")" \
		-Wl,--version-script="$tmp/less.map" -o "$tmp/less/libsluice.so" \
		-Wl,--whole-archive "$O/lib/libsluice.a" -Wl,--no-whole-archive \
		$(pkg-config --libs liburing 2>/dev/null || echo -luring)
}

# planted SCRIPT [MAP-SCRIPT]: headers, and a map, that are edited, are shown
planted() {
	rm -rf "$tmp/headers" && cp -r $headers "$tmp/headers" && sed -i "$1" "$tmp"/headers/*.h &&
		sed "${2:-;}" $map >"$tmp/map" || return
	cmp -s "$headers/sluice.h" "$tmp/headers/sluice.h" && return 1
	shown "$tmp/headers" "$tmp/map"
}

# breaks NAME SCRIPT [MAP-SCRIPT]: this is seen, and a new major version allows it
breaks() {
	check "headers $1 can be read" planted "$2" "$3"
	refuse "$1: is seen" keeps "$was" "$was" 0
	check "$1: a new major version may" keeps "$was" "$(($(part 1 "$was") + 1)).0.0" 1
}

# adds NAME SCRIPT [MAP-SCRIPT]: this passes, but needs a new minor version if there was a release
adds() {
	check "headers with $1 can be read" planted "$2" "$3"
	check "$1: passes before a release" keeps "$was" "$was" 0
	refuse "$1: is seen after a release" keeps "$was" "$was" 1
	check "$1: a new minor version may" keeps "$was" \
		"$(part 1 "$was").$(($(part 2 "$was") + 1)).0" 1
}

check "the headers can be read" shown $headers $map
check "programs of $was work with $is" keeps "$was" "$is" $released
check "the library exports what $was had" exports "$so"
check "sluice.h has the version of the Makefile" grep -q \
	"^#define SLUICE_VERSION_MINOR	$(part 2 "$is")\$" $headers/sluice.h
readelf -d "$so" | grep -q "soname: \[libsluice.so.$(part 1 "$is")\]"
result $? "the soname has the major version"

check "a library without a function can be linked" without sluice_version
refuse "a function that is not exported is seen" exports "$tmp/less/libsluice.so"

breaks "without a function" '/sluice_version(void);/d' '/sluice_version;/d'
breaks "with another argument" 's/^\(int64_t sluice_deadline(\)int64_t/\1int32_t/'
breaks "with a contract that has grown" 's/^	struct sluice_type response_header;/&\n	uint64_t more;/'
breaks "with a member that has moved" 's/^	int32_t pid;/	int64_t pid;/'
breaks "with a member of another type" '/^struct sluice_memory {/,/^}/s/^	uint64_t growths;/	int64_t growths;/'
breaks "without a member at the end" '/^struct sluice_memory {/,/^}/{/^	uint64_t retired;/d}'
breaks "with another value of an enum" 's/SLUICE_STATIC = 2,/SLUICE_STATIC = 3,/'
breaks "with another flag" 's/\(SLUICE_PORT_LOCK	UINT32_C\)(2)/\1(8)/'
breaks "with options that begin otherwise" 's/^	uint32_t max_clients SLUICE_ZERO_;/	uint32_t more SLUICE_ZERO_;\n&/'
adds "a function" 's/^const char \*sluice_version(void);/&\nint sluice_planted(int i);/' \
	's/^	sluice_version;/&\n	sluice_planted;/'
adds "an option at the end" 's/^	uint64_t peer_memory_limit SLUICE_ZERO_;/&\n	uint64_t more SLUICE_ZERO_;/'
adds "a flag" 's/^#define SLUICE_PORT_LOCK	UINT32_C(2)/&\n#define SLUICE_PORT_MORE	UINT32_C(8)/'
finish
