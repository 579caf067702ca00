#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A message between two running processes costs no system call and no malloc: a
# client and a server that never sleep make as many of both for 1,000 round trips
# as for 100,000.  The figures go to stderr, where prove lets them through.
#
# Meeting and parting around the round trips take now and then a call more, when
# two things happen one by one and not together: so each is run up to eight times,
# until the fewest calls of the one are the fewest of the other.

# shellcheck source=selftests/kit/tap.sh
. "${0%/*}/../kit/tap.sh"
# shellcheck source=selftests/kit/counting.sh
. "${0%/*}/../kit/counting.sh"

program=$O/selftests/behaviour/syscalls_test
few=1000
many=100000

[ "$(nproc)" -gt 1 ] || skip_all "two processes that spin need two processors"

can_measure "$program" 1

# count ROUNDS: $syscalls of both sides together, $mallocs of each
count() {
	strace -f -c -o "$tmp/calls" "$program" "$1" >"$tmp/figures" 2>"$tmp/output" ||
		return 1
	syscalls=$(awk '$NF == "total" { print $4 }' "$tmp/calls")
	mallocs=$(cut -d' ' -f2- "$tmp/figures")
}

tell() {	# tell ROUNDS SYSCALLS CLIENT-MALLOCS SERVER-MALLOCS
	printf '# %6d round trips: %d system calls; malloc calls: client %d, server %d\n' \
		"$@" >&2
}

if ! strace -o "$tmp/calls" true 2>"$tmp/output"; then
	skip "as many system calls for $many round trips as for $few" \
		"strace is not there or may not trace"
	first=$("$program" $few | cut -d' ' -f2-)
	second=$("$program" $many | cut -d' ' -f2-)
	echo "malloc calls: $first and $second" >"$tmp/output"
	[ "$first" = "$second" ]
	result $? "as many malloc calls for $many round trips as for $few"
	finish
fi

fewest_1=1000000
fewest_2=1000000
for attempt in 1 2 3 4 5 6 7 8; do
	count $few || break
	first=$mallocs
	[ "$syscalls" -ge "$fewest_1" ] || fewest_1=$syscalls
	count $many || break
	second=$mallocs
	[ "$syscalls" -ge "$fewest_2" ] || fewest_2=$syscalls
	[ "$fewest_1" -ne "$fewest_2" ] || break
done

# shellcheck disable=SC2086 # two words
{
	tell $few $fewest_1 $first
	tell $many $fewest_2 $second
}
echo "after $attempt attempts: $fewest_1 and $fewest_2" >>"$tmp/output"
sort -k4nr "$tmp/calls" >>"$tmp/output"
[ "$fewest_2" -lt 1000000 ] && [ "$fewest_1" -eq "$fewest_2" ]
result $? "as many system calls for $many round trips as for $few"
[ -n "$first" ] && [ "$first" = "$second" ]
result $? "as many malloc calls for $many round trips as for $few"
finish
