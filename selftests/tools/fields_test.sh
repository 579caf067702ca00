#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Payloads by their fields, of a server that is compiled by each compiler that is installed:
# fields of every kind there and back, what is left out, what does not fit, payloads that lie,
# layouts that are not the service's, and commands of sluice serve that read and write JSON.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/serving.sh
. selftests/kit/serving.sh

"$sluice" types --help >/dev/null 2>&1 || skip_all "sluice types was not built: no libdw"

libs="-pthread $(pkg-config --libs liburing 2>/dev/null || echo -luring)"

# build COMPILER FLAG... PROGRAM
build() {
	# shellcheck disable=SC2086 # several words
	"$@" -Iuapi -Ilib/include selftests/tools/fields_echo.c "$O/lib/libsluice.a" $libs
}

# same NAME JQ-TEXT ARGUMENT...: the response is that JSON, whatever the spaces
same() {
	checked=$1
	printf '%s\n' "$2" | jq -S . >"$tmp/expected"
	shift 2
	call "$@" && jq -S . "$tmp/said" >"$tmp/got" && diff "$tmp/expected" "$tmp/got" >>"$tmp/output" &&
		[ ! -s "$tmp/told" ]
	result $? "$checked"
}

# exact NAME TEXT ARGUMENT...: the response is that text, character for character
exact() {
	checked=$1
	printf '%s\n' "$2" >"$tmp/expected"
	shift 2
	call "$@" && diff "$tmp/expected" "$tmp/said" >>"$tmp/output"
	result $? "$checked"
}

# has NAME JSON FIELD VALUE: a request with this gives a response whose field is that
has() {
	call test/every "$2" && jq -e --argjson v "$4" "$3 == \$v" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$compiler: $1"
}

# bad DATA SENTENCE: is refused
bad() {
	! call test/every "$1" && [ ! -s "$tmp/said" ] && grep -qF -e "$2" "$tmp/told"
	result $? "$compiler: $2"
}

