#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Remarks: the list of the library, the table in Documentation/remarks.rst and the constants of
# sluice_remarks.h agree, and the library makes each remark somewhere.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

# listed FILE: "number name level" of each remark of the library
listed() {
	sed -n 's/^REMARK(\([0-9]*\), \([A-Z_]*\), \([A-Z]*\), ".*")$/\1 \2 \3/p' "$1" | sort
}

# tabled FILE: the same of the page
tabled() {
	awk '$1 ~ /^[0-9]+$/ && $3 ~ /^(NOTICE|WARNING)$/ { print $1, $2, $3 }' "$1" | sort
}

# declared FILE: "number name" of the header
declared() {
	sed -n 's/^\tSLUICE_REMARK_\([A-Z_]*\) = \([0-9]*\),$/\2 \1/p' "$1" |
		grep -v ' \(WARNING\|NOTICE\)$' | sort
}

agree() {	# agree LIST PAGE HEADER
	listed "$1" >"$tmp/list"
	tabled "$2" | diff "$tmp/list" - >"$tmp/output" &&
		declared "$3" | diff - "$tmp/names" >>"$tmp/output" &&
		[ -s "$tmp/list" ]
}

list=lib/api/remarks.def page=Documentation/remarks.rst header=lib/include/sluice_remarks.h
listed $list | cut -d' ' -f1,2 >"$tmp/names"
check "list, page and header agree" agree $list $page $header
sed 's/^4  /44 /' $page >"$tmp/planted"
refuse "a number that differs is seen" agree $list "$tmp/planted" $header
sed '/^9  /d' $page >"$tmp/planted"
refuse "a remark that the page lacks is seen" agree $list "$tmp/planted" $header
sed 's/_LIMIT = 5/_LIMIT = 15/' $header >"$tmp/planted"
refuse "a constant that differs is seen" agree $list $page "$tmp/planted"

while read -r number name; do
	grep -q "SLUICE_REMARK_$name\b" lib/api/[a-z]*.c
	result $? "$number, $name, is made somewhere"
	grep -q "@SLUICE_REMARK_$name:" $header
	result $? "and described"
done <"$tmp/names"
finish
