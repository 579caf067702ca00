#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice gc removes what killed processes have left, all of it, and lists it; with
# --dry-run it lists the same and removes nothing.  What lives beside it is not touched
# and goes on to answer, however many of them run at once.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

program=$O/selftests/tools/gc_test
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
unset SLUICE_DOMAIN
umask 077
mkdir "$SLUICE_ROOT"

gc() {	# gc OPTION...: what it says is in $tmp/said
	timeout 60 "$O/tools/sluice" gc "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	return $status
}

# ran NAME STATUS OPTION...
ran() {
	what=$1 wanted=$2
	shift 2
	gc "$@"
	[ $? -eq "$wanted" ]
	result $? "$what"
}

says() {	# says NAME PATTERN
	grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

nothing() {	# nothing NAME: there was nothing, which is no data
	[ ! -s "$tmp/said" ] && grep -q 'nothing was left behind in the domain' "$tmp/told"
	result $? "$1"
}

never() {	# never NAME PATTERN
	! grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

holds() {	# holds NAME JQ-CONDITION: on the lines of $tmp/said, as one array
	jq -s -e "$2" "$tmp/said" >"$tmp/output" 2>&1
	result $? "$1"
}

lines() {	# lines NAME NUMBER
	[ "$(wc -l <"$tmp/said")" -eq "$2" ]
	result $? "$1"
}

names() {	# all that is in the registry
	find "$SLUICE_ROOT" -mindepth 1 | sort
}

# members NAME EXPECTED: so the nodes that have example/calls open are called there
members() {
	ls "$SLUICE_ROOT/default/services/e463f812b2f0d607/ports" >"$tmp/output"
	[ "$(grep '^node' "$tmp/output" | tr '\n' ' ')" = "$2" ]
	result $? "$1"
}

none() {	# none NAME: the registry is empty
	names >"$tmp/output"
	[ ! -s "$tmp/output" ]
	result $? "$1"
}

# start COMMAND...: its process is $started; it has a port when this returns
start() {
	"$@" >"$tmp/started" 2>&1 &
	started=$!
	until "$O/tools/sluice" ls --json | grep -q "\"pids\":\[[0-9,]*\<$started\>"; do
		kill -0 $started || break
		sleep 0.02
	done 2>/dev/null
}

slay() {	# slay PID: and wait until it is dead
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# ---- nothing

ran "no domain at all" 0
nothing "it says so, not on standard output"
ran "as JSON" 0 --json
[ ! -s "$tmp/said" ] && [ ! -s "$tmp/told" ]
result $? "it says nothing"
none "it makes nothing"

# ---- the killed

start "$O/examples/calls-server"
server=$started
start "$O/examples/calls-client" --calls 100000000
client=$started
before=$(names)
ran "two that live" 0
nothing "nothing is theirs"
[ "$(names)" = "$before" ]
result $? "and nothing is gone"
slay $client
slay $server

before=$(names)
ran "what is left of them, with --dry-run" 0 --dry-run
says "the server's port" "^would remove port server\.0 of example/calls, of process $server\$"
says "the client's port" "^would remove port client\.0 of example/calls, of process $client\$"
says "the service" '^would remove service example/calls, e463f812b2f0d607$'
says "the server's node" "^would remove node calls-server, [0-9a-f]\{16\}, of process $server\$"
says "the client's node" "^would remove node calls-client, [0-9a-f]\{16\}, of process $client\$"
lines "and nothing else, nor the names that the nodes have in the service" 5
members "which are there" "node.0 node.1 "
[ "$(names)" = "$before" ]
result $? "nothing is removed"
if command -v jq >/dev/null; then
	ran "the same as JSON" 0 --dry-run --json
	holds "with the same keys in each line" \
		'length == 5 and all(keys == ["entry", "id", "kind", "name", "pid", "removed", "service"])'
	holds "kinds" 'map(.kind) | sort == ["node", "node", "port", "port", "service"]'
	holds "nothing removed" 'all(.removed == false)'
	holds "the server's port" \
		".[] | select(.entry == \"server.0\") | .service == \"example/calls\" and .pid == $server"
else
	skip "JSON" "there is no jq"
fi
ran "and now really" 0
lines "the same, and the domain" 6
says "the domain" '^removed domain default$'
none "nothing is left"
ran "once more" 0
nothing "nothing"

# ---- beside the living

start "$O/examples/calls-server"
living=$started
start "$O/examples/calls-server"
server=$started
start "$O/examples/adder-server"
other=$started
slay $server
slay $other
members "a killed node has a name in the service" "node.0 node.1 "
ran "the dead of a service that lives, with --dry-run" 0 --dry-run
members "the name is still there" "node.0 node.1 "
doctor=$("$O/tools/sluice" doctor | grep -o 'nodes [0-9]*, ports [0-9]*, services [0-9]*')
[ "$doctor" = "nodes 2, ports 2, services 1" ]
result $? "the doctor counts nodes by their records"
ran "and now really" 0
members "only that of the living is left" "node.0 "
says "the port" "^removed port server\.1 of example/calls, of process $server\$"
says "a service that nobody has open" '^removed service example/adder, '
never "not the one that lives" "service example/calls\|process $living"
never "nor the domain" '^removed domain'
[ "$(find "$SLUICE_ROOT" -name '*.sock' | wc -l)" -eq 2 ]
result $? "its two sockets are there, and no others"
check "it answers" timeout 60 "$O/examples/calls-client" --calls 1000
kill -TERM $living
wait $living 2>/dev/null
ran "and what it leaves, if anything" 0

# ---- domains

SLUICE_DOMAIN=robot
export SLUICE_DOMAIN
start "$O/examples/calls-server"
slay $started
unset SLUICE_DOMAIN
ran "another domain" 0
nothing "is not looked at"
ran "unless it is named" 0 --domain robot
says "then it is" '^removed domain robot$'
none "nothing is left"

# ---- the locks of the dead

start "$program" orphan
until [ -s "$tmp/started" ]; do
	kill -0 $started || break
	sleep 0.02
done 2>/dev/null
read -r parent child <"$tmp/started"
ran "a parent that lives" 0
nothing "is left alone"
slay "$parent"
if [ -e /proc/self/ns/pid ] && [ "$(uname -r | cut -d. -f1)" -ge 6 ]; then
	ran "a dead one, whose child has its locks" 0
	says "the port" "^removed port server\.0 of selftest/gc, of process $parent\$"
	says "the node" "^removed node orphan, [0-9a-f]\{16\}, of process $parent\$"
else
	skip "a dead one, whose child has its locks" "the kernel does not tell the dead apart"
fi
kill -KILL "$child"
while grep -q '^State:[[:space:]]*[^Z]' "/proc/$child/status"; do
	sleep 0.02
done 2>/dev/null
ran "when the child has gone too" 0
none "nothing is left"

# ---- cut short

services=$SLUICE_ROOT/default/services
mkdir -p "$services/0123456789abcdef.gone/ports" "$services/0123456789abcdef.gone/servers" \
	"$services/00000000000000aa" "$services/00000000000000bb" "$SLUICE_ROOT/default/nodes"
touch "$services/0123456789abcdef.gone/contract" "$services/0123456789abcdef.gone/ports/client.7"
touch -d '1 hour ago' "$services/00000000000000aa"
ran "services whose removal, or making, was cut short" 0
says "one that was renamed already" '^removed remains 0123456789abcdef\.gone$'
says "one that was never filled" '00000000000000aa$'
never "not one that is being made, maybe" '00000000000000bb'
rm -rf "$SLUICE_ROOT/default"

# ---- what is not understood, or not safe

mkdir -p "$SLUICE_ROOT/default/nodes" "$services" "$tmp/elsewhere/ports"
echo "not a record" >"$SLUICE_ROOT/default/nodes/00000000000000cc"
echo "precious" >"$tmp/elsewhere/contract"
ln -s "$tmp/elsewhere" "$services/00000000000000dd"
gc
[ -e "$SLUICE_ROOT/default/nodes/00000000000000cc" ]
result $? "a file that is no record stays"
[ -e "$tmp/elsewhere/contract" ] && [ -L "$services/00000000000000dd" ]
result $? "a symbolic link is not followed"
rm -rf "$SLUICE_ROOT/default"
chmod 777 "$SLUICE_ROOT"
mkdir "$SLUICE_ROOT/default"
ran "a root that others can write to is not touched" 1
[ -s "$tmp/told" ] && [ ! -s "$tmp/said" ]
result $? "and it is said why"
chmod 700 "$SLUICE_ROOT"
rmdir "$SLUICE_ROOT/default"

# ---- many at once, beside those that come and go, and some that are killed

for i in 1 2 3 4; do
	timeout 120 "$program" visit 100 >"$tmp/visitor.$i" 2>&1 &
	eval "visitor$i=$!"
done
for i in 1 2 3; do
	start "$O/examples/adder-server"
	slay $started
done
cleaners=
for i in $(seq 50); do
	timeout 120 "$O/tools/sluice" gc >"$tmp/gc.$i" 2>&1 &
	cleaners="$cleaners $!"
done
failed=0
for cleaner in $cleaners; do
	wait "$cleaner" || failed=$((failed + 1))
done
cat "$tmp"/gc.* >"$tmp/output"
[ $failed -eq 0 ]
result $? "50 at once"
for i in 1 2 3 4; do
	eval "wait \$visitor$i"
	status=$?
	cp "$tmp/visitor.$i" "$tmp/output"
	result $status "one that comes and goes, $i"
done
sort "$tmp"/gc.* | grep '^removed \(port\|node\)' | uniq -d >"$tmp/output"
[ ! -s "$tmp/output" ]
result $? "nothing was removed by two"
gc
none "nothing is left"

# ---- several users

# as USER COMMAND...: in the group of the root directory
as() {
	user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --groups 65531 "$@"
}

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	skip "a root directory of several users" "needs root, and setpriv"
else
	chmod 711 "$tmp"
	install -d -m 755 "$tmp/bin"
	install -m 755 "$O/tools/sluice" "$O/examples/calls-server" "$tmp/bin"
	shared=$tmp/shared
	install -d -m 3770 -o 0 -g 65531 "$shared"
	SLUICE_ROOT=$shared
	start setpriv --reuid 65533 --regid 65533 --groups 65531 "$tmp/bin/calls-server"
	gc
	nothing "of what lives nothing is left, in a root directory of several users"
	as 65532 "$tmp/bin/sluice" gc >"$tmp/output" 2>&1
	result $? "nor for another user"
	slay "$started"
	as 65532 "$tmp/bin/sluice" gc >"$tmp/output" 2>&1
	[ $? -eq 1 ] && grep -q 'cannot remove node' "$tmp/output"
	result $? "another user cannot remove the dead"
	as 65533 "$tmp/bin/sluice" gc --dry-run >"$tmp/output" 2>&1
	[ "$(grep -c '^would remove' "$tmp/output")" -eq 3 ]
	result $? "their own user can"
	ran "and root" 0
	lines "of all three" 3
	[ -d "$shared/default/nodes" ] && [ -d "$shared/default/services" ]
	result $? "the domain stays"
	SLUICE_ROOT=$tmp/root
fi

# ---- the command line

wrong() {
	bad_usage "$*" timeout 60 "$O/tools/sluice" gc "$@"
}
wrong --no-such-option
wrong --domain
wrong --domain a/b
wrong more
ran "help" 0 --help
says "has examples" '^  sluice gc --dry-run'
never "fits a terminal" '^.\{81\}'
start "$O/examples/adder-server"
slay $started
"$O/tools/sluice" gc --dry-run >/dev/full 2>"$tmp/output"
[ $? -eq 1 ]
result $? "a full disk is told of"
gc
finish
