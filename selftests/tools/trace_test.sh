#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every mode of sluice trace, attached before and detached after the traffic: what it
# counts is what the programs have counted, a planted leak is found, advice is good,
# files can be read by others, filters filter, loss is said.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/tracing.sh
. selftests/kit/tracing.sh

# traced MODE-AND-OPTIONS... -- COMMAND...: its output goes to $tmp/said and $tmp/told
traced() {
	quietly trace "$@"
}

# begin MODE-AND-OPTIONS...: a tracer that watches when this returns; its process is $tracer
begin() {
	: >"$tmp/told"		# what the one before has said
	"$sluice" trace "$@" >"$tmp/said" 2>"$tmp/told" &
	tracer=$!
	until grep -q watching "$tmp/told"; do
		kill -0 $tracer || return
		sleep 0.02
	done
}

# end: ends it, when it has written what there was; its status
end() {
	before=-1
	for _ in 1 2 3 4 5 6 7 8 9; do
		size=$(wc -c <"$tmp/said")
		[ "$size" -eq $before ] && break
		before=$size
		sleep 0.3
	done
	kill -INT $tracer
	wait $tracer
	status=$?
	cat "$tmp/told" >"$tmp/output"
	return $status
}

# holds NAME JQ-CONDITION: on the lines of JSON in $tmp/said, as one array
holds() {
	jq -s '.' "$tmp/said" >"$tmp/output" 2>&1 && jq -s -e "$2" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$1"
}

# Others may use the library on this machine; what is not of the pair is left out.
only_ours() {
	read -r server client <"$SLUICE_ROOT/pids"
	jq -c "select(.summary or .pid == $server or .pid == $client)" "$tmp/said" >"$tmp/ours"
	mv "$tmp/ours" "$tmp/said"
}

says() {	# says NAME PATTERN: a line of what was printed matches
	cat "$tmp/said" "$tmp/told" >"$tmp/output"
	grep -q -e "$2" "$tmp/said" "$tmp/told"
	result $? "$1"
}

# pair EXAMPLE CLIENT-ARGUMENT...: a server and a client, from one end to the other
cat >"$tmp/pair" <<'END'
example=$1
shift
"$O/examples/$example-server" >"$SLUICE_ROOT/server" &
server=$!
"$O/examples/$example-client" "$@" >"$SLUICE_ROOT/client" &
client=$!
echo "$server $client" >"$SLUICE_ROOT/pids"
wait $client || exit
kill $server && wait $server
END
export O
pair="sh $tmp/pair"
named() {	# named EXAMPLE: the options by which its programs are known before they run
	echo "--exe $O/examples/$1-server --exe $O/examples/$1-client"
}

# ---- events

# shellcheck disable=SC2046 # options, one a word
{
	begin events --json --service example/calls $(named calls)
	$pair calls --calls 1500
	end
	result $? "events, attached to everybody"
	only_ours
	holds "as many loans, sends, receives and replies as calls" \
		'[.[] | .event] | map(select(. == "request_loan")) == [range(1500) | "request_loan"]'
	for event in request_send active_request_receive reply_loan reply_send \
		     response_receive response_release pending_response_release; do
		holds "1500 of $event" "map(select(.event == \"$event\")) | length == 1500"
	done
	holds "nothing is lost" '.[-1].summary.lost == 0 and .[-1].summary.seen > 12000'
	holds "every event knows its service" \
		'map(select(.port)) | all(.service == "example/calls")'
	holds "a send comes before its receive" \
		'map(select(.event == "request_send" or .event == "active_request_receive")) |
		 group_by(.request) | all(.[0].event == "request_send" and .[0].time <= .[1].time)'

	traced --totals --json $(named growing-slices) -- \
		$pair growing-slices --rounds 300 --interval 0
	result $? "totals of a command and its children"
	growths=$(sed -n 's/.* \([0-9]*\) growths.*/\1/p' "$SLUICE_ROOT/client" "$SLUICE_ROOT/server" |
		  awk '{ sum += $1 } END { print sum + 0 }')
	holds "as many growths as the programs say ($growths)" \
		"$growths > 0 and .[0].totals.growth == $growths"
	holds "300 requests and answers" \
		'.[0].totals | .request_send == 300 and .response_receive == 300'
}

