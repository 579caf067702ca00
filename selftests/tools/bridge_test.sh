#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bridge: requests and responses of two hosts, which are two root directories, over a
# NATS server of the test.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/bridging.sh
. selftests/kit/bridging.sh

# ---- The command line

bad_usage "no words" "$sluice" bridge
bad_usage "another word" "$sluice" bridge lend test/x
bad_usage "no service" "$sluice" bridge offer
bad_usage "two services" "$sluice" bridge use test/x test/y
bad_usage "a pattern" "$sluice" bridge offer 'test/*'
bad_usage "a timeout below a second" "$sluice" bridge use test/x --timeout 10ms
bad_usage "a limit beyond all" "$sluice" bridge use test/x --message-limit 5G

check "nats-server starts" start_nats

# ---- One service, one request

serve_far test/echo
both test/echo
result $? "a service is offered on one host and served on the other"
near_call test/echo 'good morning'
[ $status -eq 0 ] && [ "$(cat "$tmp/said")" = "good morning" ]
result $? "a request is answered by a server of the other host"
near_call test/echo ''
[ $status -eq 0 ]
result $? "and an empty one"

# Longer than max_payload of NATS (1 MiB), with a piece at its end.
head -c 5000003 /dev/urandom >"$tmp/long"
near_call test/echo --file "$tmp/long" --raw
cmp "$tmp/long" "$tmp/said" >"$tmp/output" 2>&1
result $? "a long message goes in parts"
near_call test/echo --count 500 ping
[ $status -eq 0 ] && [ "$(grep -c '^ping$' "$tmp/said")" -eq 500 ]
result $? "many requests, one after the other"

SLUICE_ROOT=$near
quietly ls --json
[ "$(jq -r '.services[0].servers' "$tmp/said")" = 1 ]
result $? "the bridge is a server of the near host"
quietly stat --json
cp "$tmp/said" "$tmp/output"
jq -s -e 'any(..; .received? == 503)' "$tmp/said" >/dev/null
result $? "whose counters count"

# ---- No bridge sends on what has come from a bridge

: >"$tmp/circle"
SLUICE_ROOT=$near
"$sluice" bridge offer test/echo --nats "$url" --network other >"$tmp/circle" 2>&1 &
circle=$!
children="$children $circle"
until_true said "$tmp/circle" 'would send its requests back'
result $? "a service that a bridge serves here is not offered"
stop $circle

# ---- The contract is compared

SLUICE_ROOT=$near
: >"$tmp/use2"
stop $use
gone_near test/echo
"$sluice" serve test/echo --type long:8:8 >"$tmp/other" 2>&1 &
other=$!
children="$children $other"
until_true said "$tmp/other" ' serves '
start_bridge "$near" use test/echo
use=$bridge
until_true said "$tmp/use" 'service test/echo has request.*, and'
result $? "another type is refused, with the sentence of the library"
said "$tmp/use" 'does not serve the service: service test/echo'
result $? "and nothing is served"
stop $other
until_true said "$tmp/use" ' serves ' 2
result $? "it is served when the difference is gone"

# ---- No server

stop $server
until_true said "$tmp/offer" 'has no server here'
result $? "without a server the service is not offered"
gone_near test/echo
result $? "and not served on the near host"
serve_far test/echo
served_near test/echo
result $? "a server that comes is reached again"
near_call test/echo again
[ "$(cat "$tmp/said")" = again ]
result $? "and answers"
stop $offer $use $server

# ---- Streams, statuses, deadlines, cancelling

serve_far test/lines --lines -- sh -c 'seq 1 400; exit 0'
both test/lines
near_call test/lines go
seq 1 400 >"$tmp/wanted"
tail -n 1 "$tmp/wanted" >"$tmp/output"
[ $status -eq 0 ] && cmp "$tmp/wanted" "$tmp/said" >>"$tmp/output" 2>&1
result $? "a stream comes in order, and ends"
stop $offer $use $server

# More than all queues hold together: who is not read holds its server up, and nothing is lost.
serve_far test/many --require no_response_overflow --lines -- seq 1 5000
both test/many
near_call test/many go
seq 1 5000 >"$tmp/wanted"
cmp "$tmp/wanted" "$tmp/said" >"$tmp/output" 2>&1
result $? "where responses do not overflow, a long stream loses none"
stop $offer $use $server

serve_far test/slow sleep 600
both test/slow
SLUICE_ROOT=$near
quietly call test/slow --timeout 1s x
until_true said "$tmp/logged" 'its client \(waits no longer\|has gone\)'
result $? "a deadline holds on the other host"
"$sluice" call test/slow --timeout 60s x >"$tmp/said" 2>&1 &
call=$!
SLUICE_ROOT=$far
until_true sh -c "'$sluice' stat --json | jq -s -e 'any(..; .received? == 2)'"
kill -9 $call
wait $call 2>"$tmp/waited"
until_true said "$tmp/logged" 'its client has gone' 
result $? "a client that dies cancels its request"
stop $offer $use $server

# ---- User headers and growing slices, types of fixed size, statuses

SLUICE_ROOT=$far
"$O/examples/growing-slices-server" >"$tmp/growing" 2>&1 &
server=$!
children="$children $server"
both example/growing-slices
SLUICE_ROOT=$near
$patience "$O/examples/growing-slices-client" --interval 0 --rounds 12 >"$tmp/output" 2>&1
result $? "growing slices with user headers"
stop $offer $use $server

mkdir "$tmp/files"
echo content >"$tmp/files/there"
if [ -x "$O/examples/file-server-server" ]; then
	SLUICE_ROOT=$far
	"$O/examples/file-server-server" "$tmp/files" >"$tmp/filed" 2>&1 &
	server=$!
	children="$children $server"
	both example/file-server
	SLUICE_ROOT=$near
	$patience "$O/examples/file-server-client" there >"$tmp/said" 2>"$tmp/output"
	[ "$(cat "$tmp/said")" = content ]
	result $? "a program that is not ours asks"
	! $patience "$O/examples/file-server-client" missing >"$tmp/said" 2>"$tmp/output" &&
		grep -q 'No such file' "$tmp/output"
	result $? "the status of a server comes with its text"
	stop $offer $use $server
else
	skip "statuses" "there is no example file-server"
fi

finish
