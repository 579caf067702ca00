#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests that were installed beside it, all of the list or those named as
# arguments, and sums them up in TAP.  Each may take $TEST_SECONDS, 600 if it is not set.
# What they skip is added to the file $SKIPPED; failed.sh keeps what a failed one printed.

cd "$(dirname "$0")" || exit 1
# shellcheck disable=SC2046 # names, one a word
[ $# -gt 0 ] || set -- $(sed 's/^sluice://' kselftest-list.txt)

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

number=0
failed=0
echo "TAP version 13"
echo "1..$#"
for name; do
	number=$((number + 1))
	timeout "${TEST_SECONDS:-600}" "./$name" >"$log" 2>&1
	status=$?
	sed 's/^/# /' "$log"
	sed -n "s|^ok [0-9]* \(.* # SKIP.*\)|$name: \1|p" "$log" >>"${SKIPPED:-/dev/null}"
	case $status in
	0) echo "ok $number sluice: $name" ;;
	4) echo "ok $number sluice: $name # SKIP" ;;
	*) echo "not ok $number sluice: $name # exit=$status"
	   failed=$((failed + 1))
	   ./failed.sh "$name" "$status" "$log" ;;
	esac
done
echo "# Totals: pass:$((number - failed)) fail:$failed"
exit $((failed > 0))
