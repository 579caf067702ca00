#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice call, with services of the examples and of sluice serve: what is sent and what
# is printed in each form, how often and how fast, what fails, and what is said then.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/serving.sh
. selftests/kit/serving.sh

# example NAME SERVICE [ARGUMENT]: likewise, a server of the examples
example() {
	"$O/examples/$1-server" ${3:+"$3"} >/dev/null 2>&1 &
	server=$!
	servers="$servers $server"
	until grep -qs "$2" "$SLUICE_ROOT"/*/services/*/contract; do
		kill -0 $server || return
		sleep 0.02
	done
}

# answers NAME EXPECTED ARGUMENT...: this, and nothing on standard error
answers() {
	checked=$1
	printf '%b' "$2" >"$tmp/expected"
	shift 2
	call "$@" && cmp "$tmp/said" "$tmp/expected" >>"$tmp/output" && [ ! -s "$tmp/told" ]
	result $? "$checked"
}

# fails NAME STATUS PATTERN ARGUMENT...: and only a sentence is printed
fails() {
	checked=$1
	wanted=$2
	pattern=$3
	shift 3
	call "$@"
	[ $? -eq "$wanted" ] && [ ! -s "$tmp/said" ] && grep -q -e "$pattern" "$tmp/told"
	result $? "$checked"
}

# holds NAME JQ-CONDITION: on the lines of JSON in $tmp/said, as one array
holds() {
	jq -s -e "$2" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$1"
}

says() {	# says NAME PATTERN: on standard error
	grep -q -e "$2" "$tmp/told"
	result $? "$1"
}

serving test/echo
example adder example/adder
example growing-slices example/growing-slices

# ---- What is sent, and how it is printed

answers "text" 'good morning\n' test/echo 'good morning'
answers "text with an end of line gets none" 'good\nmorning\n' test/echo 'good
morning'
answers "UTF-8 is text" 'h\303\244\303\237 \342\202\254\n' test/echo 'häß €'
answers "nothing at all" '\n' test/echo ''
answers "a struct, in hex" '2a00000000000000\n' \
	example/adder --hex '2800000000000000 0200000000000000'
answers "hex without blanks, and in capitals" 'abcdef01\n' test/echo --hex ABCDEF01
printf '\050\0\0\0\0\0\0\0\002\0\0\0\0\0\0\0' >"$tmp/struct"
dump='00000000  2a 00 00 00 00 00 00 00                           |*.......|\n'
answers "a struct from a file, as a dump" "$dump" example/adder --bytes --file "$tmp/struct"
answers "from standard input, -" "$dump" example/adder --bytes - <"$tmp/struct"
answers "from standard input, absent" "$dump" example/adder --bytes <"$tmp/struct"
answers "its fields, which need no option" '{"sum": 42}\n' example/adder <"$tmp/struct"
answers "hex from standard input" '00ff20\n' test/echo --hex <<END
00 ff
20
END
printf '\033[31m 0123456789|\n' >"$tmp/escape"
answers "what a terminal would obey is no text" \
	'00000000  1b 5b 33 31 6d 20 30 31  32 33 34 35 36 37 38 39  |.[31m 0123456789|
00000010  7c 0a                                             ||.|\n' \
	test/echo --file "$tmp/escape"
for bytes in 'a wide control character:\302\205' 'a form that is too long:\300\257' \
	     'a surrogate:\355\240\200' 'beyond Unicode:\364\220\200\200' \
	     'half a character:\342\202' 'a byte of another code:a\344b' 'a return:ab\r'; do
	printf '%b' "${bytes#*:}" >"$tmp/bytes"
	call test/echo --file "$tmp/bytes" && grep -q '^00000000  ' "$tmp/said"
	result $? "nor is ${bytes%:*}"
done
printf 'a\0b' >"$tmp/bytes"
call test/echo --file "$tmp/bytes" --raw && cmp "$tmp/said" "$tmp/bytes" >>"$tmp/output"
result $? "the bytes as they are"

call test/echo --json 'häß'
holds "JSON of text" '.[0] | .request == 1 and .index == 1 and .bytes == 5 and
	.hex == "68c3a4c39f" and .text == "häß" and .round_trip_ns > 0 and .header == null'
call test/echo --json --hex 00ff
holds "JSON of what is no UTF-8" 'length == 1 and (.[0] | .hex == "00ff" and .text == null)'
call example/growing-slices --json --header 0100000000000000 --hex 54
holds "user headers" '.[0] | .header == "0100000000000000" and .hex == "e9"'

