#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bench prints a line for each thing that it measures, with figures that are
# more than 0, and leaves nothing behind.  How fast anything was is not judged.

# shellcheck source=selftests/kit/tap.sh
. "${0%/*}/../kit/tap.sh"

sluice=$O/tools/sluice
few="--rounds 2 --trips 200"

# A floor that cannot be had here has, in place of its figures, the reason.
time='[0-9][0-9.]* [nu]s'
figures=" *$time  *$time"
calls=" *\([0-9][0-9.]*\|-\)"
no_uring="not here: .*io_uring"

# says NAME PATTERN: a line of $tmp/said matches
says() {
	cp "$tmp/said" "$tmp/output"
	grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

# never NAME PATTERN: no line of $tmp/said matches
never() {
	cp "$tmp/said" "$tmp/output"
	! grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

# run NAME OPTION...: what it says is in $tmp/said
run() {
	ran=$1
	shift
	timeout 120 "$sluice" bench "$@" >"$tmp/said" 2>"$tmp/output"
	result $? "$ran"
}

# wrong OPTION...: exit status 2, a sentence, and nothing else
wrong() {
	timeout 120 "$sluice" bench "$@" >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 2 ] && [ -s "$tmp/output" ] && [ ! -s "$tmp/said" ]
	result $? "bad usage: $*"
}

roots() {
	find /dev/shm /tmp -maxdepth 1 -name 'bench-*' -user "$(id -u)" 2>/dev/null | sort
}

before=$(roots)

# shellcheck disable=SC2086 # options
run "the table" $few
says "io_uring futex" "^floor: bare io_uring futex .*\($figures\|$no_uring\)"
says "futex" "^floor: bare futex system calls $figures"
says "cache line" "^floor: cache line $figures"
says "separate calls" "^sluice, sleeping, separate calls $figures$calls  *[0-9.]*  to "
says "combined calls" "^sluice, sleeping, combined calls $figures$calls  *[0-9.]*  to "
says "spinning" "^sluice, spinning $figures$calls  *[0-9.]*  to "
says "spin, then sleep" "^sluice, spins .* then sleeps $figures$calls  *[0-9.]*  to "
never "no figure is 0" " 0\(\.0*\)\? [nu]s"

# shellcheck disable=SC2086
run "idle clients" $few --only combined --idle 20 --idle-processes 3
says "sleeping with idle clients" "^sleeping $figures  *[0-9.]*$"
says "spinning with idle clients" "^spinning $figures  *[0-9.]*$"
says "their descriptors" "^  descriptors  *[1-9][0-9.]* at the server, [1-9]"
says "their memory" "^  memory  *[1-9][0-9.]* KiB"
says "the kernel's memory" "^  kernel memory  *-\?[0-9.]* KiB ([A-Za-z]"

# shellcheck disable=SC2086
run "sizes" --rounds 1 --trips 20 --only cache_line --sizes
for size in 64 256 1024 4096 16384 65536 262144 1048576; do
	says "$size B" "^$size $figures  *[0-9.]*  *$time$"
done

# shellcheck disable=SC2086
run "JSON" $few --json --idle 20
tr -d '\n' <"$tmp/said" >"$tmp/object"
mv "$tmp/object" "$tmp/said"
says "is one object" '^{.*}$'
for key in futex cache_line separate combined spinning adaptive sleeping_alone \
	sleeping_crowded spinning_alone spinning_crowded; do
	says "$key" "{\"key\": \"$key\",[^{}]*\"rounds\": 2, \"trips\": 200,[^{}]*\"median_ns\": \
[1-9][0-9.]*, \"p99_ns\": [1-9][0-9.]*,"
done
says "idle" '"idle": {"clients": 20, "processes": 1,[^{}]*"pss_bytes": [1-9]'

run "help" --help
says "has examples" "^  strace -f -c sluice bench --only"
never "fits a terminal" "^.\{81\}"

wrong --no-such-option
wrong --rounds
wrong --rounds 0
wrong --rounds 1x
wrong --size 100
wrong --idle 4096
wrong --idle-processes 2
wrong --idle 2 --idle-processes 3
wrong --only nothing
wrong --only combined,
wrong more

# Interrupted, it prints what there is.
timeout 120 "$sluice" bench --rounds 10000 --only cache_line >"$tmp/said" 2>"$tmp/output" &
sleep 1
kill -INT $!
wait $!
result $? "interrupted"
says "it says so" "^ended early"

roots >"$tmp/output"
[ "$before" = "$(roots)" ]
result $? "nothing is left behind"
finish
