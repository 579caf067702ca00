#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What is the same for all verbs of the sluice command: which descriptors they start with,
# what they say when nothing can be written, and how they are asked for help.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

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

# ---- Words that are not quite right

# means STATUS WORD ARGUMENT...: it ends with that status, and asks whether this was meant
means() {
	wanted=$1 meant=$2
	shift 2
	run "$@"
	[ $status -eq "$wanted" ] && [ ! -s "$tmp/said" ] &&
		grep -q "^sluice.*; did you mean $meant?\$" "$tmp/told"
	result $? "sluice $*: did you mean $meant?"
}

# no_idea ARGUMENT...: it fails, and no word is near
no_idea() {
	run "$@"
	[ $status -ne 0 ] && ! grep -q 'did you mean' "$tmp/told"
	result $? "sluice $*: nothing is like it"
}

means 2 show sohw
means 2 ls lst
means 2 config conf
means 2 doctor DOCTER
means 2 --domain ls --doman x
means 2 --tree ls --treee
means 2 --count call example/adder --cuont 3
means 2 --request-type serve --reqest-type a:1:1 test/x
means 2 --watch stat --wacth=3
means 2 --interval top --intervall 3
means 2 --dry-run gc --dryrun
means 2 --rounds bench --roudns=3
means 2 max_clients config --explain max_client
means 1 example/adder show example/ader
means 1 example/adder show adder
means 1 example/adder call exmaple/adder --hex 00
means 0 example/adder ls example/addder
means 0 example/adder stat Example/Adder
no_idea frobnicate
no_idea ls --frobnicate
no_idea show entirely/different
no_idea show a

# once PATTERN ARGUMENT...: asked wrongly, and one sentence says what is wrong
once() {
	pattern=$1
	shift
	run "$@"
	[ $status -eq 2 ] && [ ! -s "$tmp/said" ] && grep -q "^sluice $1: $pattern\$" "$tmp/told" &&
		[ "$(wc -l <"$tmp/told")" -eq 2 ]
	result $? "sluice $*: $pattern"
}

once '--domain needs a value' ls --domain
once '--domain needs a value' show x -d
once '--json takes no value' ls --json=yes
once 'there is no option -x' stat -x
once 'several options begin with --req' serve --req x
once 'x is no value for --count' top -n x
once 'x is no value for --rounds' bench --rounds x

# ---- What terminals obey stays in no sentence, whoever has said it

rude=$(printf 'a\033[2Jb')
for arguments in "$rude" "ls --$rude" "ls -d $rude" "show $rude" "call $rude x" "serve --type $rude x" \
		"bench $rude" "bench --rounds $rude" "top $rude" "stat --count=$rude" "gc $rude" \
		"config --explain $rude" "config --check $rude" "doctor $rude" "types $rude" \
		"call example/adder $rude" "call example/adder --file $rude" "help $rude"; do
	# shellcheck disable=SC2086 # words of a command
	run $arguments
	! grep -q "$(printf '\033')" "$tmp/told" "$tmp/said"
	result $? "an escape sequence in sluice $(echo "$arguments" | tr '\033' '^')"
done

# ---- Short forms

for verb in $verbs; do
	run "$verb" --help
	cp "$tmp/said" "$tmp/help"
	run "$verb" -h
	[ $status -eq 0 ] && cmp -s "$tmp/said" "$tmp/help" && [ -s "$tmp/said" ] &&
		[ ! -s "$tmp/told" ]
	result $? "sluice $verb -h is --help"
done
run -h
[ $status -eq 0 ] && grep -q '^usage: sluice VERB' "$tmp/said"
result $? "sluice -h is help"

# as SHORT-ARGUMENTS -- LONG-ARGUMENTS: both print the same, but for ids and times
as() {
	: >"$tmp/short"
	while [ "$1" != -- ]; do
		printf '%s\n' "$1" >>"$tmp/short"
		shift
	done
	shift
	run "$@"
	grep . "$tmp/said" | tr -d '0-9' >"$tmp/wanted"
	wanted=$*
	# shellcheck disable=SC2046 # words of a command
	run $(cat "$tmp/short")
	tr -d '0-9' <"$tmp/said" | cmp - "$tmp/wanted" >>"$tmp/output" 2>&1 && [ -s "$tmp/wanted" ]
	result $? "sluice $(tr '\n' ' ' <"$tmp/short")is $wanted"
}

as ls -l -- ls --tree
as ls -ld default --json -- ls --tree --domain default --json
as show -d default example/adder -- show --domain=default example/adder
as top -n 2 --interval 0.02 --json -d default -- top --count 2 --interval 0.02 --json --domain default
as stat --watch=0.02 -n 2 -d default -- stat --watch=0.02 --count 2 --domain default
as call example/adder --hex 01000000000000000200000000000000 -n 2 -d default -- \
	call example/adder --hex 01000000000000000200000000000000 --count 2 --domain default
run gc -n -d default
[ $status -eq 0 ] && grep -q 'nothing was left behind in the domain default' "$tmp/told"
result $? "sluice gc -n is --dry-run"
timeout 60 "$sluice" serve -d robot -n 1 -v test/short >"$tmp/output" 2>&1 &
serving=$!
until "$sluice" ls -d robot 2>"$tmp/told" | grep -q test/short; do
	kill -0 $serving || break
	sleep 0.05
done
run call test/short -d robot hello
[ $status -eq 0 ] && grep -qx hello "$tmp/said" && wait $serving
result $? "sluice serve takes -d, -n and -v"

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
