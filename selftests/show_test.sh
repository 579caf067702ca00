#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice show: the contract as it was written, the counters as they must be after traffic of
# known counts, and the memory as /proc has it; of the living and of the dead.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/tap.sh
. selftests/tap.sh
# shellcheck source=selftests/looking.sh
. selftests/looking.sh

# ---- nothing

looks show example/calls
fails "a service that is not there" 1 '^sluice show: there is no service example/calls in default below'
looks show example/calls --json
fails "nor as JSON" 1 'there is no service'

# ---- an example

serve calls
"$O/examples/calls-client" --calls 1000 >/dev/null
looks show example/calls
result $? "the server of an example"
says "it has received what the client has sent" '^  received  *1000, 7\.8 KiB$'
says "and answered" '^  sent  *1000, 15\.6 KiB$'
says "its process" "^  process  *$server, calls-server\$"
looks show example/calls --json
holds "the object of these keys" '.[0] | keys == ["domain", "root", "service"]'
holds "its service" '.[0].service | keys == ["alive", "clients", "dead", "hash", "name", "pids",
	"ports", "request", "request_header", "response", "response_header", "servers", "settings"]'
holds "its ports" '.[0].service.ports[0] | keys == ["alive", "comm", "counters", "entry", "memory",
	"node", "node_name", "pid", "port", "role", "wait"]'
holds "and counters" '.[0].service.ports[0].counters | keys == ["active", "blocked", "depth",
	"depth_most", "expired", "growths", "idle", "loaned", "overflows", "peers", "polled",
	"received", "received_bytes", "segment_bytes", "segments", "sent", "sent_bytes",
	"violations", "woken"]'
holds "which are right to the last message" '.[0].service.ports[0].counters |
	.sent == 1000 and .sent_bytes == 16000 and .received == 1000 and .received_bytes == 8000 and
	.loaned == 0 and .depth == 0 and .depth_most >= 1 and .peers == 0 and .violations == 0 and
	.polled + .woken >= 1000 and .idle > 0'
now=$(date +%s)
holds "the time of the last is that of a clock" \
	".[0].service.ports[0].counters.active / 1e9 | . > $now - 100 and . < $now + 100"

terminal "show" show example/calls
closed show example/calls
kill $server
wait $server

# ---- everything is other than usual

start "$O/selftests/show_test" 25
pid=$(pid_of $program)
looks show selftest/show
result $? "a service that has everything"
says "its request" '^  request  *point\[\], 24 bytes each, aligned to 8$'
says "its header" '^  request header  *label, 20 bytes, aligned to 1$'
says "its settings" '^  max_borrowed  *10$'
says "its flag" '^  flags  *no_request_overflow$'
says "its client" '^client\.0 [0-9a-f]*$'
says "how it waits" '^  node  *show, waits through \(io_uring\|sockets\)$'
says "when it was active" '^  active .* ago$'
looks show selftest/show --json
holds "types" '.[0].service |
	.request == {name: "point", size: 24, alignment: 8, slice: true, fingerprint: null} and
	.response == .request and
	.request_header == {name: "label", size: 20, alignment: 1, slice: false, fingerprint: null} and
	.response_header == {name: "uint64_t", size: 8, alignment: 8, slice: false, fingerprint: null}'
holds "settings" '.[0].service.settings == {max_clients: 3, max_servers: 2, max_active_requests: 5,
	max_loaned_requests: 6, max_loaned_replies: 7, response_buffer: 9, max_borrowed: 10,
	flags: ["no_request_overflow"]}'
holds "25 round trips of 48 bytes, at either end" '.[0].service.ports | length == 2 and
	all(.counters | .sent == 25 and .received == 25 and .sent_bytes == 1200 and
	    .received_bytes == 1200 and .peers == 1 and .loaned == 0 and .depth == 0)'
holds "the client comes first" '.[0].service.ports | map(.role) == ["client", "server"]'
holds "the process of both" ".[0].service | .pids == [$pid] and
	(.ports | all(.pid == $pid and .comm == \"show_test\"))"

# ---- memory

# segments ROLE: how many memfds of such ports the process has, and their bytes
segments() {
	for fd in "/proc/$pid/fd"/*; do
		case $(readlink "$fd") in
		*sluice-"$1"-*) stat -Lc %s "$fd" ;;
		esac
	done | awk '{ sum += $1 } END { print NR, sum }'
}
for role in client/requests server/replies; do
	# shellcheck disable=SC2046 # two numbers
	set -- $(segments ${role#*/})
	holds "memory of the ${role%/*}, $1 segments of $2 bytes" \
		".[0].service.ports[] | select(.role == \"${role%/*}\") |
		 $1 > 0 and (.memory | length == $1 and (map(.size) | add) == $2 and
			     all(.allocated > 0)) and
		 .counters.segments == $1 and .counters.segment_bytes == $2"
done
looks show selftest/show
says "a line for each segment" '^  segment  .* of it allocated$'

if [ -n "$other" ]; then
	# Who may read the registry need not be one who may look into the process.
	chmod -R a+rX "$SLUICE_ROOT"
	$patience $other "$tmp/sluice" show selftest/show >"$tmp/said" 2>"$tmp/told"
	says "another user, who may read the registry" '^  received  *25, 1\.2 KiB$'
	says "but not the memory" '^  segments  *not readable$'
	$patience $other "$tmp/sluice" show selftest/show --json >"$tmp/said" 2>"$tmp/told"
	holds "likewise as JSON" '.[0].service.ports | all(.memory == null and .counters.sent == 25)'
else
	skip "another user, who may read the registry" "this is not root, or there is no setpriv"
fi

# ---- leftovers

kill -9 "$pid"
let_go 2>/dev/null
looks show selftest/show
result $? "a service that was left behind"
says "is marked" '^selftest/show, left behind'
says "so are its ports" '^client\.0 [0-9a-f]*, dead: left behind$'
looks show selftest/show --json
holds "also as JSON" '.[0].service | .alive == false and .dead == 2 and .pids == [] and
	(.ports | all(.alive == false and .comm == null and .memory == []))'
holds "what they counted is still there" '.[0].service.ports | all(.counters.sent == 25)'

# ---- who waits otherwise

SLUICE_WAIT=socket
export SLUICE_WAIT
start "$O/selftests/show_test" 1
looks show selftest/show
says "sockets" '^  node  *show, waits through sockets$'
looks show selftest/show --json
holds "likewise as JSON" '.[0].service.ports | all(.wait == "socket")'
let_go

# ---- the command line

wrong show
wrong show one two
wrong show selftest/show --tree
wrong show selftest/show --domain a/b
help_fits show
finish
