#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bridge through a NATS server that demands TLS, a password and permissions: with all of
# them requests are carried, and without one of them it says why not.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/bridging.sh
. selftests/kit/bridging.sh

command -v openssl >/dev/null || skip_all "there is no openssl"

# certificate NAME: a key, and a certificate for 127.0.0.1 that it has signed itself
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=127.0.0.1" \
		-addext "subjectAltName=IP:127.0.0.1" -keyout "$tmp/$1.key" -out "$tmp/$1.pem"
}

check "a certificate for the NATS server" certificate server
check "and another one" certificate stranger
cat >"$tmp/nats.conf" <<END
tls { cert_file: "$tmp/server.pem", key_file: "$tmp/server.key" }
authorization {
	users = [
		{ user: bridge, password: right,
		  permissions: { publish: "sluice.1.>", subscribe: "sluice.1.>" } }
	]
}
END
check "nats-server starts" start_nats -c "$tmp/nats.conf"

# refused NAME PATTERN ARGUMENT...: a bridge is not connected, and says why
refused() {
	what=$1 pattern=$2
	shift 2
	: >"$tmp/use"
	SLUICE_ROOT=$near
	"$sluice" bridge use test/echo "$@" >"$tmp/use" 2>&1 &
	bridge=$!
	children="$children $bridge"
	until_true said "$tmp/use" "$pattern" && ! said "$tmp/use" 'is connected'
	status=$?
	cp "$tmp/use" "$tmp/output"
	stop $bridge
	result $status "$what"
}

with_password=tls://bridge:right@127.0.0.1:$port
refused "a wrong password is refused" 'Authorization\|does not take this bridge' \
	--nats "tls://bridge:wrong@127.0.0.1:$port" --tls-ca "$tmp/server.pem"
refused "a server with another certificate is not trusted" 'SSL\|certificate\|No server available' \
	--nats "$with_password" --tls-ca "$tmp/stranger.pem"
! "$sluice" bridge use test/echo --nats "$with_password" --tls-ca "$tmp/absent.pem" \
	>"$tmp/output" 2>&1 && grep -q '^sluice bridge: cannot connect' "$tmp/output"
result $? "a file that is not there is an error at once"

serve_far test/echo
url=$with_password
: >"$tmp/use"
both test/echo --tls-ca "$tmp/server.pem"
result $? "with TLS and the password both bridges are connected"
near_call test/echo secret
[ "$(cat "$tmp/said")" = secret ]
result $? "and carry a request, within their permissions"
! grep -qi 'permission' "$tmp/offer" "$tmp/use"
result $? "of which they need no more"

finish
