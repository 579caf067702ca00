#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice show: the contract as it was written, the counters as they must be after traffic of
# known counts, and the memory as /proc has it; of the living and of the dead.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

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
says "it is open to this user" '^  mode  *0600$'
says "and no group" '^  group  *none$'
says "it has no flag" '^  flags  *none$'
looks show example/calls --json
holds "the object of these keys" '.[0] | keys == ["domain", "root", "service"]'
holds "its service" '.[0].service | keys == ["alive", "attributes", "clients", "dead", "fields", "hash", "name",
	"nodes", "pids", "ports", "request", "request_header", "response", "response_header",
	"servers", "settings"]'
holds "its settings, which are the usual ones but for one" '.[0].service.settings == {max_clients: 256,
	max_servers: 32, max_nodes: 512, max_active_requests: 32, max_loaned_requests: 8,
	max_loaned_replies: 8, response_buffer: 8, max_borrowed: 8, max_fds: 0,
	request_alignment: 1, response_alignment: 1, mode: "0600", group: null, group_name: null,
	flags: []}'
holds "nothing is said of it" '.[0].service.attributes == []'
holds "its ports" '.[0].service.ports[0] | keys == ["alive", "comm", "counters", "entry", "memory",
	"name", "node", "node_name", "other_pid_namespace", "pid", "port", "role", "wait"]'
holds "and counters" '.[0].service.ports[0].counters | keys == ["active", "blocked", "depth",
	"depth_most", "expired", "growths", "idle", "loaned", "overflows", "peers", "polled",
	"received", "received_bytes", "segment_bytes", "segments", "sent", "sent_bytes",
	"violations", "woken"]'
holds "which are right to the last message" '.[0].service.ports[0].counters |
	.sent == 1000 and .sent_bytes == 16000 and .received == 1000 and .received_bytes == 8000 and
	.loaned == 0 and .depth == 0 and .depth_most >= 1 and .peers == 0 and .violations == 0 and
	.polled + .woken > 0 and .polled + .woken <= 1000 and .idle > 0'
now=$(date +%s)
holds "the time of the last is that of a clock" \
	".[0].service.ports[0].counters.active / 1e9 | . > $now - 100 and . < $now + 100"

terminal "show" show example/calls
closed show example/calls
kill $server
wait $server

# ---- everything is other than usual

start "$O/selftests/tools/show_test" 25
pid=$(pid_of $program)
group=$(stat -c %g "$SLUICE_ROOT")
group_name=$(stat -c %G "$SLUICE_ROOT")
looks show selftest/show
result $? "a service that has everything"
says "its request" '^  request  *point\[\], 24 bytes each, aligned to 8$'
says "its header" '^  request header  *label, 20 bytes, aligned to 1$'
says "its settings" '^  max_borrowed  *10$'
says "the newer of them" '^  response_alignment  *128$'
says "its mode" '^  mode  *0660$'
says "its group" "^  group  *$group, $group_name\$"
says "its flags" '^  flags  *no_request_overflow, no_response_overflow, no_fire_and_forget$'
says "who has it open" '^  nodes  *2$'
says "an attribute" '^  attribute  *place = front$'
says "another of the same key" '^  attribute  *place = left$'
says "one without a value" '^  attribute  *spare = *$'
says "one that is not fit to print" '^  attribute  *rude = \\x1b\[2J\\x0a$'
says "its client, which has a name" '^client\.0 "camera" [0-9a-f]*$'
says "its server, which has none" '^server\.0 [0-9a-f]*$'
says "how it waits" '^  node  *show, waits through \(io_uring\|sockets\)$'
says "when it was active" '^  active .* ago$'
looks show selftest/show --json
holds "types" '.[0].service |
	.request == {name: "point", size: 24, alignment: 8, slice: true, fingerprint: null} and
	.response == .request and
	.request_header == {name: "label", size: 20, alignment: 1, slice: false, fingerprint: null} and
	.response_header == {name: "uint64_t", size: 8, alignment: 8, slice: false, fingerprint: null}'
