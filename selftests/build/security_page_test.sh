#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/security.rst and reliability.rst name a test for each promise.  Each of them is
# there: a program or a script, and in a program a test of that name.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

# names PAGE: the right column of its tables, in lines: PROGRAM, or PROGRAM: NAME, NAME;
# PROGRAM ...  A line that does not begin with a program goes on with the one before.
names() {
	awk '
		/^=+( +=+)+ *$/ { rule = $0; at = match(rule, /=+ *$/); inside = 1; next }
		/^$/ { inside = 0 }
		inside && length($0) >= at { print substr($0, at) }
	' "Documentation/$1" | tr -s ' ' '\n' | awk '
		/_test[:;,]?$/ {
			program = $0; more = sub(/:$/, "", program); sub(/[;,]$/, "", program)
			print program
			next
		}
		more && /^[a-z][a-z0-9_]*[;,]?$/ {
			more = sub(/,$/, ""); sub(/;$/, "")
			print program, $0
		}
	' | sort -u
}

for page in security.rst reliability.rst; do
	names $page >"$tmp/names"
	[ "$(wc -l <"$tmp/names")" -gt 30 ]
	result $? "$page names tests"

	while read -r program name; do
		file=$(find selftests -path "*/$program.c" -o -path "*/$program.sh")
		echo "$program is in: $file" >"$tmp/output"
		# shellcheck disable=SC2086 # a program and the script that runs it
		[ -n "$file" ] && { [ -z "$name" ] || grep -q "[( ]${name}[,)]" $file; }
		result $? "$program${name:+: $name}"
	done <"$tmp/names"
done

finish
