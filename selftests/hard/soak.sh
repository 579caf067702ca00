#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh SECONDS - soak_test for so long in each way of waiting, at the same time; where
# processes can be traced, a tracer of all of them comes, is killed, and comes again

sluice=$O/tools/sluice
test=$O/selftests/hard/soak_test
kept=$(mktemp -d) || exit 1
traces=0
trap 'rm -rf "$kept"' EXIT
trap 'exit 1' HUP INT TERM

run() {
	SOAK_SECONDS=$1 timeout $(($1 + 600)) "$test" >"$kept/$2" 2>&1
	echo $? >"$kept/$2.status"
}

SLUICE_WAIT=uring run "$1" uring &
SLUICE_WAIT=socket run "$1" socket &
if timeout 60 "$sluice" trace --totals -d 0.01 >"$kept/told" 2>&1; then
	until [ -e "$kept/uring.status" ] && [ -e "$kept/socket.status" ]; do
		"$sluice" trace events --exe "$test" >/dev/null 2>&1 &
		sleep 1
		kill -KILL $!
		wait $! 2>/dev/null
		traces=$((traces + 1))
		sleep 1
	done
else
	sed 's/^/nothing is traced: /;q' "$kept/told"
fi
wait
cat "$kept/uring" "$kept/socket"
echo "A tracer came and was killed $traces times."
[ "$(cat "$kept/uring.status" "$kept/socket.status" | tr -d '\n')" = 00 ]