head -c 1048576 /dev/urandom >"$tmp/large"
call test/echo --file "$tmp/large" --raw && cmp "$tmp/said" "$tmp/large" >"$tmp/output" 2>&1
result $? "1 MiB there and back"
sum=$(sha256sum <"$tmp/large")
call test/echo - --json <"$tmp/large"
[ "$(jq -r .hex "$tmp/said" | "$sluice" call test/echo --hex --raw | sha256sum)" = "$sum" ]
result $? "and once more, through hex digits"

# ---- Several requests, servers, responses

begun=$(date +%s%N)
call test/echo x --count 5 --rate 20 --json
holds "five requests" 'map([.request, .index]) == [[1, 1], [2, 1], [3, 1], [4, 1], [5, 1]]'
[ $((($(date +%s%N) - begun) / 1000000)) -ge 200 ]
result $? "at their rate"
says "and a summary" '^5 sent, 5 answered, 0 failed; round trip .* min, .* median, .* max$'
call test/echo x --count 2000
[ "$(grep -cx x "$tmp/said")" -eq 2000 ] && grep -q '^2000 sent, 2000 answered' "$tmp/told"
result $? "2000 as fast as it goes"
answers "of one there is no summary" 'x\n' test/echo x

serving test/two
serving test/two
answers "two servers" 'x\nx\n' test/two x --servers 2
call test/two x --servers 2 --json --count 3
holds "each request has both their responses" \
	'map([.request, .index]) == [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2]]'
[ "$(jq -s 'map(.server) | unique | length' "$tmp/said")" -eq 2 ]
result $? "and tells them apart"
call test/two x --servers 2 --verbose
[ "$(sed -n 's/^request 1, response [12]: server[.0-9]* \([0-9a-f]\{16\}\), pid [0-9]*, .*/\1/p' \
	"$tmp/told" | sort -u | wc -l)" -eq 2 ]
result $? "--verbose says which one it was"
"$sluice" ls test/two --tree >"$tmp/tree"
id=$(sed -n '1s/.* \([0-9a-f]\{16\}\),.*/\1/p' "$tmp/told")
grep -q "$id" "$tmp/tree"
result $? "as sluice ls lists them"
call test/two x --servers 2 --one --count 4 --json
holds "--one asks one" 'map(.index) == [1, 1, 1, 1] and map(.request) == [1, 2, 3, 4]'
fails "a third is not there" 1 '3 servers of test/two are wanted, and 2 are there after 2.00 s' \
	test/two x --servers 3 --timeout 2s
serving test/stream --lines sh -c 'echo one; sleep 0.2; echo two'
answers "a stream" 'one\ntwo\n' test/stream ''
call test/stream '' --json
holds "as it comes" '.[1].round_trip_ns - .[0].round_trip_ns > 100000000'

# ---- Domains

serving --domain elsewhere test/here
fails "not in this domain" 1 'no service test/here runs in the domain default' test/here x
answers "in that one" 'x\n' test/here x --domain elsewhere
SLUICE_DOMAIN=elsewhere
export SLUICE_DOMAIN
answers "or that of the environment" 'x\n' test/here x
unset SLUICE_DOMAIN

# ---- What fails

fails "too short for a struct" 1 'the request has 15 bytes, and must have the 16 of one add_request' \
	example/adder --hex '2800000000000000 02000000000000'
fails "too long" 1 'has 17 bytes' example/adder 'seventeen letters'
fails "nothing for a struct" 1 'has 0 bytes' example/adder ''
serving --slice uint32_t:4:4 test/words
answers "whole elements of a slice" '0102030405060708\n' test/words --hex 0102030405060708
fails "parts of elements" 1 'has 6 bytes, and must have a multiple of the 4 of one uint32_t' \
	test/words --hex 010203040506
fails "a header of another size" 1 'the header has 4 bytes, and must have 8' \
	example/growing-slices --header 01000000 --hex 54
fails "a header where there is none" 1 'have no user header' test/echo --header 00 x
fails "a file with other digits" 1 'not pairs of hex digits' test/echo --hex --file "$tmp/escape"
fails "a file that is not there" 1 'cannot open .*: No such file' test/echo --file "$tmp/none"
fails "a directory" 1 'cannot read .*: Is a directory' test/echo --file "$tmp"
fails "no such service" 1 'no service test/none runs in the domain default' test/none x

serving test/hangs sleep 60
fails "a timeout" 1 'request 1: it did not end within 2.00 s; responses: 0' \
	test/hangs x --timeout 2s
