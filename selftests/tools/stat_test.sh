#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice stat: after traffic of known counts each counter is what it must be, to the last
# message; and rates are differences, divided by the time between.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

# ---- nothing

looks stat
fails "no service at all" 0 '^sluice stat: no services in default below '
looks stat --json nothing
fails "no line of JSON either" 0 '^sluice stat: no services of that name in default'
looks stat --watch=20ms --count 3
fails "nor when it is watched" 0 '^sluice stat: no services in default below '

# ---- counters

# counts NAME CONDITION: on the counters of $client and $server
counts() {
	looks stat --json selftest/stat
	holds "$1" "(.[0].counters as \$client | .[1].counters as \$server | $2) and
		    (map(.role) == [\"client\", \"server\"])"
}

start "$O/selftests/tools/stat_test"
pid=$(pid_of $program)
counts "before the first" '[$client, $server] | all(.sent == 0 and .received == 0 and
	.sent_bytes == 0 and .loaned == 0 and .active == null and .idle == null)'
tell trips 1000 64
counts "1000 round trips" '[$client, $server] | all(.sent == 1000 and .received == 1000 and
	.sent_bytes == 64000 and .received_bytes == 64000 and .loaned == 0 and .depth == 0 and
	.depth_most == 1 and .peers == 1 and .expired == 0 and .violations == 0 and .overflows == 0)'
counts "and when the last was" '[$client, $server] | all(.active > 0 and .idle > 0)'
tell trips 1 1000000
counts "one large one" '[$client, $server] | all(.sent == 1001 and .sent_bytes == 1064000 and
	.received_bytes == 1064000 and .growths > 0 and .segment_bytes >= 1000000)'
tell hold 3
counts "three loans" '$client.loaned == 3 and $server.loaned == 0'
tell late
counts "one came too late" '$server.expired == 1 and $server.received == 1001 and
	$client.sent == 1002 and $client.expired == 0'

looks stat
result $? "for people"
says "a heading" '^SERVICE  *PORT  *PID  *SENT  *BYTES  *RECEIVED'
says "the client" "^selftest/stat  *client\.0  *$pid  *1002  *1\.0 MiB  *1001  *1\.0 MiB  *3  *0/1 .* ago\$"
says "the server" "^selftest/stat  *server\.0  *$pid  *1001 "
[ "$(awk '{ print length }' "$tmp/said" | sort -u | wc -l)" -eq 1 ]
result $? "in columns"
looks stat --json
holds "lines of these keys" 'length == 2 and all(keys == ["alive", "comm", "counters", "entry", "name",
	"node", "node_name", "other_pid_namespace", "pid", "port", "rates", "role", "service", "time", "wait"])'
holds "and values" ".[0] | .service == \"selftest/stat\" and .pid == $pid and .comm == \"stat_test\" and
	.alive and .rates == null"
now=$(date +%s)
holds "at a time of the clock" ".[0].time / 1e9 | . > $now - 100 and . < $now + 100"
looks stat 'self*' --json
holds "by a pattern" 'length == 2'
looks stat other --json
[ $? -eq 0 ] && [ ! -s "$tmp/said" ]
result $? "others are not there"

# ---- rates

# watch: stat looks every 100 ms, and has printed once when this returns
watch() {
	: >"$tmp/said"
	$patience "$sluice" stat --watch=100ms --json >"$tmp/said" 2>"$tmp/told" 3>&- &
	watching=$!
	until [ -s "$tmp/said" ]; do
		kill -0 $watching || return
		sleep 0.02
	done
}

# until_it_says TEXT: it has printed this, and is ended
until_it_says() {
	until grep -q "$1" "$tmp/said"; do
		kill -0 $watching || return
		sleep 0.02
	done
	kill $watching
	wait $watching 2>/dev/null
}

watch
tell trips 400 100
sleep 0.2
tell trips 200 100
until_it_says '"role":"server".*"received":1601,'
holds "two ports, some times" 'group_by(.port) | length == 2 and all(length > 2)'
holds "rates of these keys" 'all(.rates | keys == ["blocked", "expired", "growths", "overflows", "polled",
	"received", "received_bytes", "sent", "sent_bytes", "violations", "woken"])'
