#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# one.sh TEST - how prove runs each test: for $TEST_SECONDS at most, 300 if it is not set
#
# What it skips is added to the file $SKIPPED, a line each with the test's path in front.

status=$(mktemp) || exit 1
{
	timeout "${TEST_SECONDS:-300}" "$1"
	echo $? >"$status"
} | awk -v test="${1#"$O"/}" -v skipped="${SKIPPED:-/dev/null}" '
	{ print; fflush() }
	/# SKIP/ { sub(/^(ok [0-9]*|1\.\.0) */, ""); print test ": " $0 >>skipped }'
ended=$(cat "$status")
rm -f "$status"
exit "$ended"
