#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice trace read, of captures that are written here, so that nothing is traced: fields of
# structs, slices and user headers, by a named program and by the service that runs; what stays
# hex; layouts that are not the service's; captures that lie.  trace_test.sh reads real ones.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/serving.sh
. selftests/kit/serving.sh

"$sluice" trace read --help >/dev/null 2>&1 || skip_all "sluice trace was not built"
command -v perl >/dev/null || skip_all "there is no perl"

# Makes a capture of lines: KIND SERVICE LEAD BYTES HEX, where HEX is what was captured, or -.
# BYTES and LEAD may be more than that.  Requests are numbered; a reply has the last number.
cat >"$tmp/capture.pl" <<'END'
binmode STDOUT;
sub block { my ($type, $body) = @_; my $size = length($body) + 12;
	print pack("LL", $type, $size), $body, pack("L", $size); }
sub option { my ($code, $data) = @_;
	return pack("SS", $code, length $data) . $data . "\0" x (-length($data) % 4); }
block(0x0a0d0d0a, pack("LSSq", 0x1a2b3c4d, 1, 0, -1));
my (%number, $request);
while (<STDIN>) {
	my ($kind, $service, $lead, $bytes, $hex) = split;
	if (!exists $number{$service}) {
		$number{$service} = keys %number;
		block(1, pack("SSL", 147, 0, 0) . option(2, $service) . option(9, "\x09") . option(0, ""));
	}
	my $data = $hex eq "-" ? "" : pack("H*", $hex);
	my $reply = $kind eq "reply";
	$request++ if !$reply;
	my $header = pack("L<S<S<L<L<Q<Q<Q<Q<", 0x70756c73, 1, $reply ? 1 : 0, 77, $lead,
		$reply ? 2 : 1, $reply ? 1 : 2, $request, $bytes);
	my $whole = length($header) + length $data;
	block(6, pack("LLLLL", $number{$service}, 0x17979cfe, 0x362a0000 + $request, $whole, $whole) .
		$header . $data . "\0" x (-$whole % 4));
}
END

# captured FILE: of the lines on standard input
captured() {
	perl "$tmp/capture.pl" >"$tmp/$1"
}

reads() {	# reads FILE ARGUMENT...: see quietly
	file=$1
	shift
	quietly trace read "$tmp/$file" "$@"
}

holds() {	# holds NAME JQ: of all lines, as an array
	jq -se "$2" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$1"
}

tells() {	# tells NAME PATTERN: on standard error
	grep -q -e "$2" "$tmp/told"
	result $? "$1"
}

libs="-pthread $(pkg-config --libs liburing 2>/dev/null || echo -luring)"
build() {	# build FLAG...
	# shellcheck disable=SC2086 # several words
	$CC -g -O2 "$@" -Iuapi -Ilib/include selftests/tools/fields_echo.c "$O/lib/libsluice.a" $libs
}

check "a server of every kind of field is built" build -o "$tmp/echo"
check "and one with another layout of the same size" build -DPAIR=b,a -o "$tmp/swapped"
check "and one of another size" build -DPAIR=a,b,c -o "$tmp/longer"

# ---- By a program that is named, without a service

captured pairs <<END
request test/pairs 4 8 030000000100000000000200
reply test/pairs 4 4 0400000001000200
request test/pairs 4 0 05000000
request test/pairs 4 8 0300000001000000
request test/pairs 4 8 0300
request test/pairs 4 8 -
END
reads pairs --types "$tmp/echo"
result $? "a capture of slices and headers"
holds "six messages, in order" 'length == 6 and map(.request) == [1, 1, 2, 3, 4, 5] and
	map(.kind) == ["request", "reply", "request", "request", "request", "request"]'
holds "a slice by its fields" '.[0] | .fields == [{"a": 1, "b": 0}, {"a": 0, "b": 2}] and
	.count == 2'
holds "a reply too" '.[1].fields == [{"a": 1, "b": 2}]'
holds "and their headers" 'map(.header_fields.number) == [3, 4, 5, 3, null, null]'
holds "a slice of nothing" '.[2] | .fields == [] and .count == 0 and .bytes == 0'
holds "a part of a slice is hex" '.[3] | has("fields") == false and .hex == "01000000" and
	.captured == 8 and .count == 2 and .bytes == 8'
