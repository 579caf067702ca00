#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/security.rst names a test for each promise.  Each of them is there: a
# program or a script, and in a program a test of that name.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/tap.sh
. selftests/tap.sh

# The right column of the tables, in lines: PROGRAM, or PROGRAM: NAME, NAME; PROGRAM ...
# A line that does not begin with a program goes on with the one before.
awk '
	/^=+( +=+)+ *$/ { rule = $0; at = match(rule, /=+ *$/); inside = 1; next }
	/^$/ { inside = 0 }
	inside && length($0) >= at { print substr($0, at) }
' Documentation/security.rst | tr '\n;,' '   ' | tr -s ' ' '\n' | awk '
	/_test:?$/ { program = $0; sub(/:$/, "", program); print program; next }
	/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/ && program { print program, $0 }
' | sort -u >"$tmp/names"

[ "$(wc -l <"$tmp/names")" -gt 30 ]
result $? "the page names tests"

while read -r program name; do
	file=selftests/$program
	echo "$file.c and $file.sh" >"$tmp/output"
	{ [ -e "$file.c" ] || [ -e "$file.sh" ]; } &&
		{ [ -z "$name" ] || grep -q "[( ]${name}[,)]" "$file.c"; }
	result $? "$program${name:+: $name}"
done <"$tmp/names"

finish
