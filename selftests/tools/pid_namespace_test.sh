#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Who lives, and who is dead, is the same for all verbs, also where processes of the domain
# are in another pid namespace, as in containers that share a root directory: the kernel's
# list of locks does not show theirs, and their pids mean nothing here.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

apart="unshare --pid --fork --mount-proc --kill-child"
$apart true 2>/dev/null || apart="unshare --user --map-root-user --pid --fork --mount-proc --kill-child"
$apart true 2>/dev/null || skip_all "no pid namespace can be made"

# apart VERB...: the verb in a pid namespace of its own
apart() {
	# shellcheck disable=SC2086 # words of a command
	timeout 60 $apart "$sluice" "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	{ echo "exit status $status"; cat "$tmp/told" "$tmp/said"; } >"$tmp/output"
	return $status
}

# judged WHERE: what all say of a server that lives, whose namespace is another one
judged() {
	apart ls --json
	holds "$1: ls has a service that lives" '.[0].services[0] | .alive and .servers == 1 and
		.dead == 0 and .nodes == 1 and (.pids | length) == 1'
	apart ls
	says "$1: ls has its server" '^example/calls .* 0  *1  *0 '
	apart ls --tree
	says "$1: ls --tree says where it is" 'server\.0 .*other pid namespace'
	apart show example/calls
	says "$1: show has a server" '^server\.0 [0-9a-f]*$'
	says "$1: and says where it is" '^  process .*other pid namespace'
	apart show example/calls --json
	holds "$1: show has it so" '.[0].service | .alive and (.ports[0] | .alive and
		.other_pid_namespace and .comm == null)'
	apart stat --json
	holds "$1: stat has it so" '.[0] | .alive and .other_pid_namespace'
	apart stat
	says "$1: stat counts it" '^example/calls  *server\.0  *[0-9]'
	apart top --count 1 --interval 0.05
	says "$1: top counts it" '1 service, 1 port,'
	apart doctor
	says "$1: the doctor finds nothing dead" '^ok *leftovers .*have left nothing.*live: 1$'
	apart gc --dry-run
	grep -q 'nothing was left behind' "$tmp/told"
	result $? "$1: gc finds nothing to remove"
}

serve calls
judged "a server outside"
"$sluice" ls --tree --json >"$tmp/said" 2>"$tmp/told"
holds "who is in its namespace knows more" '.[0].services[0].ports[0] |
	.other_pid_namespace == false and .comm != null'

# What is dead is dead in every namespace; a name that is locked is not touched.
kill -KILL $server
wait $server 2>/dev/null
apart ls --json
holds "a dead server outside is dead for ls" '.[0].services[0] | (.alive | not) and .servers == 0 and
	.dead == 1 and .nodes == 0'
apart ls --tree
says "and for ls --tree" 'server\.0 .*  dead  '
apart doctor
says "and for the doctor" '^note *leftovers .*nodes 1, ports 1, services 1$'
apart gc
says "and for gc" '^removed port server\.0 of example/calls'
apart ls
[ ! -s "$tmp/said" ] && grep -q 'no services' "$tmp/told"
result $? "which removes it"

# From a namespace beside that of the server.
# shellcheck disable=SC2086 # words of a command
$apart "$O/examples/calls-server" >"$tmp/server" 2>&1 &
inside=$!
trap 'kill $inside 2>/dev/null; rm -rf "$tmp"' EXIT
until "$sluice" ls --json 2>"$tmp/told" | jq -e '.services[0].servers == 1' >"$tmp/output"; do
	kill -0 $inside || break
	sleep 0.05
done
judged "a server inside"
kill -KILL $inside
wait $inside 2>/dev/null
until ! "$sluice" ls --json 2>"$tmp/told" | jq -e '.services[0].servers == 1' >"$tmp/output"; do
	sleep 0.05
done
apart ls --json
holds "it is dead for ls, too, when it was killed" '.[0].services[0] | (.alive | not) and .dead == 1'
apart gc
says "and for gc" '^removed port server\.0 of example/calls'

finish
