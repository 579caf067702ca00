#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lto.sh COMPILER OBJCOPY: prints the flags with which this compiler links objects of -flto
# into one object of ordinary code.  Prints nothing if it cannot, because it is too old or
# its linker has no plugin for it.  Fails if it does not compile at all.

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

echo 'int lto_inner(int i); int lto_inner(int i) { return i * 3; }' >"$tmp/inner.c"
echo 'int lto_inner(int i); int lto_outer(int i); int lto_outer(int i) { return lto_inner(i); }' \
	>"$tmp/outer.c"

# links FLAG...: with these flags
links() {
	rm -f "$tmp/whole.o"
	$compiler -O2 -fPIC "$@" -r -nostdlib -o "$tmp/whole.o" "$tmp/inner.o" "$tmp/outer.o" &&
		$objcopy --localize-hidden "$tmp/whole.o" &&
		! grep -q '\.gnu\.lto_' "$tmp/whole.o" && grep -q lto_outer "$tmp/whole.o"
}

compiler=$1 objcopy=$2
{
	for file in inner outer; do
		$compiler -O2 -fPIC -c -o "$tmp/$file.o" "$tmp/$file.c" || exit
		$compiler -O2 -fPIC -flto -c -o "$tmp/$file.o" "$tmp/$file.c" || exit 0
	done
	for flags in '-flto -flto-partition=one -flinker-output=nolto-rel' -flto '-flto -fuse-ld=lld'; do
		# shellcheck disable=SC2086 # flags, one a word
		if links $flags; then
			echo "$flags" >&3
			break
		fi
	done
} 3>&1 >/dev/null 2>&1
