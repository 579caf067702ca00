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

# ---- A root directory that is none

# no_root DIRECTORY PATTERN: each verb that looks at a domain there fails, and says so
no_root() {
	for verb in ls "ls --json" "ls --tree" stat "stat --json" "show some/service" gc \
			"gc --dry-run" "call some/service" "top --count 1 --interval 0.01"; do
		# shellcheck disable=SC2086 # words of a command
		SLUICE_ROOT=$1 run $verb
		[ $status -eq 1 ] && [ ! -s "$tmp/said" ] && grep -q "$2" "$tmp/told"
		result $? "sluice $verb: $2"
	done
}

no_root "$tmp/nowhere" "there is no such root directory"
no_root "$tmp/nowhere/at/all" "there is no such root directory"
: >"$tmp/file"
no_root "$tmp/file" "the root directory is a file, or a symbolic link"
no_root "$tmp/file/below" "the root directory is a file, or a symbolic link"
ln -s "$SLUICE_ROOT" "$tmp/link"
no_root "$tmp/link" "the root directory is a file, or a symbolic link"
SLUICE_ROOT=$tmp/nowhere/at/all run doctor
grep -q "^problem *root .*cannot be made" "$tmp/output"
result $? "the doctor finds a root directory that nobody can make"
SLUICE_ROOT=$tmp/nowhere run doctor
grep -q "^ok *root .* is made by the first node" "$tmp/output"
result $? "and none that the first node makes"
grep -q "^ok *leftovers .*no root directory yet" "$tmp/output"
result $? "in which nothing can be left"
mkdir -m 700 "$tmp/empty"
SLUICE_ROOT=$tmp/empty run ls
[ $status -eq 0 ] && grep -q "no services" "$tmp/told"
result $? "a root directory in which there is no domain is no failure"

finish
