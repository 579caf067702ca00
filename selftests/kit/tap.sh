# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# tap.sh - what the test scripts share: each check is a line of TAP on stdout
#
# $tmp is a directory that is gone when the script ends; $O is where make built.

export LC_ALL=C
export SLUICE_CONFIG=/dev/null	# what this machine has is not tested
unset FAILURES SKIPPED		# what a script runs is no test of the run that runs the script
O=${O:-build}
CC=${CC:-cc}
CXX=${CXX:-c++}
checks=0
failures=0

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

echo "TAP version 13"

result() {	# result STATUS NAME: the line, and after a failure what was printed
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks $2"
	else
		failures=$((failures + 1))
		echo "not ok $checks $2"
		sed 's/^/# /' "$tmp/output" >&2
	fi
}

check() {	# check NAME COMMAND...: the command must succeed
	checked=$1
	shift
	"$@" >"$tmp/output" 2>&1
	result $? "$checked"
}

refuse() {	# refuse NAME COMMAND...: the command must fail
	checked=$1
	shift
	! "$@" >"$tmp/output" 2>&1
	result $? "$checked"
}

# bad_usage WORDS COMMAND...: ends with 2 and a sentence, and prints nothing else
bad_usage() {
	checked=$1
	shift
	"$@" >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 2 ] && [ -s "$tmp/output" ] && [ ! -s "$tmp/said" ]
	result $? "bad usage: $checked"
}

skip() {	# skip NAME REASON
	checks=$((checks + 1))
	echo "ok $checks $1 # SKIP $2"
}

skip_all() {	# skip_all REASON
	echo "1..0 # SKIP $1"
	exit 0
}

# alone: no other script that says so runs at the same time.  Who traces all processes
# changes what others count of theirs.
alone() {
	[ -n "$ALONE" ] || { exec 9>"$O/selftests/alone.lock" && flock 9; }
}

# shellcheck disable=SC2154 # sandbox.sh has it, or who sources this
needs_tracing() {	# all is skipped where $sluice can trace nothing
	timeout 60 "$sluice" trace --totals -d 0.01 >"$tmp/output" 2>&1 ||
		skip_all "$(sed 's/^sluice trace: //;q' "$tmp/output")"
}

finish() {
	echo "1..$checks"
	exit $((failures > 0))
}
