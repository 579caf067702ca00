#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice monitor: a line for what is there, and for each that comes, goes and dies.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

# monitor ARGUMENT...: it runs as $monitor, and prints into $tmp/said
monitor() {
	"$sluice" monitor "$@" >"$tmp/said" 2>"$tmp/told" 3>&- &
	monitor=$!
}

# prints PATTERN N: so many lines of what was printed match, after a while
prints() {
	until [ "$(grep -c -e "$1" "$tmp/said")" -ge "$2" ]; do
		kill -0 $monitor 2>"$tmp/output" || break
		sleep 0.05
	done
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	[ "$(grep -c -e "$1" "$tmp/said")" -eq "$2" ]
}

# ---- What is there, comes, goes and dies

serve adder
monitor --json
prints '"all told"' 1
result $? "what is there is told to its end"
holds "a service and a server" 'map([.change, .kind, .service, .entry]) == [
	["is there", "service", "example/adder", null],
	["is there", "server", "example/adder", "server.0"],
	["all told", null, null, null]]'
holds "lines of these keys" 'all(keys == ["change", "entry", "kind", "name", "node", "pid", "port",
	"service", "time"])'
holds "and values" ".[1] | .pid == $server and (.port | length) == 16 and (.node | length) == 16 and
	.name == null"
kill $server
wait $server
prints '"went"\|"died"' 1
result $? "a server that was killed is told of"
holds "as dead" '.[3] | .change == "died" and .kind == "server" and .pid != null'
serve adder
prints '"came","kind":"server"' 1
result $? "another one comes, and the first is told of once"
holds "with an id of its own" '.[-1].port != .[1].port'
kill -INT $monitor
wait $monitor
result $? "^C ends it"
"$sluice" gc >"$tmp/output" 2>&1

# ---- For people, by name, and so many

monitor --count 2
wait $monitor
result $? "two lines, and it ends"
says "the service" '^[0-9:.]*  is there  service  example/adder$'
says "the server" "^[0-9:.]*  is there  server   example/adder  server\.[0-9]  pid $server\$"
monitor --changes 'example/*'
# Until it has begun, clients come and go unseen.
until grep -q 'came .* client ' "$tmp/said" && grep -q 'went .* client ' "$tmp/said"; do
	kill -0 $monitor 2>"$tmp/output" || break
	"$O/examples/adder-client" >"$tmp/client" 2>&1
done
kill -0 $monitor 2>"$tmp/output"
result $? "a client comes and goes"
! grep -q 'is there' "$tmp/said"
result $? "what is there already is left out"
kill -TERM $monitor
wait $monitor
monitor other/service
"$O/examples/adder-client" >"$tmp/client" 2>&1
sleep 0.1
[ ! -s "$tmp/said" ]
result $? "other services are left out"
kill -TERM $monitor
wait $monitor

# ---- What cannot be

wrong monitor --count 0
wrong monitor --count many
wrong monitor --tree
looks monitor --domain a/b
fails "a name that is no domain is refused" 2 'a/b'
help_fits monitor
if [ -c /dev/full ]; then
	"$sluice" monitor >/dev/full 2>"$tmp/output"
	[ $? -eq 1 ] && grep -q 'cannot write' "$tmp/output"
	result $? "output that cannot be written ends it"
fi

kill $server
wait $server
finish