every_kind() {
	has "least" '{"i8": -128, "i16": -32768, "i32": -2147483648}' '[.i8, .i16, .i32]' \
		'[-128, -32768, -2147483648]'
	has "most" '{"u8": 255, "u16": 65535, "u32": 4294967295}' '[.u8, .u16, .u32]' \
		'[255, 65535, 4294967295]'
	call test/every '{"u64": 18446744073709551615, "i64": -9223372036854775808}'
	grep -q '"i64": -9223372036854775808, "u64": 18446744073709551615,' "$tmp/said"
	result $? "$compiler: 64 bits, which jq would round"
	has "numbers as text" '{"u32": "0xff", "i8": "-5"}' '[.u32, .i8]' '[255, -5]'
	has "floats, shortest" '{"f32": 0.1, "f64": 1e300}' '[.f32, .f64]' '[0.1, 1e300]'
	has "no numbers" '{"f32": "inf", "f64": "nan"}' '[.f32, .f64]' '["inf", "nan"]'
	has "truth" '{"yes": true}' .yes true
	has "chars" '{"tag": "abcd"}' .tag '"abcd"'
	has "an enum by name" '{"color": "BLUE", "level": "LOW"}' '[.color, .level]' '["BLUE", "LOW"]'
	has "an enum by number" '{"color": 5, "level": -1}' '[.color, .level]' '["GREEN", "LOW"]'
	has "an enum without a name" '{"color": 77, "level": -9}' '[.color, .level]' '[77, -9]'
	has "structs and arrays of them" '{"at": {"x": 1.5}, "path": [{}, {"y": 2}]}' \
		'[.at.x, .path[1].y]' '[1.5, 2]'
	has "two dimensions" '{"grid": [[1, 2, 3], [4]]}' .grid '[[1, 2, 3], [4, 0, 0]]'
	has "a union" '{"either": {"half": [1, 2]}}' .either '{"whole": 131073, "half": [1, 2]}'
	has "a nameless struct" '{"inner": 7}' .inner 7
	has "bit-fields" '{"three": 7, "five": -16}' '[.three, .five]' '[7, -16]'
	has "a pointer is bytes" '{"pointer": {"hex": "0102"}}' .pointer.hex '"0102000000000000"'
	has "text" '{"name": "h\u00e4\u00df\n\u0001\""}' .name '"h\u00e4\u00df\n\u0001\""'
	has "a list" '{"points": [{"x": 1}, {"y": 2}]}' '.points | length' 2
	has "a value" '{"maybe": 0}' .maybe 0
	has "and none" '{"maybe": null}' .maybe null
	has "text that may be missing" '{"word": ""}' .word '""'
	has "a list of text" '{"words": ["a", "bcd"]}' .words '["a", "bcd"]'
	has "what is left out" '{}' \
		'[.i8, .f64, .yes, .color, .name, .points, .maybe, .tag]' \
		'[0, 0, false, "RED", "", [], null, ""]'
	bad '{"u8": 256}' 'field "u8": 256 does not fit uint8_t'
	bad '{"i32": 3000000000}' 'field "i32": 3000000000 does not fit int32_t'
	bad '{"u64": -1}' 'field "u64": -1 does not fit uint64_t'
	bad '{"u64": 18446744073709551616}' 'field "u64": "18446744073709551616" does not fit uint64_t'
	bad '{"u8": 1.5}' 'field "u8": 1.5 does not fit uint8_t'
	bad '{"three": 8}' 'field "three": 8 does not fit unsigned int'
	bad '{"five": 16}' 'field "five": 16 does not fit int'
	bad '{"yes": 256}' 'field "yes": 256 does not fit _Bool'
	bad '{"color": "BLEU"}' 'field "color": "BLEU" is no constant of color; did you mean BLUE?'
	bad '{"tag": "abcde"}' 'field "tag": 5 bytes of text do not fit: there is room for 4'
	bad '{"name": "0123456789abc"}' 'field "name": 13 bytes of text do not fit'
	bad '{"points": [{}, {}, {}]}' 'field "points": 3 elements do not fit: there is room for 2'
	bad '{"grid": [[1, 2, 3], [4, "x"]]}' 'field "grid[1][1]": "x" does not fit int32_t'
	bad '{"path": [{"z": 1}]}' 'field "path[0]": there is no field "z" in point'
	bad '{"either": {"whole": 1, "half": [1]}}' \
		'field "either": "whole" and "half" share their bytes: give one of them'
	bad '{"nmae": "x"}' 'there is no field "nmae" in every; did you mean name?'
	bad '{"u8": 1' 'the request: it is no JSON: line 1, column 8'
	bad '{"u8": 1, "u8": 2}' 'it is no JSON'
	bad '{"pointer": 5}' 'field "pointer": a pointer cannot be read: give {"hex": DIGITS}'
}

# zeros COUNT: hex digits of so many zero bytes
zeros() {
	printf "%0$((2 * $1))d" 0
}

# at OFFSET HEX: a request whose bytes are zeros, but for these
at() {
	printf '%s%s%s' "$(zeros "$1")" "$2" "$(zeros $((size - $1 - ${#2} / 2)))"
}

# lies NAME OFFSET HEX FIELD VALUE: bytes that no program would write are shown
lies() {
	at "$2" "$3" >"$tmp/lie"
	perl -ne 'print pack "H*", $_' "$tmp/lie" >"$tmp/lie.bytes"
	call test/every --hex --json --file "$tmp/lie" &&
		jq -e --argjson v "$5" ".fields$4 == \$v" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$compiler: $1"
}

# offset FIELD: of its first byte, asked for by a request in which only that one is set
offset() {
	call test/every "$1" --json &&
		jq -r .hex "$tmp/said" | awk '{ match($0, /[^0]/); print int((RSTART - 1) / 2) }'
}

