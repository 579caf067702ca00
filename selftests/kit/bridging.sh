# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# bridging.sh - for the tests of sluice bridge: a nats-server of the test's own, and two root
# directories that stand for two hosts, far (with servers) and near (with clients).  Comes
# after tap.sh.

# shellcheck source=selftests/kit/sandbox.sh
. selftests/kit/sandbox.sh

command -v nats-server >/dev/null || skip_all "there is no nats-server"
"$sluice" bridge --help >"$tmp/output" 2>&1 ||
	skip_all "$(sed 's/^sluice bridge: //;q' "$tmp/output")"

far=$tmp/far near=$tmp/near
mkdir -m 700 "$far" "$near"
children=
# shellcheck disable=SC2154 # tap.sh has it
trap 'kill -CONT $children 2>/dev/null; kill $children 2>/dev/null; wait; rm -rf "$tmp"' EXIT

# until_true COMMAND...: waits; fails when half a minute has passed
until_true() {
	patient_until=$(($(date +%s) + 30))
	until "$@" >"$tmp/waited" 2>&1; do
		[ "$(date +%s)" -lt $patient_until ] || return
		sleep 0.05
	done
}

# served_near SERVICE, gone_near SERVICE: the near host has a server of it, or none
served_near() {
	SLUICE_ROOT=$near
	until_true sh -c "'$sluice' ls --json |
		jq -e '.services[] | select(.name == \"$1\") | .servers == 1'"
}
gone_near() {
	SLUICE_ROOT=$near
	until_true sh -c "! '$sluice' ls 2>&1 | grep -q '$1'"
}

# said FILE PATTERN [TIMES]: a line of the file matches, or so many
said() {
	[ "$(grep -c -e "$2" "$1" 2>/dev/null)" -ge "${3:-1}" ]
}

# start_nats OPTION...: a NATS server, $nats, at $url; it has the same port each time
start_nats() {
	nats-server -a 127.0.0.1 -p "${port:--1}" --ports_file_dir "$tmp" "$@" \
		>>"$tmp/nats.log" 2>&1 &
	nats=$!
	children="$children $nats"
	ports=$tmp/nats-server_$nats.ports
	until_true test -s "$ports" || return
	url=$(jq -r '.nats[0]' "$ports")
	port=${url##*:}
}

# start_bridge ROOT WORD...: its process is $bridge, and what it says is in $tmp/WORD
start_bridge() {
	SLUICE_ROOT=$1
	shift
	"$sluice" bridge "$@" --nats "$url" --timeout 5s >>"$tmp/$1" 2>&1 &
	bridge=$!
	children="$children $bridge"
}

# serve_far ARGUMENT...: sluice serve on the far host; its process is $server
serve_far() {
	SLUICE_ROOT=$far
	"$sluice" serve "$@" >"$tmp/served" 2>"$tmp/logged" &
	server=$!
	children="$children $server"
	until_true said "$tmp/logged" ' serves '
}

# stop PROCESS...: ends processes that are children, and waits for them
stop() {
	kill "$@" 2>/dev/null
	wait "$@" 2>/dev/null
}

# shellcheck disable=SC2034 # the tests use them
# both SERVICE OPTION...: bridges on both hosts, $offer and $use; it is served on the near host
both() {
	: >"$tmp/offer"
	: >"$tmp/use"
	start_bridge "$far" offer "$@"
	offer=$bridge
	until_true said "$tmp/offer" ' offers ' || return
	start_bridge "$near" use "$@"
	use=$bridge
	until_true said "$tmp/use" ' serves '
}

# near_call ARGUMENT...: sluice call on the near host
near_call() {
	SLUICE_ROOT=$near
	quietly call --timeout 30s "$@"
}