holds "settings" '.[0].service.settings == {max_clients: 3, max_servers: 2, max_active_requests: 5,
	max_nodes: 4, max_loaned_requests: 6, max_loaned_replies: 7, response_buffer: 9,
	max_borrowed: 10, max_fds: 11, request_alignment: 64, response_alignment: 128, mode: "0660",
	group: '"$group"', group_name: "'"$group_name"'",
	flags: ["no_request_overflow", "no_response_overflow", "no_fire_and_forget"]}'
holds "attributes" '.[0].service.attributes == [{key: "place", value: "front"},
	{key: "place", value: "left"}, {key: "spare", value: ""}, {key: "rude", value: "\u001b[2J\n"}]'
holds "names of ports" '.[0].service.ports | map(.name) == ["camera", null]'
holds "both nodes that have it open" '.[0].service.nodes == 2'
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

# ---- records that are not as the library writes them

# spoil OFFSET BYTES: a copy of the service, whose name begins with S, has these bytes
# there, as printf %b has them
services=$SLUICE_ROOT/default/services
original=$services/$(jq -r .service.hash "$tmp/said")
copy=$services/00000000000000aa
spoil() {
	rm -rf "$copy"
	cp -r "$original" "$copy"
	rm -f "$copy"/servers/*
	printf S | patch 16
	printf %b "$2" | patch "$1"
}
patch() {
	dd of="$copy/contract" bs=1 seek="$1" conv=notrunc status=none
}
refused() {	# refused NAME: the copy cannot be read
	looks ls --json
	holds "$1 is refused" '.[0].unreadable == 1 and (.[0].services | length == 1)'
}
letters='kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'

spoil 16 S
looks ls --json
holds "a copy" '.[0].unreadable == 0 and (.[0].services | map(.name) == ["Selftest/show", "selftest/show"])'
spoil 1532 '\0205'
looks show Selftest/show --json
holds "a flag of a later version" \
	'.[0].service.settings.flags == ["no_request_overflow", "no_fire_and_forget", "0x80"]'
looks show Selftest/show
says "likewise for people" '^  flags  *no_request_overflow, no_fire_and_forget, 0x80$'
spoil 12 '\0021'
refused "one attribute more than there can be"
spoil 12 '\0005'
refused "one more than there is in the file"
spoil 12 '\0003'
refused "one less"
spoil 1600 '\0000'
refused "an attribute without a key"
spoil 1600 $letters
refused "a key without an end"
spoil 1664 $letters$letters$letters$letters
refused "a value without an end"
for offset in 1496 1500 1504 1508 1512 1516 1520 1524 1536 1540; do
	spoil $offset '\0000'
	refused "the setting at $offset, if it is 0,"
done
spoil 1536 '\0060'
refused "an alignment of 48"
spoil 1540 '\0000\0040'
refused "an alignment of 8192"
spoil 1544 '\0377\0001'
refused "a mode of 0777"
spoil 272 '\0002'
refused "another messaging pattern"
spoil 276 '\0003'
refused "three kinds of message"
spoil 16 S
printf '\001' | dd of="$copy/ports/server.0" bs=1 seek=36 conv=notrunc status=none
looks ls --json
holds "a server that dials is refused" \
	'.[0].unreadable == 1 and .[0].services[0].dead == 1'
spoil 16 S
printf %s $letters |
	dd of="$copy/ports/client.0" bs=1 seek=56 conv=notrunc status=none
looks ls --json
holds "a port's name without an end is refused" \
	'.[0].unreadable == 1 and .[0].services[0].dead == 1'
rm -rf "$copy"

# ---- leftovers

kill -9 "$pid"
let_go 2>/dev/null
looks show selftest/show
result $? "a service that was left behind"
says "is marked" '^selftest/show, left behind'
says "so are its ports" '^client\.0 "camera" [0-9a-f]*, dead: left behind$'
says "nobody has it open" '^  nodes  *0$'
looks show selftest/show --json
holds "also as JSON" '.[0].service | .alive == false and .dead == 2 and .pids == [] and
	(.ports | all(.alive == false and .comm == null and .memory == []))'
holds "what they counted is still there" '.[0].service.ports | all(.counters.sent == 25)'

# ---- who waits otherwise

SLUICE_WAIT=socket
export SLUICE_WAIT
start "$O/selftests/tools/show_test" 1
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
