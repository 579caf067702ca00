#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice serve, asked by sluice call and by an example: the echo and commands of every
# kind, good and bad; what it leaves behind, which is nothing; and how it ends.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/serving.sh
. selftests/kit/serving.sh

end() {	# end SIGNAL: of the last server; its status
	kill "-$1" $server
	wait $server
}

# answers NAME EXPECTED ARGUMENT...: to a call with these
answers() {
	checked=$1
	printf '%b' "$2" >"$tmp/expected"
	shift 2
	call "$@" && cmp "$tmp/said" "$tmp/expected" >>"$tmp/output" 2>&1
	result $? "$checked"
}

# gives_nothing NAME PATTERN ARGUMENT...: no response to a call, and this sentence here
gives_nothing() {
	checked=$1
	pattern=$2
	shift 2
	! call "$@" && [ ! -s "$tmp/said" ] && logs "$pattern"
	result $? "$checked"
}

# A server may tell of a request after its client has its answer.
logs() {	# logs PATTERN: soon
	for _ in $(seq 500); do
		grep -q -e "$1" "$tmp/logged" && return
		sleep 0.02
	done
	cat "$tmp/logged" >>"$tmp/output"
	return 1
}

gone() {	# gone FILE: the process whose number is in it, soon
	for _ in $(seq 500); do
		kill -0 "$(cat "$1")" 2>/dev/null || return 0
		sleep 0.02
	done
	return 1
}

there() {	# there FILE: soon, with something in it
	for _ in $(seq 250); do
		[ -s "$1" ] && return
		sleep 0.02
	done
	return 1
}

# fails NAME STATUS PATTERN ARGUMENT...: and only a sentence is printed
fails() {
	checked=$1
	wanted=$2
	pattern=$3
	shift 3
	$patience "$sluice" serve "$@" >"$tmp/said" 2>"$tmp/output" </dev/null
	[ $? -eq "$wanted" ] && [ ! -s "$tmp/said" ] && grep -q -e "$pattern" "$tmp/output"
	result $? "$checked"
}

# ---- Echo

