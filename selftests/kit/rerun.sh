#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# rerun.sh COMMAND TEST... - runs COMMAND TEST..., and what failed once more, alone
#
# COMMAND may be several words.  It gives each test that failed to failed.sh, as one.sh
# and run_kselftest.sh do.  In the directory $FAILURES are then NAME_test.failed, for a
# test that failed twice, and NAME_test.once, for one that passed when it ran alone.  The
# latter does not fail the run, but is named at its end.  If more than $RERUNS tests fail, 3
# if it is not set, the crowd of tests is not the reason, and none is run again.

command=$1
shift
: "${FAILURES:?}"
export FAILURES
mkdir -p "$FAILURES" && rm -f "$FAILURES"/* || exit 1
trap 'exit 1' HUP INT TERM

# shellcheck disable=SC2086 # a command and its options
$command "$@" && exit 0
set -- "$FAILURES"/*.failed
[ -e "$1" ] && [ $# -le "${RERUNS:-3}" ] || exit 1

status=0
for first; do
	test=$(sed -n '1s/^not ok \([^ ]*\).*/\1/p' "$first")
	echo "$test failed. It is run once more, alone."
	# shellcheck disable=SC2086
	if $command "$test"; then
		mv "$first" "${first%.failed}.once"
	else
		status=1
	fi
done
for first in "$FAILURES"/*.once; do
	[ -e "$first" ] || continue
	echo "Failed once, passed when it ran alone:"
	cat "$first"
done
exit $status
