#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a message costs that somebody sleeps for: with the calls that wake the peer and
# go to sleep in one, each side makes one system call a round trip; with the separate
# calls, two.  Counted at both sides together, and as the difference between few and
# many round trips, so that meeting and parting do not count.  Few are very few: a round
# trip costs half as much when both sides share a processor, which may be so in one of the
# two runs and not in the other.  The figures go to stderr, where prove lets them through.
#
# A sleep that ends for nothing, or a wake of somebody who was just getting up, costs a
# call more now and then: one in twenty is allowed.

# shellcheck source=selftests/kit/tap.sh
. "${0%/*}/../kit/tap.sh"
# shellcheck source=selftests/kit/counting.sh
. "${0%/*}/../kit/counting.sh"

program=$O/selftests/behaviour/combined_syscalls_test
few=10
many=3000

can_measure "$program" combined 1

strace -o "$tmp/calls" true 2>"$tmp/output" ||
	skip_all "strace is not there or may not trace"

# count HOW ROUNDS: $syscalls of both sides together.  Not counted is that signals are held
# back, which is done in long waits; on a busy machine, strace makes them so.
count() {
	strace -f -c -o "$tmp/calls" "$program" "$1" "$2" >"$tmp/output" 2>&1 ||
		return 1
	syscalls=$(awk '$1 ~ /^[0-9]/ && $NF != "total" && $NF !~ /^rt_sig/ { sum += $4 }
		END { print sum }' "$tmp/calls")
}

# costs HOW MOST: so many system calls a round trip at most, both sides together
costs() {
	count "$1" $few || return
	first=$syscalls
	count "$1" $many || return
	printf '# %s calls: %d system calls for %d round trips\n' "$1" \
		$((syscalls - first)) $((many - few)) >&2
	sort -k4nr "$tmp/calls" >>"$tmp/output"
	[ $((20 * (syscalls - first))) -le $((21 * $2 * (many - few))) ]
}

# one_wake ROUNDS: the client wakes several servers at once, not each by itself
one_wake() {
	strace -f -e trace=futex,io_uring_enter -o "$tmp/calls" "$program" several "$1" \
		>"$tmp/output" 2>&1 || return
	client=$(sed -n '1s/ .*//p' "$tmp/calls")
	wakes=$(grep -c "^$client *futex(" "$tmp/calls")
	printf '# %d requests, each to four servers that sleep: %d wakes one by one\n' \
		"$1" "$wakes" >&2
	grep "^$client " "$tmp/calls" | tail -40 >>"$tmp/output"
	[ "$wakes" -le $(($1 / 10)) ]
}

costs separate 4
result $? "separate calls: at most 4 system calls a round trip"
costs combined 2
result $? "combined calls: at most 2 system calls a round trip"
one_wake 200
result $? "a request to several servers wakes them with one system call"
finish
