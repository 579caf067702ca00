#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# skips.sh SKIPPED [ALLOWED]... - says how many checks were skipped, and which may not be
#
# Each ALLOWED has a regular expression a line, for lines of SKIPPED as one.sh writes them;
# what begins with # is the reason.  Without such a file every check may be skipped.

skipped=$1
shift
[ -s "$skipped" ] || exit 0
echo "$(wc -l <"$skipped") checks were skipped."
[ $# -gt 0 ] || exit 0

patterns=$(mktemp) || exit 1
trap 'rm -f "$patterns"' EXIT
cat "$@" >"$patterns.all" && grep -v -e '^#' -e '^$' "$patterns.all" >"$patterns"
rm -f "$patterns.all"
[ -s "$patterns" ] || exit 1
! grep -Evx -f "$patterns" "$skipped" || {
	echo "These were skipped, and $* does not allow that." >&2
	exit 1
}
