#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The example on-demand is started by its first client, answers, says to systemd how it is, and
# ends when idle; and its units are units.  systemd-socket-activate listens, as systemd would.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

command -v systemd-socket-activate >/dev/null || skip_all "no systemd-socket-activate"
server=$(realpath "$O/examples/on-demand-server")
SLUICE_ROOT=$tmp/root
NOTIFY_SOCKET=$tmp/notify
WATCHDOG_USEC=400000
export SLUICE_ROOT NOTIFY_SOCKET WATCHDOG_USEC
mkdir -m 700 "$SLUICE_ROOT"

path=$("$server" --path)
test "${path%/*}" = "$SLUICE_ROOT/default/activation"
result $? "the server says where clients look"
grep -q "=%t/sluice/default/activation/${path##*/}$" Documentation/examples/on-demand.socket
result $? "on-demand.socket listens there"

# What a server tells systemd, a line each.
cat >"$tmp/listen.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
PY

# until_says WORD FILE PID: it does so while the process lives
until_says() {
	until grep -qs "$1" "$2"; do
		kill -0 "$3" 2>/dev/null || return
		sleep 0.05
	done
}

ask() {
	timeout 60 "$O/examples/adder-client" >"$tmp/output" 2>&1 &&
		grep -qx '40 + 2 = 42' "$tmp/output"
}

# on_demand: nobody is there until the first client comes, and nobody after the last one
on_demand() {
	rm -f "$NOTIFY_SOCKET" "$path" "$tmp/told" "$tmp/log"
	/usr/bin/python3 "$tmp/listen.py" "$NOTIFY_SOCKET" >"$tmp/told" &
	listener=$!
	until_says listening "$tmp/told" $listener
	(umask 077 && mkdir -p "${path%/*}")
	systemd-socket-activate --seqpacket -l "$path" -E SLUICE_ROOT -E SLUICE_CONFIG \
		-E SLUICE_WAIT -E NOTIFY_SOCKET -E WATCHDOG_USEC "$server" 2 2>"$tmp/log" &
	manager=$!
	until_says Listening "$tmp/log" $manager
	result $? "somebody listens, $1"
	test -z "$(ls "$SLUICE_ROOT/default/services" 2>/dev/null)"
	result $? "nobody has the service open, $1"
	ask
	result $? "the first client starts the server, $1"
	ask
	result $? "the next client asks the same one, $1"
	wait $manager 2>"$tmp/output"
	result $? "it ends when idle, $1"
	until_says STOPPING=1 "$tmp/told" $listener
	kill $listener
	wait $listener 2>/dev/null
	cp "$tmp/told" "$tmp/output"
	[ "$(sed -n 2p "$tmp/told")" = READY=1 ] && [ "$(tail -n 1 "$tmp/told")" = STOPPING=1 ]
	result $? "it says when it is ready and when it stops, $1"
	[ "$(grep -c WATCHDOG=1 "$tmp/told")" -ge 4 ]
	result $? "and that it is alive, $1"
	grep -c Execing "$tmp/log" | grep -qx 1
	result $? "it was started once, $1"
}

for wait in auto socket; do
	SLUICE_WAIT=$wait
	export SLUICE_WAIT
	on_demand $wait
done
unset NOTIFY_SOCKET WATCHDOG_USEC SLUICE_WAIT

# The server with a socket of its own, which is what it is without a manager.
"$server" 60 &
alone=$!
ask
result $? "it serves without a manager, too"
kill $alone && wait $alone 2>/dev/null

mkdir "$tmp/units"
cp Documentation/examples/on-demand.* "$tmp/units"
sed -i "s|^ExecStart=[^ ]*|ExecStart=$server|" "$tmp/units/on-demand.service"
if command -v systemd-analyze >/dev/null; then
	# What it does not know it names, and succeeds all the same.
	units_are_right() {
		systemd-analyze verify --user --man=no --recursive-errors=no \
			"$tmp/units/on-demand.socket" "$tmp/units/on-demand.service" \
			>"$tmp/said" 2>&1 && ! grep "$tmp/units" "$tmp/said"
	}
	export XDG_RUNTIME_DIR="$tmp/units"
	check "systemd-analyze finds nothing in the units" units_are_right
	sed -i s/^WatchdogSec/WatchdogSecs/ "$tmp/units/on-demand.service"
	refuse "and finds a fault" units_are_right
else
	skip "systemd-analyze finds nothing in the units" "no systemd-analyze"
fi

finish
