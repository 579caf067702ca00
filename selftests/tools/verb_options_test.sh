#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The options of each verb: what the table says (--options) is what --help prints and what the
# OPTIONS of the man page describe, with the same names of values; and sluice(1) has all verbs.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

sluice=$O/tools/sluice
man=Documentation/man

# listed VERB [MODE]: each form of an option as a man page has it, "-n N" and "--count N"
listed() {
	"$sluice" "$@" --options 2>/dev/null | sed 1d | awk -F '\t' '
		{ value = $3 == "-" ? "" : ($3 ~ /^\[=/ ? $3 : " " $3)
		  print "--" $2 value
		  if ($1 != "-") print "-" $1 value }'
}

# described PAGE: the same, of its headings
described() {
	sed -n '/^-[-a-zA-Z]*[^-]/p' "$1" | grep -v '^--*$' | sed 's/, -/\n-/g'
}

# helped VERB [MODE]: "--count N" and "-n", of the lines that begin with an option
helped() {
	"$sluice" "$@" --help | sed -n -e 's/^  \(-[a-zA-Z]\), \(--.*\)/\1\n\2/p' -e 's/^      \(--.*\)/\1/p' |
		sed 's/  .*//; s/, -/\n-/g'
}

verbs=$("$sluice" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -vx -e help -e version)
for verb in $verbs; do
	listed "$verb" >"$tmp/list"
	helped "$verb" >"$tmp/help"
	if [ "$verb" = trace ]; then
		for mode in read replay; do
			listed trace $mode >>"$tmp/list"
			helped trace $mode >>"$tmp/help"
		done
	fi
	if [ ! -s "$tmp/list" ]; then
		skip "the options of $verb" "this verb was not built"
		continue
	fi
	sed 's/^\(-[a-zA-Z]\) .*/\1/' "$tmp/list" | sort -u >"$tmp/wanted"
	sort -u "$tmp/help" | diff "$tmp/wanted" - >"$tmp/output" 2>&1
	result $? "sluice $verb --help has the options of its table"
	sort -u "$tmp/list" >"$tmp/wanted"
	described $man/sluice-"$verb".1.rst | sort -u | diff "$tmp/wanted" - >"$tmp/output" 2>&1
	result $? "so has sluice-$verb(1)"
	"$sluice" "$verb" --options >"$tmp/output" 2>&1 &&
		! awk -F '\t' 'NR > 1 && (NF != 4 || $4 == "")' "$tmp/output" | grep -q .
	result $? "and each of $verb says what it does"
	[ "$("$sluice" "$verb" --help | head -n 1)" = "$("$sluice" "$verb" --options | head -n 1)" ]
	result $? "and how $verb is used"
	! "$sluice" "$verb" --help | grep '^.\{81\}' >"$tmp/output"
	result $? "the help of $verb fits a terminal"
done

"$sluice" help | sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1: \2/p' >"$tmp/wanted"
sed -n '/^VERBS/,/^OPTIONS/p' $man/sluice.1.rst | awk '
	/^[a-z]+$/ { verb = $0 }
	/^\t/ { sub(/^\t/, ""); sub(/: \*\*sluice-.*/, ""); print verb ": " $0 }' |
	diff "$tmp/wanted" - >"$tmp/output" 2>&1
result $? "sluice(1) has all verbs"
for verb in $verbs; do
	grep -q "\*\*sluice-$verb\*\*.*(1)" $man/sluice.1.rst && [ -e $man/sluice-"$verb".1.rst ]
	result $? "and names the page of $verb"
done
finish