lying() {
	call test/every '{}' --json
	size=$(jq .bytes "$tmp/said")
	lies "a byte that is no truth" "$(offset '{"yes": true}')" 07 .yes 7
	name=$(offset '{"name": "x"}')
	lies "a length behind the capacity" "$name" ffffffff .name.error \
		'"length is 4294967295, capacity 12"'
	lies "and one byte behind it" "$name" 0d000000 .name.hex "\"0d$(zeros 15)\""
	lies "text that is no UTF-8" "$name" 02000000c3ff .name.hex '"c3ff"'
	lies "what a terminal would obey" "$name" 040000001bc29b7f .name '"\u001b\u009b\u007f"'
	call test/every --file "$tmp/lie.bytes" && ! grep -q "$(printf '[\033\302\177]')" "$tmp/said"
	result $? "$compiler: is escaped"
	lies "a list behind its capacity" "$(offset '{"points": [{}]}')" 03000000 .points.error \
		'"length is 3, capacity 2"'
	lies "a value that is present in another way" "$(offset '{"maybe": 0}')" 00010000 .maybe 0
}

compilers=
for compiler in gcc clang; do
	! command -v "$compiler" >/dev/null || compilers="$compilers $compiler"
done
for compiler in ${compilers:-$CC}; do
	check "$compiler: the server is built" build "$compiler" -g -O2 -o "$tmp/fields-$compiler"
	echoing "$tmp/fields-$compiler"
	every_kind
	lying
	same "$compiler: a slice, and the header" '[{"a": 1, "b": 0}, {"a": 0, "b": 2}]' \
		test/pairs '[{"a": 1}, {"b": 2}]' --header '{"number": 3}'
	call test/pairs '[]' --header '{"number": 3}' --json &&
		jq -e '.fields == [] and .header_fields == {"number": 3}' "$tmp/said" >>"$tmp/output"
	result $? "$compiler: a slice of nothing"
	call test/pairs '[{"a": 70000}]'
	grep -q 'field "\[0\].a": 70000 does not fit uint16_t' "$tmp/told"
	result $? "$compiler: an element that does not fit"
	ended
done
compiler=${compiler:-$CC}

# ---- What is printed is what is read

echoing "$tmp/fields-$compiler"
full='{"i8": -1, "u64": 18446744073709551615, "f32": 0.1, "f64": 0.30000000000000004,
	"yes": true, "tag": "ab", "raw": [1, 2, 3], "color": "GREEN", "level": "HIGH",
	"at": {"x": 1e-300}, "grid": [[1], [2]], "inner": 9, "three": 3, "five": -1,
	"pointer": {"hex": "ff"}, "name": "\u00e9\u0000x", "points": [{"x": -0.0}],
	"maybe": 7, "word": "w", "words": ["", "a"]}'
call test/every "$full"
# A union is read by one of its members.
sed 's/"either": {[^}]*}, //' "$tmp/said" >"$tmp/first"
call test/every --fields --file "$tmp/first"
sed 's/"either": {[^}]*}, //' "$tmp/said" | diff "$tmp/first" - >>"$tmp/output"
result $? "what was printed is read, from a file"
call test/every --fields - <"$tmp/first"
[ -s "$tmp/said" ] && [ ! -s "$tmp/told" ]
result $? "and from standard input"
call test/every --fields --hex 00 2>/dev/null
[ $? -eq 2 ]
result $? "either JSON or hex"

# ---- Whose layout it is

shows() {	# shows NAME PATTERN: in what was said or told
	grep -q -e "$2" "$tmp/said" "$tmp/told"
	result $? "$1"
}

pair='[{"a": 1, "b": 2}]'
check "a program with another layout is built" \
	build "$compiler" -g -DPAIR=b,a -o "$tmp/swapped"