holds "a part of a header is hex" '.[4] | .header == "0300" and .hex == "" and .captured == 2'
holds "and so is a message without its bytes" '.[5] |
	.header == "" and .hex == "" and .captured == 0'
holds "the ends are named" 'all(.client == "0000000000000001" and .server == "0000000000000002" and
	.service == "test/pairs" and .pid == 77)'
holds "and the time" '.[0].time / 1e9 | floor == 1700000000'
[ ! -s "$tmp/told" ]
result $? "nothing else is said"
reads pairs --types "$tmp/swapped"
holds "the capture has no fingerprint: the size must do" '.[1].fields == [{"b": 1, "a": 2}]'
reads pairs --types "$tmp/longer"
holds "what another size excludes is hex" '.[0] | has("fields") == false and
	.hex == "0100000000000200" and .count == null and .header == "03000000"'
tells "which is said" 'request 1 of test/pairs has 8 bytes .* with struct pair of 6 bytes'
[ "$(wc -l <"$tmp/told")" -eq 1 ]
result $? "once"
captured leads <<END
request test/pairs 0 4 01000200
request test/pairs 2 4 030001000200
request test/pairs 5 4 030000000001000200
request test/pairs 8 4 030000000000000001000200
END
reads leads --types "$tmp/echo"
holds "a message without its header is hex, or with one that is too short or not aligned" '
	map(has("fields")) == [false, false, false, true] and .[3].header_fields == {"number": 3}'
reads pairs --types /dev/null
[ $? -eq 1 ] && [ ! -s "$tmp/said" ]
result $? "what is no program"
tells "is said" 'the contracts of /dev/null cannot be read'

# ---- By the service that runs

reads pairs
result $? "without a program and a service"
holds "all is hex" 'length == 6 and
	all((has("fields") or has("header_fields")) == false and .count == null) and
	.[0].hex == "0100000000000200" and .[0].header == "03000000"'
tells "which is said" 'messages of test/pairs are shown as bytes: no service test/pairs runs'
echoing "$tmp/echo"
reads pairs
holds "by the service that runs" '.[0].fields == [{"a": 1, "b": 0}, {"a": 0, "b": 2}] and
	.[0].header_fields == {"number": 3}'
full='{"i8": -1, "u64": 18446744073709551615, "yes": true, "tag": "ab", "color": "GREEN",
	"at": {"x": 1.5}, "grid": [[1], [2]], "name": "\u00e9\u0000x", "points": [{"x": 2}],
	"maybe": 7, "words": ["", "a"]}'
