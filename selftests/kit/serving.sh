# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# serving.sh - for tests of sluice call, sluice serve and others that print payloads: servers that
# run until the test ends, and calls.  Comes after tap.sh.

# shellcheck source=selftests/kit/sandbox.sh
. selftests/kit/sandbox.sh

servers=
trap 'kill $servers 2>/dev/null; wait; rm -rf "$tmp"' EXIT

# serving OPTION... SERVICE COMMAND...: it serves when this returns; its process is
# $server, its output in $tmp/served and $tmp/logged
serving() {
	: >"$tmp/logged"
	"$sluice" serve "$@" >"$tmp/served" 2>"$tmp/logged" &
	server=$!
	servers="$servers $server"
	until grep -q ' serves ' "$tmp/logged"; do
		kill -0 $server || return
		sleep 0.02
	done
}

# echoing PROGRAM: one that prints "ready".  It serves when this returns; its process is $server
echoing() {
	: >"$tmp/ready"
	"$1" >"$tmp/ready" 2>"$tmp/logged" &
	server=$!
	servers="$servers $server"
	until grep -q ready "$tmp/ready"; do
		kill -0 $server || return
		sleep 0.02
	done
}

ended() {	# of $server, before another one is looked at
	kill $server
	wait $server 2>/dev/null
	"$sluice" gc >/dev/null 2>&1
}

# call ARGUMENT...: see quietly; its limit is longer than on a machine that is not loaded
call() {
	quietly call --timeout 50s "$@"
}