# The shared library is known before anybody loads it.
if $CC -Ilib/include selftests/tools/probes_test.c -o "$tmp/shared" -L"$O/lib" -lsluice \
   -Wl,-rpath,"$(realpath "$O/lib")" >"$tmp/output" 2>&1; then
	begin events --json --service selftest/probes
	"$tmp/shared" 30 &
	shared=$!
	wait $shared
	end
	echo "$shared 0" >"$SLUICE_ROOT/pids"
	only_ours
	holds "a program that loads libsluice.so later, from its first event on" \
		'map(.event) | index("port_create") and (map(select(. == "request_send")) | length == 30)'
else
	result 1 "a program that loads libsluice.so"
fi

traced events -n 5 -- "$program" talk 10
[ "$(wc -l <"$tmp/said")" -eq 5 ]
result $? "events for people, five of them"

# ---- filters

traced --totals --json --min-size 1024 -- "$program" talk 3000
large=$(sed -n 's/.* trips, \([0-9]*\) of .*/\1/p' "$tmp/said")
sed -i /trips/d "$tmp/said"
holds "messages of at least 1024 bytes ($large)" \
	".[0].totals | .request_send == $large and .reply_send == $large and .node_create == null"
traced events --json --event request_send,response_release -- "$program" talk 7
sed -i /trips/d "$tmp/said"
holds "only some events" '.[:-1] | length == 16 and (map(.event) | unique | length == 2)'
traced --totals --json --service 'selftest/tr*' -- "$program" talk 7
sed -i /trips/d "$tmp/said"
holds "a service by the beginning of its name" '.[0].totals.request_send == 8'
traced --totals --json --service selftest/tr -- "$program" talk 7
sed -i /trips/d "$tmp/said"
holds "a service of another name" '.[0].totals == {}'
traced events --json --event active_request_release --min-latency 1h -- "$program" talk 7
sed -i /trips/d "$tmp/said"
holds "nothing takes an hour" 'length == 1'
traced latency --json --min-latency 15ms -- "$program" talk 7
sed -i /trips/d "$tmp/said"
holds "what takes 15 ms" 'map(.latency | select(.stage == "round_trip")) | all(.count == 1)'

"$O/examples/calls-server" >"$SLUICE_ROOT/server" &
server=$!
"$O/examples/calls-client" --calls 10 >/dev/null
begin --totals --json --pid $server
"$O/examples/calls-client" --calls 100 >/dev/null
end
holds "one process, that was there before" \
	'.[0].totals | .reply_send == 100 and .request_send == null and .port_create == null'
begin events --json --event reply_send
"$O/examples/calls-client" --calls 100 >/dev/null
end
echo "$server 0" >"$SLUICE_ROOT/pids"
only_ours
holds "the service of a port that was there before" \
	'map(select(.event)) | length == 100 and all(.service == "example/calls")'
port=$(jq -r '.port // empty' "$tmp/said" | sort -u)
begin --totals --json --port "$port" --exe "$O/examples/calls-client"
"$O/examples/calls-client" --calls 100 >/dev/null
end
holds "one port, at either end" \
	'.[0].totals | .reply_send == 100 and .request_send == 100 and .request_loan == null'
holds "each message of a batch" \
	'.[0].totals | .active_request_receive == 100 and .response_receive == 100'
kill $server
wait $server

# ---- latency

# shellcheck disable=SC2046
traced latency --json --slow 1ns $(named calls) -- $pair calls --calls 1000
result $? "latency"
holds "every stage of a service has 1000 values" \
	'map(.latency | select(. and .port == null)) | length == 6 and
	 (map(select(.stage != "hold_request")) | all(.count == 1000))'
holds "and of the one client" \
	'map(.latency | select(. and .port)) | map(select(.stage == "round_trip")) |
	 length == 1 and .[0].count == 1000'
