#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/protocol.rst numbers its rules.  No two have the same number, and each rule
# that the page or a test refers to is there.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

page=Documentation/protocol.rst

# rules PAGE: the number of each rule; the first column of their tables is two wide
rules() {
	awk '
		/^=+( +=+)+ *$/	{ of_rules = /^==  =+$/; next }
		/^$/		{ of_rules = 0 }
		of_rules && /^[0-9]+ +[^ ]/ { print $1 }' "$1"
}

# numbered PAGE: no number stands twice
numbered() {
	rules "$1" | sort -n >"$tmp/rules"
	uniq -d "$tmp/rules" | sed 's/^/two rules have the number /'
	[ "$(wc -l <"$tmp/rules")" -gt 40 ] && [ -z "$(uniq -d "$tmp/rules")" ]
}

# known FILE...: the rules of the page that the files refer to are there
known() {
	rules "$page" >"$tmp/rules"
	cat "$@" | tr '\n' ' ' | grep -oE '[Rr]ules? [0-9]+( to [0-9]+)?' |
		grep -oE '[0-9]+' | sort -nu | while read -r number; do
		grep -qx "$number" "$tmp/rules" || echo "there is no rule $number"
	done >"$tmp/unknown"
	cat "$tmp/unknown"
	[ ! -s "$tmp/unknown" ]
}

sed 's/^8 /7 /' "$page" >"$tmp/twice.rst"
echo '/* By rule 999. */' >"$tmp/planted.h"

check "each rule has its own number" numbered "$page"
refuse "a number that stands twice is seen" numbered "$tmp/twice.rst"
check "rules that are referred to are there" known "$page" selftests/hostile/*.[ch]
refuse "a reference to no rule is seen" known "$tmp/planted.h"

finish