serving test/echo -v
answers "an echo" 'good morning\n' test/echo 'good morning'
answers "of nothing" '\n' test/echo ''
logs '^request 1: 12 bytes, replies: 1 of 12 bytes, '
result $? "a line for each request"
head -c 1048576 /dev/urandom >"$tmp/large"
call test/echo --file "$tmp/large" --raw && cmp "$tmp/said" "$tmp/large" >"$tmp/output" 2>&1
result $? "of 1 MiB"
end INT
result $? "^C"
[ "$(tail -n 1 "$tmp/logged")" = "3 requests, 3 answered, 0 failed; 3 replies" ]
result $? "and a summary"
! ls "$SLUICE_ROOT"/default/services/* >"$tmp/output" 2>&1
result $? "the service is gone"

serving test/pair --type pair:16:8 --json
answers "of a struct" '000102030405060708090a0b0c0d0e0f\n' \
	test/pair --hex 000102030405060708090a0b0c0d0e0f
! call test/pair short && grep -q 'the 16 of one pair' "$tmp/output"
result $? "which has its size"
there "$tmp/served"
jq -e '.request == 1 and .bytes == 16 and .elements == 1 and .replies == 1 and
	.reply_bytes == 16 and .ns > 0 and .error == null' "$tmp/served" >"$tmp/output"
result $? "JSON of a request"
end TERM
result $? "SIGTERM"
serving 'test/names' --slice 'std::pair<int>:8:4'
answers "a name with colons" '0001020304050607\n' test/names --hex 0001020304050607

# ---- Commands

serving test/rev rev
answers "a command" 'olleh\n' test/rev hello
SLUICE_BYTES=wrong
SLUICE_DOMAIN=wrong
SLUICE_HEADER=wrong
export SLUICE_BYTES SLUICE_DOMAIN SLUICE_HEADER
serving test/told --domain elsewhere env
call test/told 'five!' --domain elsewhere
printf 'SLUICE_%s\n' BYTES=5 DOMAIN=elsewhere ELEMENTS=5 REQUEST=1 \
	SERVICE=test/told >"$tmp/expected"
grep ^SLUICE_ "$tmp/said" | grep -v -e ^SLUICE_CONFIG= -e ^SLUICE_ROOT= -e ^SLUICE_WAIT= | sort |
	cmp - "$tmp/expected" >"$tmp/output" 2>&1
result $? "what it is told"
unset SLUICE_BYTES SLUICE_DOMAIN SLUICE_HEADER

serving test/cat cat
call test/cat --file "$tmp/large" --raw && cmp "$tmp/said" "$tmp/large" >"$tmp/output" 2>&1
result $? "1 MiB through a command"
serving test/deaf -- sh -c 'exec <&-; echo done'
answers "one that does not read" 'done\n' test/deaf --file "$tmp/large"
answers "and once more" 'done\n' test/deaf x
serving test/mute true
answers "one that does not write" '\n' test/mute x
serving test/leaves sh -c 'sleep 5 & echo $! >"'"$tmp/left"'"; echo done'
begun=$(date +%s%N)
answers "one that leaves a child behind" 'done\n' test/leaves x
[ $((($(date +%s%N) - begun) / 1000000)) -lt 3000 ]
result $? "which is not waited for"
kill "$(cat "$tmp/left")"
serving test/closes sh -c 'echo done; exec >&-; sleep 0.2'
answers "one that closes its output first" 'done\n' test/closes x

serving test/lines --lines sh -c 'echo one; echo; printf three'
answers "lines" 'one\n\nthree\n' test/lines x
call test/lines x --json
jq -s -e 'map(.bytes) == [3, 0, 5]' "$tmp/said" >"$tmp/output"
result $? "one a reply"
serving test/many --lines seq 1000
call test/many x && seq 1000 | cmp - "$tmp/said" >"$tmp/output" 2>&1
result $? "1000 at once, none is lost"

# The client of this example makes the service, and waits for the server.
"$O/examples/adder-client" >"$tmp/sum" 2>&1 &
client=$!
until grep -qs example/adder "$SLUICE_ROOT"/*/services/*/contract; do
	sleep 0.02
done
# shellcheck disable=SC1003 # printf has the backslashes
serving example/adder --count 1 printf '\052\0\0\0\0\0\0\0'
wait $client && grep -qx '40 + 2 = 42' "$tmp/sum"
result $? "the service of another program"
wait $server
result $? "--count ends it"

# ---- Bad commands

serving test/fails sh -c 'echo no; exit 7'
gives_nothing "one that fails" 'request 1: the command ended with status 7' test/fails x
serving test/killed sh -c 'kill -SEGV $$'
gives_nothing "one that crashes" 'request 1: the command was ended by signal 11' test/killed x
serving --lines test/breaks sh -c 'echo one; printf two; exit 1'
call test/breaks x
[ "$(cat "$tmp/said")" = one ] && logs 'request 1: the command ended with status 1'
result $? "one that fails after a line"
serving test/sizes --request-slice uint8_t:1:1 --response-type uint64_t:8:8 cat
gives_nothing "a reply of another size" \
	'request 1: the reply has 3 bytes, and must have the 8 of one uint64_t' test/sizes abc
answers "or of its size" '3132333435363738\n' test/sizes --hex 3132333435363738
printf '#!%s\n' "$tmp/none" >"$tmp/script"
chmod +x "$tmp/script"
serving test/script "$tmp/script"
gives_nothing "one that cannot be started" "request 1: cannot start $tmp/script" test/script x

serving test/hangs --timeout 300ms sh -c 'sleep 60 & echo $! >"'"$tmp/sleeper"'"; wait'
gives_nothing "one that hangs" 'request 1: the command was ended: it took too long' test/hangs x
gone "$tmp/sleeper"
result $? "is ended with its children"
serving test/stubborn --timeout 300ms sh -c 'trap "" TERM; sleep 60'
gives_nothing "so is one that ignores SIGTERM" 'took too long' test/stubborn x
serving test/yes --timeout 300ms yes
gives_nothing "one that never stops writing" 'took too long' test/yes x
serving test/late sh -c 'echo $$ >"'"$tmp/sleeper"'"; exec sleep 60'
: >"$tmp/sleeper"
gives_nothing "one whose client waits no longer" 'request 1: .*its client has gone' \
	test/late x --timeout 2s
gone "$tmp/sleeper"
result $? "is ended"
: >"$tmp/sleeper"
"$sluice" call test/late x --timeout 2s >/dev/null 2>&1 &
client=$!
there "$tmp/sleeper" && kill -STOP $client
gone "$tmp/sleeper" && logs 'request 2: .*its client waits no longer'
result $? "so is one whose client is stopped, when its time is over"
kill -CONT $client
wait $client
: >"$tmp/sleeper"
"$sluice" call test/late x >/dev/null 2>&1 &
client=$!
there "$tmp/sleeper" && kill -KILL $client
wait $client 2>/dev/null
gone "$tmp/sleeper" && logs 'request 3: the command was ended: its client has gone'
result $? "so is one whose client has died"
: >"$tmp/sleeper"
"$sluice" call test/late x >/dev/null 2>&1 &
client=$!
there "$tmp/sleeper" && end INT
result $? "^C while a command runs"
gone "$tmp/sleeper" && grep -q '^4 requests, 0 answered, 4 failed' "$tmp/logged"
result $? "which is ended"
! wait $client
result $? "and its client learns of it"

# ---- What it leaves behind

descriptors() {
	find "/proc/$server/fd" -mindepth 1 | wc -l
}
children() {
	grep -ls "^PPid:.$server\$" /proc/[0-9]*/status | wc -l
}
serving test/fds ls /proc/self/fd
# shellcheck disable=SC2012 # they are numbers
call test/fds x && ls /proc/self/fd | cmp - "$tmp/said" >>"$tmp/output" 2>&1
result $? "a command has no descriptor of ours"
# shellcheck disable=SC2016 # the command's
serving test/many-times sh -c 'cat; exit $((SLUICE_REQUEST % 3 == 0))'
call test/many-times x
before=$(descriptors)
call test/many-times x --count 300
echo "$before descriptors before, $(descriptors) after; $(children) children" >>"$tmp/output"
[ "$(descriptors)" -eq "$before" ] && [ "$(children)" -eq 0 ]
result $? "nothing is left of 300 commands"
end INT
grep -q '^301 requests, 201 answered, 100 failed; 201 replies$' "$tmp/logged"
result $? "of which the third fails"
"$sluice" serve test/bare cat <&- >&- 2>/dev/null &
servers="$servers $!"
until grep -qs test/bare "$SLUICE_ROOT"/*/services/*/contract; do
	sleep 0.02
