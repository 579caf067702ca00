#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# failed.sh TEST STATUS OUTPUT... - keeps what a test that failed has printed
#
# A file in the directory $FAILURES is made longer by it: a line with the test and its
# status, its checks that failed, and then the other lines of OUTPUT that do not tell of
# success; at most 40, the first and the last.

[ -d "$FAILURES" ] || exit 0
test=$1
status=$2
shift 2
{
	echo "not ok $test # exit=$status"
	cat "$@" | grep '^not ok' | head -n 10 | cut -c 1-200 | sed 's/^/  /'
	awk '
		/^(ok |not ok |TAP version |1\.\.)/ || /^# +(RUN|OK|SKIP) / { next }
		/^# (Starting|PASSED:|FAILED:|Totals:) / { next }
		NF { line[++n] = substr($0, 1, 200) }
		END {
			for (i = 1; i <= n; i++)
				if (n <= 40 || i <= 24 || i > n - 16)
					print "  " line[i]
				else if (i == 25)
					print "  ... " n - 40 " lines ..."
		}' "$@"
} >>"$FAILURES/$(echo "$test" | tr / _).failed"
