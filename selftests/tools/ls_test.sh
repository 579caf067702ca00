#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice ls: who is there is listed, who is dead is told apart, and nothing of a stranger's
# gets to the terminal; with one port and with a thousand.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

names=$O/selftests/tools/ls_test

# ---- nothing

looks ls
fails "no service at all" 0 "^sluice ls: no services in default below $SLUICE_ROOT\$"
looks ls --domain elsewhere --json
[ $? -eq 0 ] && [ -s "$tmp/told" ]
result $? "no domain, and that is no failure"
holds "an object all the same" \
	'.[0] | .domain == "elsewhere" and .services == [] and .unreadable == 0'
holds "of these keys" '.[0] | keys == ["domain", "root", "services", "unreadable"]'

# ---- an example

serve calls
looks ls
result $? "one service"
says "a heading" '^SERVICE  *REQUEST  *RESPONSE  *CLIENTS  *SERVERS  *DEAD  *PIDS$'
says "its types, and who is there" "^example/calls  *call  *root  *0  *1  *0  *$server\$"
looks ls --json
holds "the service of these keys" '.[0].services[0] | keys == ["alive", "clients", "dead", "hash",
	"name", "nodes", "pids", "request", "request_header", "response", "response_header",
	"servers"]'
holds "and values" ".[0].services[0] | .name == \"example/calls\" and .alive and
	.nodes == 1 and .clients == 0 and .servers == 1 and .dead == 0 and .pids == [$server] and
	.request == {name: \"call\", size: 8, alignment: 8, slice: false, fingerprint: null} and
	.response == {name: \"root\", size: 16, alignment: 8, slice: false, fingerprint: null} and
	.request_header == null and (.hash | test(\"^[0-9a-f]{16}\$\"))"
looks ls --tree
says "a tree" '^example/calls: call to root$'
says "its leaves" "^  server\.0  [0-9a-f]*  pid $server  calls-server  node calls-server\$"
looks ls --tree --json
holds "a port of these keys" '.[0].services[0].ports[0] | keys == ["alive", "comm", "entry", "name",
	"node", "node_name", "other_pid_namespace", "pid", "port", "role", "wait"]'
holds "and values" ".[0].services[0].ports | length == 1 and (.[0] | .role == \"server\" and
	.entry == \"server.0\" and .alive and .pid == $server and .comm == \"calls-server\" and
	.node_name == \"calls-server\" and (.wait == \"uring\" or .wait == \"socket\") and
	(.port | test(\"^[0-9a-f]{16}\$\")))"

# names EXPECTED ARGUMENT...: so many services are listed
named() {
	expected=$1
	shift
	looks ls --json "$@"
	holds "$expected of $*" ".[0].services | length == $expected"
}
named 1 example/calls
named 1 'example/*'
named 1 nothing '*'
named 0 example
named 0 'call*'
looks ls 'call*'
fails "nothing of that name" 0 "^sluice ls: no services of that name in default"
named 0 --domain elsewhere

terminal "ls" ls
closed ls

# ---- what cannot be read

services=$SLUICE_ROOT/default/services
hash=$(ls "$services")
echo "this is no port" >"$services/$hash/ports/client.7"
looks ls
[ $? -eq 0 ] && grep -q '^sluice ls: 1 entry could not be read' "$tmp/told"
result $? "an entry that is none is counted"
looks ls --json
holds "also as JSON" '.[0] | .unreadable == 1 and .services[0].dead == 0'
rm "$services/$hash/ports/client.7"
$patience "$sluice" ls >/dev/full 2>"$tmp/told"
[ $? -eq 1 ] && grep -q '^sluice ls: cannot write: ' "$tmp/told"
result $? "nowhere to write to"

# ---- leftovers

kill -9 $server
wait $server 2>/dev/null
looks ls
says "a process that was killed" '^example/calls  *call  *root  *0  *0  *1  *left behind$'
looks ls --tree
says "its port is dead" "^  server\.0  [0-9a-f]*  pid $server  dead  node calls-server\$"
looks ls --tree --json
holds "likewise as JSON" '.[0].services[0] | .alive == false and .servers == 0 and .dead == 1 and
	.pids == [] and (.ports[0] | .alive == false and .comm == null)'
if command -v script >/dev/null; then
	TERM=xterm $patience script -qec "$sluice ls" /dev/null </dev/null >"$tmp/said" 2>&1
	says "dim on a terminal" "^$escape\[2mexample/calls.*$escape\[0m"
else
	skip "dim on a terminal" "there is no script"
fi

# ---- others

start "$names" empty
looks ls
says "a service that has only been opened" '^selftest/crowd  *uint8_t\[\]  *uint64_t  *0  *0  *0  *-$'
! grep -q example/calls "$tmp/said"
result $? "and whoever opens one removes what is left behind"
let_go

start "$names" rude
looks ls
[ "$(tr -d ' -~\n' <"$tmp/said" | wc -c)" -eq 0 ] && [ "$(wc -l <"$tmp/said")" -eq 2 ]
result $? "strings that are not fit to print"
says "what of them is" '^rude\\x1b\[2J\\x07\\x0a\\x09"\\\\xff  *rude'
looks ls --tree
[ "$(tr -d ' -~\n' <"$tmp/said" | wc -c)" -eq 0 ] && grep -q '^  client\.0 "rude\\x1b.*node rude\\x1b' "$tmp/said"
result $? "also of ports and nodes"
looks ls --json --tree
holds "and as JSON" '.[0].services[] | select(.clients == 1) | .name == "rude\u001b[2J\u0007\n\t\"\\\ufffd" and
	(.ports[0].node_name == .name) and (.ports | map(.name) == [.[0].node_name, .[0].node_name])'
let_go

# Where the locale has the characters they are shown, and each column begins below the
# other, though bytes, characters and columns differ: two bytes and a column; three bytes
# and two columns; a letter and a mark on it.  What turns writing round is escaped.
if [ "$(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)" = UTF-8 ]; then
	start "$names" foreign
	LC_ALL=C.UTF-8 looks ls
	grep -q '^größe/漢字/e[^ ]*/\\xe2\\x80\\xae  uint8_t' "$tmp/said"
	result $? "UTF-8 is shown where the locale has it"
	grep -q '^SERVICE \{20\}REQUEST' "$tmp/said"
	result $? "and columns are as wide as it is"
	LC_ALL=C looks ls
	says "and escaped where it has not" '^gr\\xc3\\xb6\\xc3\\x9fe/'
	looks ls --json
	holds "JSON has it everywhere" 'any(.[].services[]; .name == "größe/漢字/e\u0301/\u202e")'
	let_go
else
	skip "UTF-8 in names" "there is no C.UTF-8"
fi

# ---- domains

rm -rf "$SLUICE_ROOT/default"
looks ls --domains
fails "no domain" 0 "^sluice ls: no domains below $SLUICE_ROOT\$"
looks ls --domains --json
holds "no domain, as JSON" ".[0] == {root: \"$SLUICE_ROOT\", domains: []}"
: >"$SLUICE_ROOT/file"
mkdir "$SLUICE_ROOT/.made" "$SLUICE_ROOT/unsafe" "$SLUICE_ROOT/empty"
chmod 777 "$SLUICE_ROOT/unsafe"
serve calls
SLUICE_DOMAIN=robot "$O/examples/adder-server" >"$tmp/robot" 2>&1 3>&- &
robot=$!
until "$sluice" ls --domain robot 2>"$tmp/told" | grep -q adder; do
	kill -0 $robot || break
	sleep 0.02
done
looks ls --domains
says "domains have a heading" '^DOMAIN  *NODES  *SERVICES  *CLIENTS  *SERVERS  *DEAD$'
says "the one that is usual" '^default  *1  *1  *0  *1  *0$'
says "another one" '^robot  *1  *1  *0  *1  *0$'
says "one in which nobody is" '^empty  *0  *0  *0  *0  *0$'
says "and one that is not safe" '^unsafe  *-  *-  *-  *-  *-$'
[ "$(wc -l <"$tmp/said")" -eq 5 ]
result $? "and no others"
kill -9 $robot
wait $robot 2>/dev/null
looks ls --domains --json
holds "they are so as JSON" '.[0].domains | map(.name) == ["default", "empty", "robot", "unsafe"] and
	.[2] == {name: "robot", readable: true, services: 1, nodes: 0, clients: 0, servers: 0,
		 dead: 1, unreadable: 0} and
	.[3] == {name: "unsafe", readable: false, services: null, nodes: null, clients: null,
		 servers: null, dead: null, unreadable: null}'
SLUICE_ROOT=$tmp/nowhere looks ls --domains
fails "no root" 1 'there is no such root directory'
wrong ls --domains --tree
wrong ls --domains example/calls
wrong ls --domains --domain robot
kill $server
wait $server
rm -rf "${SLUICE_ROOT:?}/"*

# ---- a thousand

if ! start "$names" crowd 1000; then
	skip "a thousand clients" "$(cat "$tmp/told")"
else
	pid=$(pid_of $program)
	looks ls selftest/crowd
	says "a thousand clients" "^selftest/crowd  *uint8_t\[\]  *uint64_t  *1000  *1  *0  *$pid\$"
	looks ls --tree --json selftest/crowd
	holds "each of them" '.[0].services[0].ports | length == 1001 and
		(map(.port) | unique | length == 1001)'
	holds "in order" '.[0].services[0].ports | map(.entry) ==
		[range(1000) | "client.\(.)"] + ["server.0"]'
	looks ls --tree selftest/crowd
	[ "$(grep -c "^  client.*pid $pid  ls_test  node crowd\$" "$tmp/said")" -eq 1000 ]
	result $? "in a tree"
	looks show selftest/crowd --json
	holds "shown" '.[0].service.ports | length == 1001 and all(.memory != null)'
	looks stat selftest/crowd --json
	holds "with counters" 'length == 1001 and all(.counters.sent == 0)'
	kill -9 "$pid"
	let_go 2>/dev/null
	looks ls selftest/crowd --json
	holds "a thousand dead" '.[0].services[0] | .clients == 0 and .dead == 1001'
fi

# ---- the command line

wrong ls --no-such-option
wrong ls --domain
wrong ls --domain a/b
wrong ls --domain .hidden
wrong ls --json=yes
help_fits ls
# ---- a root directory that cannot be

relative() {	# relative VERB ARGUMENT...
	SLUICE_ROOT=relative timeout 60 "$O/tools/sluice" "$@" >"$tmp/output" 2>&1
	[ $? -ne 0 ] && grep -q 'SLUICE_ROOT is "relative", and must be an absolute path' "$tmp/output" &&
		[ ! -e relative ]
	result $? "a relative root is refused: $1"
}
for verb in ls stat gc doctor; do
	relative $verb
done
relative show selftest/any
relative call selftest/any

finish