holds "quantiles rise" \
	'map(.latency | select(.)) | all(.p50 <= .p90 and .p90 <= .p99 and .p99 <= .p999 and .p999 <= .max)'
holds "each that was slow is told of, with its stages" \
	'map(.slow | select(.)) | length == 1000 and all(.round_trip > .queue and .queue > 0 and .serve > 0)'
holds "two hits a round trip" '.[-1].summary.seen == 2000'
traced latency --slow 15ms -- "$program" talk 50
says "the one that waited" '^slow: .* ms, selftest/trace .* request 51, 1 B, .*send to receive [1-9][0-9.]* ms'
says "a table" '^  round trip  *51 '
says "and bars" '|@@*  *| '

# tables NAME NUMBER OPTION...: of a service of 40 clients, so many clients have one
tables() {
	name=$1
	number=$2
	shift 2
	traced latency "$@" -- "$program" crowd 40
	[ "$(grep -c '^selftest/trace, client ' "$tmp/said")" -eq "$number" ] &&
		[ "$(grep -c '^selftest/trace$' "$tmp/said")" -eq 1 ]
	result $? "$name"
}
tables "a table for the service, and for ten of its 40 clients" 10
says "and how many more there are" '^selftest/trace has 30 more clients'
tables "for three of them" 3 --top 3
tables "for none" 0 --top 0
tables "for all" 40 --top 40
traced latency --json -- "$program" crowd 40
holds "all of them in JSON" 'map(.latency | select(. and .port)) | map(.port) | unique | length == 40'
traced latency --json --top 5 -- "$program" crowd 40
holds "or five" 'map(.latency | select(. and .port)) | map(.port) | unique | length == 5'

# ---- both streams to one pipe

for mode in "latency" "--totals" "events --json" "leaks --older 0" "grow"; do
	# shellcheck disable=SC2086 # options
	$patience "$sluice" trace $mode -- "$program" grow 1 2>&1 | cat >"$tmp/output"
	[ "$(sed -n '1p' "$tmp/output")" = "sluice trace: watching" ] &&
		sed -n '$p' "$tmp/output" | grep -q '^sluice trace: .* events seen, 0 lost' &&
		[ "$(grep -c 'sluice trace: ' "$tmp/output")" -eq 2 ]
	result $? "the summary comes behind all else: $mode"
done

# ---- leaks