holds "each is the difference to the line before" 'group_by(.port) | all(. as $line |
	[range(1; length)] | all(. as $i |
		(($line[$i].time - $line[$i - 1].time) / 1e9 * $line[$i].rates.sent) -
		($line[$i].counters.sent - $line[$i - 1].counters.sent) | fabs < 0.01))'
holds "it has risen by 600 round trips" 'group_by(.port) |
	all((map(.rates.sent) | max > 0) and .[-1].counters.received == 1601)'
holds "and stood still before" 'group_by(.port) | all(.[0].rates.sent == 0)'
holds "no sample before its time" 'group_by(.port) | all(. as $line |
	[range(1; length)] | all($line[.].time - $line[. - 1].time >= 100000000))'

looks stat --watch=50ms --count 25 selftest/stat
result $? "for people"
[ "$(grep -c '^SERVICE .* SENT/s ' "$tmp/said")" -eq 3 ]
result $? "with a heading now and then"
[ "$(grep -c '^selftest/stat ' "$tmp/said")" -eq 50 ]
result $? "and a line for each port, each time"

tell ahead 5
counts "five are under way" '$client.depth == 5 and $client.depth_most == 5 and
	$client.sent == 1607 and $server.received == 1601'

# What comes while it is watched.
: >"$tmp/told"
$patience "$sluice" stat --watch=100ms --json example/calls >"$tmp/said" 2>"$tmp/told" 3>&- &
watching=$!
until grep -q 'no services' "$tmp/told"; do	# the first sample has been taken
	sleep 0.02
done
"$O/examples/calls-server" >"$tmp/server" 3>&- &
server=$!
"$O/examples/calls-client" --calls 500 >/dev/null
until_it_says '"role":"server".*"sent":500,'
holds "a port that came since has risen from nothing" 'map(select(.role == "server")) |
	.[-1].counters.sent == 500 and ((map(.rates.sent) | add) * 0.1 | . > 300 and . < 501)'
kill $server
wait $server

terminal "stat" stat
closed stat

# ---- leftovers

kill -9 "$pid"
let_go 2>/dev/null
looks stat selftest/stat
result $? "ports that were left behind"
says "are marked" "^selftest/stat  *client\.0 dead  *$pid  *1607 "
looks stat --json selftest/stat
holds "also as JSON" 'length == 2 and all(.alive == false and .comm == null) and
	.[0].counters.sent == 1607'
# ---- nonsense

# rubbish FILE: all that a port has counted is the most there is
rubbish() {
	head -c 144 /dev/zero | tr '\0' '\377' |
		dd of="$1" bs=1 seek=128 conv=notrunc status=none
}
ports=$(echo "$SLUICE_ROOT"/default/services/*/ports)
rubbish "$ports/client.0"
looks stat
[ $? -eq 0 ] && grep -q '^selftest/stat  *client\.0 dead' "$tmp/said"
result $? "a process that writes nonsense"
looks stat --json
holds "also as JSON" 'length == 2 and .[0].counters.sent > 1e18 and .[0].counters.idle == 0'
watch
rubbish "$ports/server.0"
until_it_says '"role":"server".*"sent":9223372036854775807,'
holds "while it is watched" 'map(select(.role == "server")) | map(.rates.sent) | max > 1e15'
mv "$ports/server.0" "$ports/$(printf 'x\033y\tz')"
looks stat
says "a name that is not fit to print" '^selftest/stat  *x\\x1by\\x09z dead'
looks ls --tree --json
holds "also as JSON" '.[0].services[0].ports[1].entry == "x\u001by\tz"'

$patience "$sluice" stat --watch=10ms >/dev/full 2>"$tmp/told"
[ $? -eq 1 ] && grep -q '^sluice stat: cannot write: ' "$tmp/told"
result $? "nowhere to write to"

# ---- the command line

wrong stat --count 5
wrong stat --watch --count 0
wrong stat --watch --count many
wrong stat --watch=0
wrong stat --watch=soon
wrong stat --tree
wrong stat --domain a/b
help_fits stat
finish
