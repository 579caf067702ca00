#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The public headers, the version script, the shared and the static library agree on what
# the public functions are; a name too many or too few in any of them is seen.
# README.md names the glibc that the library and the command need.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

headers=lib/include
map=lib/sluice.map
so=$O/lib/libsluice.so
archive=$O/lib/libsluice.a

# A function's name stands before a parenthesis, once macros are expanded.  Names of
# inline functions end with "_".
declared() {
	for header in "$1"/*.h; do
		$CC -E -P -I"$1" -x c "$header"
	done | tr '\n' ' ' | tr '{};' '\n\n\n' |
		grep -o '\bsluice_[a-z0-9_]* *(' | tr -d ' (' |
		grep -v '_$' | sort -u
}

mapped() {
	sed -n 's/^\t\(sluice_[a-z0-9_]*\);$/\1/p' "$1" | sort
}

# The names of the versions themselves are absolute symbols.
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
		sort
}

visible() {
	nm -g --defined-only -P "$1" | awk 'NF > 1 { print $1 }' | sort
}

# same AS LIST OF, for example: same mapped lib/sluice.map declared lib/include
same() {
	"$1" "$2" >"$tmp/wanted"
	"$3" "$4" >"$tmp/found"
	test -s "$tmp/wanted" && diff -u "$tmp/wanted" "$tmp/found"
}

plant() {
	echo "void $1(void); __attribute__((visibility(\"default\"))) void $1(void) {}" |
		$CC -x c -fPIC "$2" -o "$3" -
}

check "the headers declare what the map names" same mapped $map declared $headers
check "libsluice.so exports it" same mapped $map exported "$so"
check "libsluice.a shows it, and nothing else" same mapped $map visible "$archive"

# planted HEADER SCRIPT: a copy of the headers, one of them edited
planted() {
	rm -rf "$tmp/headers" && cp -r $headers "$tmp/headers" &&
		sed "$2" "$headers/$1" >"$tmp/headers/$1"
}
planted sluice.h '/sluice_version(void);/d'
refuse "a function missing in sluice.h is seen" same mapped $map declared "$tmp/headers"
planted sluice_config.h '/^void sluice_config_free(/d'
refuse "a function missing in sluice_config.h is seen" \
	same mapped $map declared "$tmp/headers"
planted sluice.h 's/^const char \*sluice_version(void);/&\nint sluice_planted(int i);/'
refuse "a function missing in the map is seen" same mapped $map declared "$tmp/headers"

sed '/sluice_version;/d' $map >"$tmp/less.map"
refuse "a symbol too many in libsluice.so is seen" \
	same mapped "$tmp/less.map" exported "$so"
plant sluice_planted -shared "$tmp/libplanted.so"
refuse "symbols missing in libsluice.so are seen" \
	same mapped $map exported "$tmp/libplanted.so"

plant ring_planted -c "$tmp/planted.o"
cp "$archive" "$tmp/planted.a" && ar r "$tmp/planted.a" "$tmp/planted.o"
refuse "an internal name in libsluice.a is seen" \
	same mapped $map visible "$tmp/planted.a"

# runs_with GLIBC FILE: it asks for nothing of a later glibc
runs_with() {
	newest=$(objdump -T "$2" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
	echo "$2 needs $newest"
	[ -n "$newest" ] && printf '%s\n' "$newest" "GLIBC_$1" | sort -CV
}
library=$(sed -n 's/^\* glibc \([0-9.]*\) for the library.*/\1/p' README.md)
command=$(sed -n 's/^\* glibc .* \([0-9.]*\) for the command\.$/\1/p' README.md)
check "the library needs glibc $library" runs_with "$library" "$so"
check "the command needs glibc $command" runs_with "$command" "$O/tools/sluice"
refuse "a library that needs more is seen" runs_with 2.17 "$so"

finish
