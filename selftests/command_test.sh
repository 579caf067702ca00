#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What is the same for all verbs of the sluice command: which descriptors they start with,
# what they say when nothing can be written, and how they are asked for help.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/tap.sh
. selftests/tap.sh

sluice=$(cd "$O" && pwd)/tools/sluice
export SLUICE_ROOT="$tmp/root"
unset SLUICE_DOMAIN NO_COLOR
mkdir -m 700 "$SLUICE_ROOT"

verbs=$("$sluice" help | sed -n 's/^  \([a-z][a-z]*\)  *.*/\1/p' | grep -vx -e help -e version)
[ "$(echo "$verbs" | wc -w)" -ge 10 ] || skip_all "help lists no verbs"

# run ARGUMENT...: its output is in $tmp/said and $tmp/told, its status in $status
run() {
	timeout 60 "$sluice" "$@" </dev/null >"$tmp/said" 2>"$tmp/told"
	status=$?
	{ echo "sluice $*: exit status $status"; cat "$tmp/told" "$tmp/said"; } >"$tmp/output"
}

# serve_adder: there is a server of example/adder, $server
serve_adder() {
	"$O/examples/adder-server" >"$tmp/server" 2>&1 &
	server=$!
	trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
	until "$sluice" ls 2>"$tmp/told" | grep -q example/adder; do
		kill -0 $server || return
		sleep 0.05
	done
}

# ---- Descriptors 0, 1 and 2 that are closed are /dev/null, and no file of ours

serve_adder
cat >"$tmp/descriptors" <<'END'
for fd in 0 1 2; do
	readlink "/proc/$1/fd/$fd"
done
END

# bare NAME VERB...: it runs while its descriptors are looked at
bare() {
	what=$1
	shift
	"$sluice" "$@" <&- >&- 2>&- &
	bare=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sh "$tmp/descriptors" $bare >"$tmp/output" 2>&1
		[ "$(grep -cx /dev/null "$tmp/output")" -eq 3 ] && break
		kill -0 $bare 2>/dev/null || break
		sleep 0.2
	done
	[ "$(grep -cx /dev/null "$tmp/output")" -eq 3 ]
	result $? "$what has no file of its own as standard descriptor"
	kill $bare 2>/dev/null
	wait $bare 2>/dev/null
}

bare "serve" serve test/bare
bare "top" top --interval 1min
bare "stat" stat --watch=1min
bare "call" call example/adder --hex 00000000000000000000000000000000 \
	--count 2 --rate 0.01

# ---- What cannot be written

if [ -c /dev/full ]; then
	for verb in help version; do
		"$sluice" $verb >/dev/full 2>"$tmp/output"
		[ $? -eq 1 ] && grep -q "^sluice $verb: cannot write: No space left" "$tmp/output"
		result $? "sluice $verb says that it cannot be written"
	done
	for option in --help --version; do
		"$sluice" $option >/dev/full 2>"$tmp/output"
		[ $? -eq 1 ] && grep -q '^sluice [a-z]*: cannot write: No space' "$tmp/output"
		result $? "so does sluice $option"
	done
	for verb in $verbs; do
		"$sluice" "$verb" --help >/dev/full 2>"$tmp/output"
		[ $? -eq 1 ] && [ "$(grep -c "^sluice $verb: cannot write" "$tmp/output")" -eq 1 ]
		result $? "so does sluice $verb --help"
	done
else
	skip "what cannot be written" "there is no /dev/full"
fi

finish
