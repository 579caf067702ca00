#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# one.sh TEST - how prove runs each test: for $TEST_SECONDS at most, 600 if it is not set
#
# What it skips is added to the file $SKIPPED, a line each with the test's path in front.
# If it fails, failed.sh keeps what it has printed.
#
# A script that must be alone (tap.sh) waits here until it is; that takes none of its time.
#
# What the test writes to stderr is kept until it has ended.  prove that has read from the
# stderr of one test waits for the next line of stdout of that same test; the others, which
# it runs at the same time, are then not looked after, and none is started in the place of
# those that have ended.

kept=$(mktemp -d) || exit 1
trap 'cat "$kept/stderr" >&2; rm -rf "$kept"' EXIT
trap 'exit 1' HUP INT TERM
case $1 in
*.sh)	if grep -qx alone "$1"; then
		exec 9>"$O/selftests/alone.lock" && flock 9
		export ALONE=yes
	fi ;;
esac
{
	timeout "${TEST_SECONDS:-600}" "$1" 2>"$kept/stderr"
	echo $? >"$kept/status"
} | awk -v test="${1#"$O"/}" -v skipped="${SKIPPED:-/dev/null}" -v kept="$kept/stdout" '
	{ print; fflush(); print >kept }
	/^1\.\.[0-9]/ { plan = substr($1, 4) }
	/^ok / && $2 != ++results { failed = 1 }
	/^not ok / { failed = 1 }
	/# SKIP/ { sub(/^(ok [0-9]*|1\.\.0) */, ""); print test ": " $0 >>skipped }
	END { exit failed || plan == "" || plan != results + 0 }'
told=$?
status=$(cat "$kept/status")
[ "$status" -ne 0 ] || status=$told
[ "$status" -eq 0 ] || "${0%/*}/failed.sh" "$1" "$status" "$kept/stderr" "$kept/stdout"
exit "$status"
