#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tracing never changes a program: tests of behaviour, with checksums, forks and signals
# among them, pass while every probe is attached, and while a second tracer is attached,
# killed and attached again, over and over.  And between them these tests hit every probe,
# which shows that none is in a place that is never reached.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
alone

sluice=$O/tools/sluice

needs_tracing

# What they are chosen for: checksums in growth, memory and slices; forks in owner, kill
# and death; signals in interrupt and waiting; and every kind of event in some.
tests="behaviour/call behaviour/combined behaviour/deadline behaviour/death behaviour/expired
behaviour/foreign_wake behaviour/growth behaviour/half_sent hostile/hostile
hostile/hostile_channel behaviour/interrupt behaviour/kill behaviour/leave
behaviour/limits behaviour/memory behaviour/node_next behaviour/node_wait
behaviour/order behaviour/owner behaviour/ports behaviour/request_call unit/returns
behaviour/room behaviour/room_end behaviour/slices behaviour/stream behaviour/turnover
behaviour/waiting"

set --
for test in $tests; do
	set -- "$@" --exe "$O/selftests/${test}_test"
done

# One that stays, and counts.
"$sluice" trace --totals --json "$@" >"$tmp/totals" 2>"$tmp/told" &
tracer=$!
until grep -q watching "$tmp/told"; do
	kill -0 $tracer || break
	sleep 0.05
done

# One that comes and goes; it is killed, and has no time to detach.
cat >"$tmp/come-and-go" <<'END'
trap 'kill -KILL $!; exit' TERM
while :; do
	"$@" >/dev/null 2>&1 &
	sleep 0.7
	kill -KILL $!
	wait $! 2>/dev/null
	echo >>"$COUNT"
done
END
COUNT=$tmp/count
export COUNT
sh "$tmp/come-and-go" "$sluice" trace events "$@" &
comes_and_goes=$!

for test in $tests; do
	program=$O/selftests/${test}_test
	timeout 300 "$program" >"$tmp/output" 2>&1
	status=$?
	grep '^# Totals' "$tmp/output" >"$tmp/figures"
	[ $status -eq 0 ] && [ -s "$tmp/figures" ]
	result $? "$test, traced"
done

kill $comes_and_goes
wait $comes_and_goes 2>/dev/null
[ -s "$COUNT" ]
result $? "a tracer was killed $(wc -l <"$COUNT") times"

kill -INT $tracer && wait $tracer
status=$?
cat "$tmp/told" "$tmp/totals" >"$tmp/output"
[ $status -eq 0 ]
result $? "the other stayed"
sed -n 's/^\tPROBE(\([a-z_]*\),.*/\1/p' uapi/sluice/trace.h | while read -r name; do
	[ "$name" = round_trip ] || grep -q "\"$name\":[1-9]" "$tmp/totals" || echo "$name"
done >"$tmp/missed"
cat "$tmp/missed" >>"$tmp/output"
[ -s "$tmp/totals" ] && [ ! -s "$tmp/missed" ]
result $? "every probe was hit"
finish
