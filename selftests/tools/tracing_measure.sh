#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What it costs to be watched: instructions of the counters in the pages of ports, which
# are always on, and the time of round trips while sluice trace watches them.

cd "$(dirname "$0")/../.." || exit 1

O=${O:-build}
program=$O/selftests/tools/probes_test
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

fail() {
	echo "$0: $*" >&2
	cat "$tmp/output" >&2
	exit 1
}

nanoseconds() {	# nanoseconds COMMAND...: of 20000 round trips
	begun=$(date +%s%N)
	"$@" 20000 >"$tmp/output" 2>&1 || return
	echo $(($(date +%s%N) - begun))
}

# traced MODE: as many, and what each event is said to cost
traced() {
	"$O/tools/sluice" trace "$1" --json --exe "$program" -- \
		sh -c 'begun=$(date +%s%N); "$0" 20000 && echo $(($(date +%s%N) - begun)) >"$1"' \
		"$program" "$tmp/took" >"$tmp/said" 2>"$tmp/output" || return
	took=$(cat "$tmp/took")
	cost=$(sed -n 's/.*"cost_ns":\([0-9]*\).*/\1/p' "$tmp/said")
	[ -n "$took" ] && [ -n "$cost" ]
}

if command -v valgrind >/dev/null; then
	selftests/build/instructions.sh "$program" >"$tmp/counted" 2>"$tmp/output" ||
		fail "valgrind did not count"
	cost=$(awk '/ lib\/trace\/counters\.h | lib\/os\/clock\.h |clock_gettime/ {
		sum += $NF } END { print sum + 0 }' "$tmp/counted")
	echo "counters: $cost instructions a round trip, $((cost / 4)) a message, clock included"
else
	echo "counters: not measured, there is no valgrind"
fi

plain=$(nanoseconds "$program") || fail "the program failed"
if ! "$O/tools/sluice" trace --totals -d 0.01 >"$tmp/output" 2>&1; then
	echo "tracing: not measured, sluice trace may not watch"
	exit
fi
for mode in latency events; do
	traced $mode || fail "sluice trace $mode failed"
	echo "20000 round trips in one thread: $((plain / 1000)) us, with sluice trace $mode" \
	     "$((took / 1000)) us, $((took / plain)).$((took * 10 / plain % 10)) times as long;" \
	     "$cost ns an event"
done
