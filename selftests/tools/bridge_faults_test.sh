#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bridge when something breaks: a bridge is killed or stopped, the NATS server is
# killed, a bridge ends.  Each request that is under way fails once, and the next one works.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/bridging.sh
. selftests/kit/bridging.sh

check "nats-server starts" start_nats
serve_far test/slow sleep 600
both test/slow
result $? "a service is offered on one host and served on the other"

# pending NUMBER: a request is under way, the server has had so many
pending() {
	served_near test/slow || return
	"$sluice" call test/slow --timeout 60s x >"$tmp/called" 2>&1 &
	call=$!
	SLUICE_ROOT=$far
	until_true sh -c "'$sluice' stat --json | jq -s -e 'any(..; .received? == $1)'"
}

# ends_with PATTERN: the request that is under way fails so
ends_with() {
	wait $call
	[ $? -eq 1 ] && cp "$tmp/called" "$tmp/output" && grep -q -e "$1" "$tmp/called"
}

pending 1
result $? "a request is under way"
kill -9 $offer
ends_with 'status 104, bridge: '
result $? "it fails when the bridge of the other host dies"
start_bridge "$far" offer test/slow
offer=$bridge
pending 2
result $? "another bridge takes its place"
kill -STOP $offer
ends_with 'status 104, bridge: '
result $? "a request fails when the bridge of the other host is silent"
kill -CONT $offer
until_true said "$tmp/logged" 'its client has gone' 2
result $? "whose server is told when it goes on"

pending 3
result $? "the next request is under way"
kill -9 $nats
wait $nats 2>"$tmp/waited"
ends_with 'status 104, bridge: '
result $? "it fails when the NATS server dies"
start_bridge "$far" offer test/later
until_true said "$tmp/offer" 'not there yet'
result $? "a bridge that comes before the NATS server waits for it"
later=$bridge
start_nats
pending 4
result $? "bridges connect again, and carry requests again"

until_true said "$tmp/offer" 'is connected' 4
result $? "so does the one that came before it"
stop $later
stop $use
ends_with 'status 104, bridge: the using bridge has ended'
result $? "a bridge that ends ends its requests"
kill -0 $offer
result $? "and the other one goes on"

finish
