#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo-bridge.sh - what `make demo-bridge` runs once examples and tools are built
#
# Two root directories stand for two hosts, and a NATS server of its own for the network.  The
# server of the growing slices is on one host and their client on the other.  The bridge of
# the server's host is killed under way and started again.  Exits 0 only if each round before
# and after that was answered.
#
#	O	where the build is: build

: "${O:=build}"

tmp=$(mktemp -d) || exit 1
started=
trap 'kill $started 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$tmp/far" "$tmp/near"
unset SLUICE_DOMAIN

fail()
{
	echo "demo-bridge: $*" >&2
	exit 1
}

# Runs the rest of the command on a host, with a label in front of what it prints.
on()
{
	SLUICE_ROOT=$tmp/$1
	export SLUICE_ROOT
	label=$2
	shift 2
	mkfifo "$tmp/pipe"
	sed -u "s/^/$label | /" <"$tmp/pipe" &
	"$@" >"$tmp/pipe" 2>&1 &
	last=$!
	started="$started $last"
	rm "$tmp/pipe"
}

# Waits half a minute for a command to succeed.
await()
{
	end=$(($(date +%s) + 30))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || fail "this did not come about: $*"
		sleep 0.1
	done
}

is_served()
{
	SLUICE_ROOT=$tmp/near "$O/tools/sluice" ls | grep -q 'growing-slices .* 1  *0 '
}

is_gone()
{
	! SLUICE_ROOT=$tmp/near "$O/tools/sluice" ls 2>&1 | grep -q growing-slices
}

rounds()
{
	await is_served
	on near "client     " "$O/examples/growing-slices-client" --interval 0 --rounds 10
	wait "$last" || fail "a round was not answered"
}

command -v nats-server >/dev/null || fail "there is no nats-server"
nats-server -a 127.0.0.1 -p -1 --ports_file_dir "$tmp" -l "$tmp/log" &
started=$!
await test -s "$tmp/nats-server_$!.ports"
url=$(grep -o 'nats://[^"]*' "$tmp/nats-server_$!.ports" | head -n 1)

on far "server     " "$O/examples/growing-slices-server"
on far "bridge far " "$O/tools/sluice" bridge offer example/growing-slices --nats "$url"
offer=$last
on near "bridge near" "$O/tools/sluice" bridge use example/growing-slices --nats "$url"
rounds

echo "demo-bridge: the bridge of the server's host is killed"
kill -9 "$offer"
await is_gone
echo "demo-bridge: and started again"
on far "bridge far " "$O/tools/sluice" bridge offer example/growing-slices --nats "$url"
rounds
echo "demo-bridge: all rounds were answered"