call test/every "$full"
jq -S . "$tmp/said" >"$tmp/wanted"
call test/every --fields "$full" --json
hex=$(jq -r .hex "$tmp/said")
size=$((${#hex} / 2))
{
	echo "request test/every 0 $size $hex"
	echo "request test/every 0 $((size + 1)) ${hex}00"
	echo "reply test/every 0 $size $(echo "$hex" | sed 's/../ff/g')"
} | captured every
reads every
head -n 1 "$tmp/said" | jq -S .fields | diff "$tmp/wanted" - >"$tmp/output" 2>&1
result $? "a struct has the fields that sluice call has printed"
grep -q '"u64": *18446744073709551615' "$tmp/said"
result $? "64 bits are exact"
holds "a struct is of its size" '.[1] | has("fields") == false and .count == null'
holds "a container that lies is hex" '.[2].fields |
	.name.error == "length is 4294967295, capacity 12" and .yes == 255 and .words.hex != null'
ended
fingerprint=$("$sluice" types --json "$tmp/echo" |
	jq -rs 'map(select(.service == "test/pairs" and .role == "request"))[0].fingerprint')
build "-DFINGERPRINT=0x$fingerprint" -o "$tmp/finger"
build "-DPAIR=b,a" "-DFINGERPRINT=0x$fingerprint" -o "$tmp/forged"
strip -o "$tmp/stripped" "$tmp/finger"
echoing "$tmp/stripped"
reads pairs
holds "a service without debug information is hex" '.[0].hex == "0100000000000200" and .[0].count == 2'
tells "which is said" 'messages of test/pairs are shown as bytes: the program of process .* has no debug'
reads pairs --types "$tmp/finger"
holds "unless a program is named" '.[0].fields == [{"a": 1, "b": 0}, {"a": 0, "b": 2}]'
reads pairs --types "$tmp/forged"
holds "whose types have the fingerprint of its contract" '.[0] | has("fields") == false and .hex != null'
tells "which is said" 'forged has another struct pair: its fingerprint is 0x'
ended

# ---- Several services

captured mixed <<END
request bytes 0 3 616263
request points 0 16 000000000000f83f0000000000000040
request test/pairs 4 4 0300000001000200
END
serving --slice uint8_t:1:1 bytes cat
serving --type point:16:8 points cat
reads mixed --types "$tmp/echo"
holds "each service has its own layout" '.[2].fields == [{"a": 1, "b": 2}]'
holds "or bytes" '.[0].hex == "616263"'
holds "a type of the program, by the contract of the service that runs" '.[1].fields == {"x": 1.5, "y": 2}'
reads mixed --types "$tmp/echo" --service test/pairs
holds "one of them" 'map(.service) == ["test/pairs"]'
reads mixed --types "$tmp/echo" --service 'poi*'
holds "or those whose names begin so" 'map(.service) == ["points"]'
reads mixed --service nothing && [ ! -s "$tmp/said" ] && [ ! -s "$tmp/told" ]
result $? "or none"

# ---- Captures that lie

i=0
while [ $i -lt 100 ]; do
	printf 'request s%d 0 3 616263\n' $i
	i=$((i + 1))
done | captured many
reads many
holds "a hundred services are shown" 'length == 100 and all(.hex == "616263")'
[ "$(wc -l <"$tmp/told")" -eq 65 ] && tail -n 1 "$tmp/told" | grep -q 'further services than the first 64'
result $? "but not as many are looked for"
captured huge <<END
request test/pairs 4294967295 18446744073709551615 0300
request test/pairs 4 18446744073709551612 0300000001000200
END
reads huge --types "$tmp/echo"
grep -q '"bytes":18446744073709551615,"captured":2,"header":"0300","hex":""' "$tmp/said"
result $? "sizes that nothing can have"
holds "are no fields" 'length == 2 and all(has("fields") == false) and .[1].header_fields == {"number": 3}'
printf 'request \033[2J\302\233\377" 0 1 61\n' | captured odd
reads odd
holds "a name that a terminal would obey" '.[0].service == "\u001b[2J\ufffd\ufffd\ufffd\""'
! grep -q "$(printf '[\033\302\377]')" "$tmp/said" "$tmp/told"
result $? "is escaped"
size=$(wc -c <"$tmp/pairs")
cut=$((size - 4)) refused=0
while [ $cut -gt 0 ]; do
	head -c $cut "$tmp/pairs" >"$tmp/cut"
	reads cut --types "$tmp/echo" && refused=1
	jq -e . "$tmp/said" >/dev/null 2>>"$tmp/output" || [ ! -s "$tmp/said" ] || refused=1
	[ -s "$tmp/told" ] || refused=1
	cut=$((cut - 61))
done
result $refused "a capture that is cut ends with a sentence"
head -c $((size - 4)) "$tmp/pairs" >"$tmp/cut"
reads cut --types "$tmp/echo"
holds "and has the messages in front of that" 'length == 5 and .[0].fields[0].a == 1'
tells "whose number is told" 'is cut or damaged after 5 messages'
refused=0
for file in selftests/fuzz/corpus/capture/*; do
	tail -c +2 "$file" >"$tmp/spoiled"
	reads spoiled --types "$tmp/echo"
	[ $? -le 1 ] && jq -e . "$tmp/said" >>"$tmp/output" 2>&1 || [ ! -s "$tmp/said" ] || refused=1
done
result $refused "the captures that fuzzing has found"
bad_usage "no file" "$sluice" trace read
bad_usage "two files" "$sluice" trace read a b
bad_usage "no name" "$sluice" trace read a --service ''
refuse "a file that is not there" "$sluice" trace read "$tmp/nothing"
mkfifo "$tmp/fifo"
reads fifo
[ $? -eq 1 ] && [ -s "$tmp/told" ]
result $? "a FIFO without a writer"
"$sluice" trace read "$tmp/pairs" >/dev/full 2>"$tmp/told"
[ $? -eq 1 ]
result $? "a full disk"
tells "is told" 'cannot write: No space left'
finish
