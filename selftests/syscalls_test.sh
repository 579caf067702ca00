#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A message between two running processes costs no system call and no malloc: a
# client and a server that never sleep make as many of both for 1,000 round trips
# as for 100,000.  The figures go to stderr, where prove lets them through.
#
# What is around the round trips, meeting and parting, is not the same to the last
# call every time: so the comparison has three attempts.

# shellcheck source=selftests/tap.sh
. "${0%/*}/tap.sh"

program=$O/selftests/syscalls_test
few=1000
many=100000

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

[ "$(nproc)" -gt 1 ] || skip_all "two processes that spin need two processors"

"$program" 1 >"$tmp/output" 2>&1
case $? in
0) ;;
4) skip_all "$(sed 's/^[^:]*: //' "$tmp/output")" ;;
*) result 1 "one round trip"; finish ;;
esac

# count ROUNDS: "SYSCALLS MALLOCS MALLOCS", of both sides together and of each
count() {
	strace -f -c -o "$tmp/calls" "$program" "$1" >"$tmp/mallocs" 2>"$tmp/output" ||
		return 1
	awk '$NF == "total" { printf "%s ", $4 }' "$tmp/calls"
	cut -d' ' -f2- "$tmp/mallocs"
}

same_syscalls=1
same_mallocs=1
attempt() {
	first=$(count $few) && second=$(count $many) || return 1
	for figures in "$few $first" "$many $second"; do
		# shellcheck disable=SC2086 # four words
		printf '# %6d round trips: %d system calls; malloc calls: client %d, server %d\n' \
			$figures >&2
	done
	[ "${first%% *}" != "${second%% *}" ] || same_syscalls=0
	[ "${first#* }" != "${second#* }" ] || same_mallocs=0
	[ $same_syscalls = 0 ] && [ $same_mallocs = 0 ]
}

if ! command -v strace >/dev/null; then
	skip "as many system calls for $many round trips as for $few" "no strace"
	first=$("$program" $few | cut -d' ' -f2-)
	second=$("$program" $many | cut -d' ' -f2-)
	echo "malloc calls: $first and $second" >"$tmp/output"
	[ "$first" = "$second" ]
	result $? "as many malloc calls for $many round trips as for $few"
	finish
fi

attempt || attempt || attempt
sort -k4nr "$tmp/calls" >>"$tmp/output"
result $same_syscalls "as many system calls for $many round trips as for $few"
result $same_mallocs "as many malloc calls for $many round trips as for $few"
finish