done
answers "it was started without descriptors" 'x\n' test/bare x

# ---- What it refuses

serving test/taken
fails "a service with other types" 1 'test/taken has' test/taken --type pair:16:8
serving --require no_request_overflow,no_fire_and_forget --refuse no_response_overflow test/flags
"$sluice" show test/flags >"$tmp/output"
grep -q ' flags  *no_request_overflow, no_fire_and_forget$' "$tmp/output"
result $? "a service with these flags"
answers "which a call may require" 'x\n' test/flags x --require no_request_overflow
! call test/flags x --refuse no_fire_and_forget &&
	grep -q 'has NO_FIRE_AND_FORGET, which is refused' "$tmp/output"
result $? "or refuse"
fails "a flag that is not there" 1 'is without NO_RESPONSE_OVERFLOW, which is wanted' \
	test/flags --require no_response_overflow
fails "a flag that is refused" 1 'has NO_REQUEST_OVERFLOW, which is refused' \
	test/flags --refuse no_request_overflow
fails "a flag both ways" 1 'in service_opts.flags and in refused_flags' \
	test/flags --refuse no_request_overflow --require no_request_overflow
fails "a flag that is none" 2 'no_such is no value for --require' \
	test/flags --require no_request_overflow,no_such
fails "an empty flag" 2 'is no value for --refuse' test/flags --refuse ''
fails "an echo of another size" 1 'there must be a COMMAND' test/uneven \
	--request-type a:4:4 --response-type b:8:8
fails "no such command" 1 'there is no command no-such-command' test/none no-such-command
fails "a file that is no program" 1 'may run' test/none "$tmp/large"
: >"$tmp/logged"
"$sluice" serve test/full --json --count 1 >/dev/full 2>"$tmp/logged" &
server=$!
logs ' serves '
call test/full x
! wait $server && grep -q 'cannot write: No space left' "$tmp/logged"
result $? "nowhere to write to"

if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	other="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chmod 755 "$tmp"
	cp "$sluice" "$tmp/sluice"
	$patience $other "$tmp/sluice" serve test/mine >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 1 ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/output")" -eq 1 ] &&
		grep -q 'registry of the domain default may not be read' "$tmp/output"
	result $? "another user is told in one sentence that it may not"
else
	skip "another user" "this is not root, or there is no setpriv"
fi

fails "no service" 2 'SERVICE is missing'
for bad in --type=pair --type=pair:16 --type=:16:8 --slice=a:0:1 --slice=a:x:1 --count=0 \
	   --timeout=0 --timeout=soon; do
	fails "bad usage: $bad" 2 'is no value for' $bad test/echo true
done
fails "no such option" 2 'there is no option --no-such-option' test/echo --no-such-option
fails "lines without a command" 2 'only with a COMMAND' test/echo --lines
"$sluice" serve --help >"$tmp/output" 2>&1 && ! grep -q '^.\{81\}' "$tmp/output" &&
	grep -q '^  sluice serve ' "$tmp/output"
result $? "help fits a terminal"
finish