check "and one with another size" build "$compiler" -g -DPAIR=a,b,c -o "$tmp/longer"
call test/pairs "$pair" --types "$tmp/longer"
shows "another size is not the service's" "longer has another pair, of 6 bytes and not 4"
call test/pairs "$pair" --types "$tmp/swapped"
shows "without a fingerprint name and size must do" '^\[{"b": 2, "a": 1}\]$'
call test/pairs "$pair" --types /dev/null
shows "what is no program" 'cannot be read'
call test/pairs "$pair" --types "$tmp/none"
shows "what is not there" 'none cannot be read: No such file'
ended
fingerprint=$("$sluice" types --json "$tmp/fields-$compiler" |
	jq -rs 'map(select(.service == "test/pairs" and .role == "request"))[0].fingerprint')
build "$compiler" -g "-DFINGERPRINT=0x$fingerprint" -o "$tmp/finger"
echoing "$tmp/finger"
exact "the fingerprint is that of the service" "$pair" test/pairs "$pair"
call test/pairs "$pair" --types "$tmp/swapped"
shows "another fingerprint is not" "swapped has another pair: its fingerprint is 0x"
call test/pairs --hex 01000200 --json
jq -e '.fields == [{"a": 1, "b": 2}]' "$tmp/said" >"$tmp/output" 2>&1
result $? "bytes are shown by their fields"
exact "but not if hex is asked for" 01000200 test/pairs --hex 01000200
call test/pairs "$pair" --bytes
shows "JSON may be bytes" 'has 18 bytes, and must have a multiple'
quietly show test/pairs --json
jq -e '.service.fields.request == {"a": "uint16_t", "b": "uint16_t"}' "$tmp/said" >"$tmp/output" 2>&1
result $? "show tells the fields"
quietly show test/every
shows "of every kind" '"points": \[{"x": "double", "y": "double"}, "up to 2"\]'
ended
strip -o "$tmp/stripped" "$tmp/finger"
echoing "$tmp/stripped"
call test/pairs "$pair"
shows "without debug information there are no fields" \
	"the fields of the request are not known.*has no debug information"
call test/pairs --hex 01000200 --json
jq -e '.hex == "01000200" and .fields == null' "$tmp/said" >"$tmp/output" 2>&1
result $? "but bytes"
printf '\001\000\002\000' >"$tmp/bytes"
call test/pairs --file "$tmp/bytes"
shows "with a remark" "responses are shown as bytes: the program of process $server has no debug"
exact "or those of a program that is named" "$pair" test/pairs "$pair" --types "$tmp/finger"
ended

# ---- The examples, and commands that read and write JSON

"$O/examples/adder-server" >/dev/null 2>&1 &
servers="$servers $!"
until grep -qs example/adder "$SLUICE_ROOT"/*/services/*/contract; do sleep 0.02; done
exact "the adder adds" '{"sum": 42}' example/adder '{"a": 40, "b": 2}'
kill $!
wait $! 2>/dev/null
"$O/examples/growing-slices-server" >/dev/null 2>&1 &
servers="$servers $!"
until grep -qs growing-slices "$SLUICE_ROOT"/*/services/*/contract; do sleep 0.02; done
call example/growing-slices --header '{"number": 1}' --hex 54 --json
jq -e '.header_fields == {"number": 1} and .hex == "e9" and .fields == null' "$tmp/said" \
	>"$tmp/output" 2>&1
result $? "growing slices have a header with fields, and bytes without"
"$sluice" gc >/dev/null 2>&1
serving test/pairs --types "$tmp/finger" --fields --json jq -c 'map({a: .b, b: .a})'
exact "a command reads and writes JSON" '[{"a": 2, "b": 1}]' test/pairs "$pair" --types "$tmp/finger"
jq -e '.fields == [{"a": 1, "b": 2}]' "$tmp/served" >"$tmp/output" 2>&1
result $? "and a report has the fields of the request"
serving test/every --types "$tmp/fields-$compiler" --fields echo '{"u8": 256}'
call test/every '{}' --types "$tmp/fields-$compiler"
grep -q 'the reply: field "u8": 256 does not fit uint8_t' "$tmp/logged"
result $? "a reply that does not fit is told"
quietly serve test/none --types "$tmp/finger" --fields cat
shows "a program without the service" "finger has no contract of a service test/none"

finish