serving test/endless --lines sh -c 'echo first; sleep 60'
call test/endless x --timeout 2s
[ $? -eq 1 ] && [ "$(cat "$tmp/said")" = first ] && grep -q 'responses: 1$' "$tmp/told"
result $? "a stream that does not end"
serving test/silent false
fails "no answer" 1 'request 1: no server has answered it' test/silent x
call test/silent x --count 3
[ $? -eq 1 ] && [ "$(grep -c 'no server has answered' "$tmp/told")" -eq 3 ] &&
	grep -qx '3 sent, 0 answered, 3 failed' "$tmp/told"
result $? "none of several"
serving test/dies sleep 50
(	# when its command runs
	command=
	while [ -z "$command" ] && kill -0 $server; do
		sleep 0.02
		read -r command <"/proc/$server/task/$server/children"
	done
	kill -KILL $server $command
) &
fails "a server that dies" 1 'request 1: .*died' test/dies x

# A client that waits for its server has the service open.
"$O/examples/calls-client" --calls 1 >/dev/null 2>&1 &
servers="$servers $!"
until grep -qs example/calls "$SLUICE_ROOT"/*/services/*/contract; do
	sleep 0.02
done
fails "no server" 1 'no server of example/calls is there after 200 ms' \
	example/calls --hex 3200000000000000 --timeout 200ms
(sleep 0.3; exec "$O/examples/calls-server" >/dev/null 2>&1) &
servers="$servers $!"
answers "one that comes is waited for" '07000000000000000100000000000000\n' \
	example/calls --hex 3200000000000000

"$sluice" call test/echo x >/dev/full 2>"$tmp/output"
[ $? -eq 1 ] && grep -q 'cannot write the response: No space left' "$tmp/output"
result $? "nowhere to write to"

# ---- ^C

interrupted() {	# interrupted LINES ARGUMENT...: after so many lines; its status
	lines=$1
	shift
	: >"$tmp/said"
	"$sluice" call "$@" >"$tmp/said" 2>"$tmp/told" &
	caller=$!
	until [ "$(wc -l <"$tmp/said")" -ge "$lines" ]; do
		kill -0 $caller || return
		sleep 0.02
	done
	kill -INT $caller
	wait $caller
	status=$?
	cat "$tmp/told" >"$tmp/output"
	return $status
}
interrupted 3 test/echo x --count 1000 --rate 50
[ $? -eq 1 ] && grep -q '^[0-9]* sent, [0-9]* answered, 0 failed; round trip ' "$tmp/told" &&
	[ "$(wc -l <"$tmp/said")" -lt 1000 ]
result $? "^C among many requests, and the summary"
interrupted 1 test/endless x --timeout 60s
[ $? -eq 1 ] && grep -qx '1 sent, 0 answered, 0 failed' "$tmp/told"
result $? "^C in a request"
interrupted 1 test/echo x --count 2 --rate 0.001
[ $? -eq 1 ]
result $? "^C long before the next"

# ---- Who may

if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$tmp"
	cp "$sluice" "$tmp/sluice"
	$patience setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tmp/sluice" call test/echo x >"$tmp/said" 2>"$tmp/told"
	[ $? -eq 1 ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/told")" -eq 1 ]
	result $? "another user is told in one sentence"
	says "that it may not" 'registry of the domain default may not be read'
else
	skip "another user" "this is not root, or there is no setpriv"
fi

# ---- A status

mkdir "$tmp/files"
example file-server example/file-server "$tmp/files" &&
	{ printf missing; head -c 249 /dev/zero; } >"$tmp/wanted"
call example/file-server --file "$tmp/wanted"
[ $? -eq 1 ] && [ ! -s "$tmp/said" ] &&
	grep -q 'request 1: status 2, No such file or directory' "$tmp/told"
result $? "a status is told, with its text"

# ---- The command line

fails "no service" 2 'SERVICE is missing'
fails "two of DATA" 2 'one argument' test/echo a b
fails "DATA and a file" 2 'either DATA or --file' test/echo a --file "$tmp/struct"
fails "two forms" 2 'either --json or --raw' test/echo a --json --raw
fails "half a byte" 2 'not pairs of hex digits' test/echo --hex 280
fails "no digits" 2 'not pairs of hex digits' test/echo --hex xy
for bad in --count=0 --count=x --count=-1 --rate=0 --rate=-1 --rate=fast --timeout=0 \
	   --timeout=soon --servers=0 --servers=9999 --header=1; do
	fails "bad usage: $bad" 2 'is no value for' test/echo x $bad
done
fails "no such option" 2 'there is no option --no-such-option' test/echo x --no-such-option
fails "an option without its value" 2 '--count needs a value' test/echo x --count
call --help && ! grep -q '^.\{81\}' "$tmp/said" && grep -q '^  sluice call ' "$tmp/said"
result $? "help fits a terminal"
finish
