#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The labels of the barriers, in the comments of lib/ and in the table of
# Documentation/ordering.rst: none is missing on either side, the table names the
# function that each stands in, and every ordered access is in a function of the
# table.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/tap.sh
. selftests/tap.sh

table=Documentation/ordering.rst
sources=$(find lib -name '*.[ch]' ! -path 'lib/base/atomic.h')

# in_code FILE...: "LABEL FUNCTION FILE" for each label, and "- FUNCTION FILE" for
# each ordered access
in_code() {
	awk '
		/^[a-z].*[a-z0-9_]\(/ && !/;$/ {
			function_name = $0
			sub(/\(.*/, "", function_name)
			sub(/.*[^a-z0-9_]/, "", function_name)
		}
		match($0, /\/\* [A-Z][0-9]: /) {
			print substr($0, RSTART + 3, 2), function_name, FILENAME
		}
		/(load|exchange)_ordered\(|replace_u64\(/ {
			print "-", function_name, FILENAME
		}' "$@" | sort -u
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
			if (match($0, /lib\/[a-z]+\/[a-z]+\.c/))
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
	grep -v '^-' "$tmp/code" | comm -23 - "$tmp/table" |
		sed "s/\$/: a label that $(basename "$page") does not have/" >"$tmp/wrong"
	cut -d' ' -f1 "$tmp/table" | sort -u | while read -r label; do
		grep -q "^$label " "$tmp/code" ||
			echo "$label: a row without a label in lib/"
	done >>"$tmp/wrong"
	grep -o '[^A-Za-z0-9][A-Z][0-9][^A-Za-z0-9]' "$page" | tr -dc 'A-Z0-9\n' |
		sort -u | while read -r label; do
		grep -q "^$label " "$tmp/table" || echo "$label: spoken of, but no row"
	done >>"$tmp/wrong"
	sed -n 's/^- //p' "$tmp/code" | while read -r name file; do
		grep -q "\`\`$name()\`\`" "$page" ||
			echo "$name in $file: an ordered access that the page does not name"
	done >>"$tmp/wrong"
	while read -r label name file; do
		grep -q "^[a-z].*[^a-z0-9_]$name(" "$file" ||
			echo "$label: there is no $name() in $file"
	done <"$tmp/table" >>"$tmp/wrong"
	cat "$tmp/wrong"
	[ -s "$tmp/code" ] && [ -s "$tmp/table" ] && [ ! -s "$tmp/wrong" ]
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

	printf 'int planted(void)\n{\n\t/* Z9: planted. */\n}\n' >"$tmp/planted.c"
	refuse "a new label is seen" agree "$table" $sources "$tmp/planted.c"

	printf 'int planted(void)\n{\n\texchange_ordered(p, 1);\n}\n' >"$tmp/planted.c"
	refuse "a new ordered access is seen" agree "$table" $sources "$tmp/planted.c"
}

finish
