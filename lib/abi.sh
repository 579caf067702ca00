#!/bin/sh
# SPDX-License-Identifier: MIT
#
# abi.sh CC HEADERS MAP LIBRARY - a library that shows what programs compile in of ours
#
# It has a variable for each function that MAP names, and for each struct, enum and constant in the
# headers of the folder HEADERS.  Its debug information has all that a program knows of libsluice,
# and nothing that is private.  So abidw describes it, and abidiff compares it with a description.
# Names that end with "_" are not for programs.

cc=$1 headers=$2 map=$3 library=$4
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

{
	for header in "$headers"/*.h; do
		echo "#include <${header##*/}>"
	done
	sed -n 's/^\t\(sluice_[a-z0-9_]*\);$/__typeof__(\1) *const function_\1 = \1;/p' "$map"
	sed -n 's/^\(struct\|enum\) \(sluice_[a-z0-9_]*[a-z0-9]\) {$/\1 \2 *\1_\2;/p' "$headers"/*.h
	sed -n 's/^typedef .*(\*\(sluice_[a-z0-9_]*\))(.*/\1 typedef_\1;/p' "$headers"/*.h
	sed -n 's/^#define \(SLUICE_[A-Z0-9_]*[A-Z0-9]\)[\t ]\{1,\}\(UINT\|((int\|[0-9]\).*/\1/p' "$headers"/*.h |
		grep -v '^SLUICE_VERSION_' |
		sed 's/.*/enum constant_& { value_of_& = & } constant_&;/'
} >"$tmp/shown.c"

$cc -std=gnu11 -g -O0 -fPIC -shared -fvisibility=default -w -I"$headers" -o "$library" "$tmp/shown.c"
