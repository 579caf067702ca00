#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The labels of the barriers, in the comments of lib/ and in the table of
# Documentation/ordering.rst.  Each ordered access has a label above its statement, and
# each label such an access below it; the table names the label and the function, and
# nothing else.  Files with relaxed accesses are named on the page.  No atomic access is
# made but by the names of lib/base/atomic.h.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

table=Documentation/ordering.rst
# Programs include lib/include/ alone, and cannot use the names.
sources=$(find lib -name '*.[ch]' ! -path 'lib/base/atomic.h' ! -path 'lib/include/*')

# in_code FILE...: "LABEL FUNCTION FILE" for each ordered access; "- WHAT IS WRONG" for
# each that has no label, each label that has none, and what goes around the names;
# "~ FILE" for each relaxed access
in_code() {
	awk '
		function end_statement() {
			if (label != "" && !used)
				print "- " at ": " label " stands above no ordered access"
			label = ""
			used = 0
		}
		FNR == 1 { end_statement(); comment = 0 }
		/^[a-z].*[a-z0-9_]\(/ && !/;$/ {
			function_name = $0
			sub(/\(.*/, "", function_name)
			sub(/.*[^a-z0-9_]/, "", function_name)
		}
		match($0, /\/\* [A-Z][0-9]: /) {
			end_statement()
			label = substr($0, RSTART + 3, 2)
			at = FILENAME ":" FNR
		}
		{
			code = $0
			if (comment && !sub(/.*\*\//, "", code))
				next
			comment = 0
			gsub(/\/\*[^*]*\*\//, "", code)
			comment = sub(/\/\*.*/, "", code)
		}
		code ~ /(load|exchange)_ordered\(|replace_u64\(|store_release\(/ {
			used = 1
			if (label == "")
				print "- " FILENAME ":" FNR ": an ordered access without a label"
			else
				print label, function_name, FILENAME
		}
		code ~ /(load|store|add|rewrite)_relaxed\(/ { print "~", FILENAME }
		code ~ /__atomic_|__sync_|[^_]atomic_[a-z]+\(|_Atomic/ {
			print "- " FILENAME ":" FNR ": an atomic access not by lib/base/atomic.h"
		}
		code ~ /[;{}]$/ { end_statement() }
		END { end_statement() }' "$@" | sort -u
}

# in_table FILE: "LABEL FUNCTION FILE" for each function in the row of a label
in_table() {
	awk '
		function flush(i) {
			for (i = 1; i <= functions; i++)
				print label, names[i], file
			functions = 0
		}
		/^[A-Z][0-9]  / { flush(); label = $1; file = "" }
		/^=====  |^$/ { flush(); label = "" }
		label != "" {
			# What follows column 47 is about the partner.
			line = substr($0, 1, 46)
			while (match(line, /``[a-z0-9_]+\(\)``/)) {
				names[++functions] = substr(line, RSTART + 2, RLENGTH - 6)
				line = substr(line, RSTART + RLENGTH)
			}
			if (match($0, /lib\/[a-z]+\/[a-z_]+\.c/))
				file = substr($0, RSTART, RLENGTH)
		}
		END { flush() }' "$1" | sort -u
}

# agree TABLE SOURCE...
agree() {
	page=$1
	shift
	in_code "$@" >"$tmp/code"
	in_table "$page" >"$tmp/table"
	grep -v '^[-~]' "$tmp/code" >"$tmp/labels"
	comm -23 "$tmp/labels" "$tmp/table" |
		sed "s/\$/: a label that $(basename "$page") does not have/" >"$tmp/wrong"
	comm -13 "$tmp/labels" "$tmp/table" |
		sed 's/$/: a row without a label in lib/' >>"$tmp/wrong"
	grep -o '[^A-Za-z0-9][A-Z][0-9][^A-Za-z0-9]' "$page" | tr -dc 'A-Z0-9\n' |
		sort -u | while read -r label; do
		grep -q "^$label " "$tmp/table" || echo "$label: spoken of, but no row"
	done >>"$tmp/wrong"
	sed -n 's/^- //p' "$tmp/code" >>"$tmp/wrong"
	sed -n 's/^~ //p' "$tmp/code" | while read -r file; do
		grep -q "$file" "$page" ||
			echo "$file: relaxed accesses that the page does not name"
	done >>"$tmp/wrong"
	cat "$tmp/wrong"
	[ -s "$tmp/code" ] && [ -s "$tmp/table" ] && [ ! -s "$tmp/wrong" ]
}

# plant LINE...: the lines of a function, in $tmp/planted.c from line 3 on
plant() {
	{
		printf 'int planted(void)\n{\n'
		printf '\t%s\n' "$@"
		echo '}'
	} >"$tmp/planted.c"
}

# told WHAT: the page does not agree with what was planted, and this is why
told() {
	agree "$table" "$tmp/planted.c" | grep -qF "$tmp/planted.c$1"
}

# without LABEL: the table with one row less
without() {
	awk -v label="$1" '
		/^[A-Z][0-9]  |^=====  |^$/ { out = $1 == label }
		!out' "$table" >"$tmp/table.rst"
	echo "$tmp/table.rst"
}

# shellcheck disable=SC2086 # file names, one a word
{
	check "code and table agree" agree "$table" $sources

	refuse "a label without a row is seen" agree "$(without B3)" $sources

	{
		cat "$table"
		echo 'Z9     ``ring_push()``, lib/shm/ring.c'
	} >"$tmp/more.rst"
	refuse "a row without a label is seen" agree "$tmp/more.rst" $sources

	plant '/* Z9: planted. */' 'exchange_ordered(p, 1);'
	check "a new label is seen" told ': a label that'

	plant 'exchange_ordered(p, 1);'
	check "an ordered access without a label is named by its line" told ':3: an ordered'

	plant '/* R1: of this one. */' 'exchange_ordered(p, 1);' 'load_ordered(p);'
	check "so is one below another that has a label" told ':5: an ordered'

	plant '/* R1: of none. */' 'x = 1;' 'load_ordered(p);'
	check "a label above another statement is seen" told ':3: R1 stands'

	plant '/* R1: of what is' ' * written below; */' 'if (x ||' '    load_ordered(p))' \
		'load_relaxed(p);'
	check "a relaxed access in a file of its own is seen" told ': relaxed'
	refuse "a label holds for the whole statement" told ':6: an ordered'

	plant '__atomic_store_n(p, 1, __ATOMIC_RELEASE);'
	check "an access by another name is seen" told ':3: an atomic'
}

finish