traced leaks --json --older 100ms -- "$program" leak
result $? "leaks"
for leak in "request not sent:plant_unsent_request:300:2" \
	    "reply not sent:plant_unsent_reply:300:1" \
	    "active request not released:plant_held_request:400:1" \
	    "response not released:plant_kept_response:500:1"; do
	kind=${leak%%:*}
	rest=${leak#*:}
	holds "$kind: the bytes, the number, and who" \
		"map(.leak | select(. and .kind == \"$kind\")) |
		 ((map(.bytes) | add) == $(echo "$rest" | cut -d: -f2)) and
		 ((map(.count) | add) == $(echo "$rest" | cut -d: -f3)) and
		 all(.stack | any(startswith(\"${rest%%:*}\")))"
done
holds "and nothing else" 'map(.leak | select(.)) | map(.count) | add == 5'
traced leaks --older 1h -- "$program" leak
says "nothing is held for an hour" '^nothing is held'
traced leaks --older 0 -- "$program" talk 100
says "who gives everything back leaks nothing" '^nothing is held'
traced leaks --older 100ms --folded bytes -- "$program" leak
says "folded stacks" ';main;plant_kept_response;.* 500$'

# ---- grow

traced grow --json -- "$program" grow 1
growths=$(sed -n 's/ growths//p' "$tmp/said")
sed -i /growths/d "$tmp/said"
holds "each of $growths growths, with sizes" \
	"map(.growth | select(.)) | length == $growths and $growths > 2 and all(.after > .before)"
holds "with the stack of the loan" 'map(.growth | select(.)) | all(.stack | any(startswith("main")))'
advice=$(jq -s 'map(.growth.advice | select(.)) | max' "$tmp/said")
"$program" grow "$advice" >"$tmp/output"
[ "$(cat "$tmp/output")" = "0 growths" ]
result $? "none with the initial_max_slice_len that is advised, $advice"
"$program" grow "$((advice - 1))" >"$tmp/output"
[ "$(cat "$tmp/output")" != "0 growths" ]
result $? "and one less would not do"
traced grow -- "$program" grow 1
says "for people" "none with initial_max_slice_len of $advice"
traced grow --folded count -- "$program" grow 1
says "folded" ';main;.* [0-9][0-9]*$'

# ---- perfetto

# shellcheck disable=SC2046
traced --perfetto "$tmp/trace.json" $(named calls) -- $pair calls --calls 500
result $? "a file for Perfetto"
flows='[.traceEvents[] | select(.ph == "s" or .ph == "f")] | group_by([.cat, .name, .id])'
[ "$(stat -c %a "$tmp/trace.json")" = 600 ]
result $? "is its owner's alone"
jq -e '.traceEvents | length > 4000' "$tmp/trace.json" >"$tmp/output" 2>&1
result $? "is JSON"
jq -e "$flows | length == 1000 and all(length == 2 and (map(.ph) | sort == [\"f\", \"s\"]))" \
	"$tmp/trace.json" >"$tmp/output" 2>&1
result $? "an arrow for each request and each response, with both ends"
jq -e '[.traceEvents[] | select(.ph == "b" or .ph == "e")] | group_by(.id) |
	length == 500 and all(length == 2)' "$tmp/trace.json" >"$tmp/output" 2>&1
result $? "a span for each request"

# ---- capture and replay

# shellcheck disable=SC2046
{
	traced capture "$tmp/headers.pcapng" $(named growing-slices) -- \
		$pair growing-slices --rounds 100 --interval 0
	traced capture "$tmp/whole.pcapng" --snap 256K --strict $(named growing-slices) -- \
		$pair growing-slices --rounds 100 --interval 0
	result $? "capture"
}
if command -v capinfos >/dev/null; then
	for file in headers whole; do
		capinfos -c "$tmp/$file.pcapng" >"$tmp/output" 2>&1 &&
			grep -q 'packets: *200$' "$tmp/output"
		result $? "capinfos counts 200 packets, $file"
	done
else
	skip "capinfos counts 200 packets" "there is no capinfos"
fi
for file in headers whole; do
	$patience "$sluice" trace read "$tmp/$file.pcapng" --types "$O/examples/growing-slices-server" \
		>"$tmp/said" 2>"$tmp/told"
	[ $? -eq 0 ] && [ ! -s "$tmp/told" ]
	result $? "read, $file"
	holds "200 messages" 'length == 200 and all(.service == "example/growing-slices" and .count == .bytes)'
done
holds "each user header by its fields" 'all(.header_fields | keys == ["number"])'
holds "and each byte of a slice" 'all((.hex | length) == 2 * .bytes) and any(.bytes > 1000)'
"$O/examples/growing-slices-server" >/dev/null &
server=$!
$patience "$sluice" trace replay "$tmp/headers.pcapng" example/growing-slices >"$tmp/said" 2>"$tmp/told"
[ $? -eq 1 ]
result $? "replay refuses a capture without payloads"
says "and says why" 'are needed: nothing was sent'
$patience "$sluice" trace replay "$tmp/whole.pcapng" example/growing-slices --speed max --compare \
	--json >"$tmp/said" 2>"$tmp/output"
result $? "replay gives the same replies"
holds "100 of them" '.[0].compared | .same == 100 and .different + .missing + .extra == 0'
kill $server
wait $server 2>/dev/null

# ---- elements that are aligned more than their type asks for, behind user headers

# hold ALIGNMENT: a service of that alignment is there, with a server; $holder, $server
hold() {
	: >"$tmp/held"
	: >"$tmp/serving"	# what those before have said
	"$program" hold "$1" >"$tmp/held" &
	holder=$!
	until grep -q held "$tmp/held"; do
		kill -0 $holder || return
		sleep 0.02
	done
	"$sluice" serve selftest/aligned >"$tmp/output" 2>"$tmp/serving" &
	server=$!
	until grep -q ' serves ' "$tmp/serving"; do
		kill -0 $server || return
		sleep 0.02
	done
}
# replays NAME FILE NUMBER: the same replies come, as many as there are
replays() {
	$patience "$sluice" trace replay "$2" selftest/aligned --speed max --compare --json \
		>"$tmp/said" 2>"$tmp/output"
	result $? "$1"
	holds "which are $3" \
		".[0].compared | .same == $3 and .different + .missing + .extra == 0"
}
drop() {
	kill $server
	wait $server
	kill $holder
	wait $holder
} 2>/dev/null

traced capture "$tmp/aligned.pcapng" --snap 4K --strict -- "$program" align 200
result $? "capture, of ports that are made meanwhile"
hold 64
replays "a server that has read the contract gives the same replies" "$tmp/aligned.pcapng" 200
begin capture "$tmp/later.pcapng" --snap 4K --strict --service selftest/aligned
"$sluice" call selftest/aligned --header 0102030405060708 --hex 'abcd 1234' --count 5 --json \
	>"$tmp/called" 2>"$tmp/output"
result $? "a client that has read the contract"
end
result $? "capture, of a port that was there before"
cp "$tmp/called" "$tmp/said"
holds "has its headers and elements back" 'length == 5 and
	all(.header == "0102030405060708" and .hex == "abcd1234")'
replays "they can be sent again" "$tmp/later.pcapng" 5
drop
hold 32
$patience "$sluice" trace replay "$tmp/aligned.pcapng" selftest/aligned >"$tmp/said" 2>"$tmp/told"
[ $? -eq 1 ]
result $? "of a service of less alignment they are not"
says "which is said" '64 bytes in front of its elements, and by the contract of selftest/aligned it has 32'
drop

# ---- loss

# shellcheck disable=SC2046
{
	begin events --json --buffer 64K --strict --service example/calls $(named calls)
	kill -STOP $tracer
	$pair calls --calls 3000
	kill -CONT $tracer
	end
	[ $? -eq 1 ]
	result $? "with --strict a loss is an error"
}
holds "and is counted" \
	'.[-1].summary.lost > 0 and .[-1].summary.lost + (length - 1) >= .[-1].summary.seen'

# ---- who may

if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	other="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chmod 755 "$tmp"
	cp "$sluice" "$program" "$tmp"
	mkdir "$tmp/others"
	chown 65534:65534 "$tmp/others"
	$patience $other "$tmp/sluice" trace -- true >"$tmp/said" 2>"$tmp/told"
	[ $? -eq 1 ] && [ "$(wc -l <"$tmp/told")" -eq 1 ]
	result $? "another user is told in one sentence"
	says "what it needs" 'CAP_BPF and CAP_PERFMON'
	SLUICE_ROOT=$tmp/others $patience $other --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \
		"$tmp/sluice" trace --totals --json -- "$tmp/trace_test" talk 9 \
		>"$tmp/said" 2>"$tmp/told"
	sed -i /trips/d "$tmp/said"
	holds "with these two capabilities it may" '.[0].totals.request_send == 10'
else
	skip "another user" "this is not root, or there is no setpriv"
fi

# ---- the command line

wrong() {
	bad_usage "$*" $patience "$sluice" trace "$@"
}
wrong nothing
wrong events --no-such-option
wrong events --slow 1ms
wrong latency --count 5
wrong events --event nothing
wrong events --min-size many
wrong events --buffer 100000
wrong leaks --folded rows
wrong capture
wrong --pid 1x
wrong --pid 1 -- true
$patience "$sluice" trace --pid 999999 >"$tmp/said" 2>"$tmp/told"
[ $? -eq 1 ]
result $? "a process that is not there"
$patience "$sluice" trace -- false >"$tmp/said" 2>"$tmp/output"
[ $? -eq 1 ]
result $? "the status of the command"
for verb in "" read replay; do
	# shellcheck disable=SC2086
	"$sluice" trace $verb --help >"$tmp/output" 2>&1 && ! grep -q '^.\{81\}' "$tmp/output"
	result $? "help fits a terminal${verb:+, $verb}"
done
finish
