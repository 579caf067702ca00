#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run_kselftest.sh [-j JOBS] [TEST]... - runs the tests that were installed beside it
#
# It runs all of the list or those named as arguments, JOBS at a time, or one, and sums them
# up in TAP, in the order in which they end.  What they skip is added to the file $SKIPPED.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "$here" || exit 1

# run DIRECTORY TEST: one of them, which prints when it has ended, and nobody else meanwhile
run() {
	log=$(mktemp "$1/log.XXXXXX") || exit 1
	"./$2" >"$log" 2>&1
	status=$?
	exec 9>>"$1/lock" && flock 9 || exit 1
	number=$(($(wc -l <"$1/verdicts") + 1))
	sed 's/^/# /' "$log"
	sed -n "s|^ok [0-9]* \(.* # SKIP.*\)|$2: \1|p" "$log" >>"${SKIPPED:-/dev/null}"
	case $status in
	0) verdict=pass; echo "ok $number sluice: $2" ;;
	4) verdict=pass; echo "ok $number sluice: $2 # SKIP" ;;
	*) verdict=fail; echo "not ok $number sluice: $2 # exit=$status" ;;
	esac
	echo $verdict >>"$1/verdicts"
	rm -f "$log"
}

if [ "$1" = --run ]; then
	run "$2" "$3"
	exit
fi

jobs=1
if [ "$1" = -j ]; then
	jobs=$2
	shift 2
fi
# shellcheck disable=SC2046 # names, one a word
[ $# -gt 0 ] || set -- $(sed 's/^sluice://' kselftest-list.txt)

at=$(mktemp -d) || exit 1
trap 'rm -rf "$at"' EXIT
: >"$at/verdicts"

echo "TAP version 13"
echo "1..$#"
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 "$here/run_kselftest.sh" --run "$at"
passed=$(grep -c pass "$at/verdicts")
echo "# Totals: pass:$passed fail:$(($# - passed))"
exit $(($# > passed))
