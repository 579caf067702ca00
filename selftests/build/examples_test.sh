#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples do what they show, however nodes wait, and README.md shows the
# smallest of them as they are.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

# For those in Python, where they are built.
PYTHONPATH=$(realpath "$O/python" 2>/dev/null)
LD_LIBRARY_PATH=$(realpath "$O/lib")
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH LD_LIBRARY_PATH PYTHONDONTWRITEBYTECODE

# meet N EXAMPLE CLIENT-ARGUMENT...: so many servers and as many clients
meet() {
	count=$1
	both=$2
	shift 2
	between "$count" "$both" "$both" "$@"
}

# program EXAMPLE ROLE: its file
program() {
	case $1 in *-py) echo "$O/python/examples/$1-$2.py" ;; *) echo "$O/examples/$1-$2" ;; esac
}

# between N SERVERS CLIENTS CLIENT-ARGUMENT...: the same with examples in two languages
between() {
	many=$(seq "$1")
	server=$(program "$2" server)
	client=$(program "$3" client)
	shift 3

	servers=
	for _ in $many; do
		"$server" &
		servers="$servers $!"
	done
	clients=
	for _ in $many; do
		timeout 60 "$client" "$@" &
		clients="$clients $!"
	done
	status=0
	for pid in $clients; do
		wait "$pid" || status=1
	done
	# shellcheck disable=SC2086 # process ids, one a word
	kill $servers && wait $servers
	return $status
}

# tally: two clients of the server that has an event loop of its own
tally() {
	: >"$tmp/tally"		# not to find the port of the server before
	"$O/examples/event-loop-server" 0 >"$tmp/tally" &
	server=$!
	while ! port=$(sed -n 's/^port //p' "$tmp/tally") || [ -z "$port" ]; do
		kill -0 $server || return
		sleep 0.05
	done
	timeout 60 "$O/examples/event-loop-client" "$port" 1 2 3 &
	timeout 60 "$O/examples/event-loop-client" "$port" 4 5 6 7
	status=$?
	wait $! || status=1
	kill $server && wait $server || status=1
	cat "$tmp/tally"
	grep -qx "7 amounts, sum 28" "$tmp/tally" && return $status
}

# in_loop SERVER: a server in an event loop of a library answers as others do, and counts
in_loop() {
	"$O/examples/$1-server" >"$tmp/loop" &
	server=$!
	status=0
	for _ in 1 2 3; do
		timeout 60 "$O/examples/adder-client" || status=1
	done
	until grep -q '^3 answers$' "$tmp/loop"; do
		kill -0 $server || return
		sleep 0.05
	done
	kill $server && wait $server || status=1
	cat "$tmp/loop"
	grep -qx '3 answers in all' "$tmp/loop" && return $status
}

# check_languages SERVER CLIENT EXAMPLES WAY: examples in two languages talk to each other; a language is
# what stands behind their names
check_languages() {
	for example in $3; do
		[ -x "$(program "$example$1" server)" ] && [ -x "$(program "$example$2" client)" ] ||
			{ skip "$example$1 and $example$2, $4" "not built"; continue; }
		if [ $example = adder ]; then
			check "adder$1 and adder$2, $4" \
				answers "40 + 2 = 42" between 1 "adder$1" "adder$2"
		else
			check "growing-slices$1 and growing-slices$2, $4" \
				between 2 "growing-slices$1" "growing-slices$2" \
				--servers 2 --rounds 100 --interval 0
		fi
	done
}

# count_primes SERVER N M: by so many workers in one process, each of which has some to do; they
# are so many servers
count_primes() {
	"$O/examples/$1-server" "$2" >"$tmp/workers" &
	server=$!
	timeout 60 "$O/examples/workers-client" "$3"
	status=$?
	kill $server && wait $server || status=1
	cat "$tmp/workers"
	[ "$(grep -c '^worker' "$tmp/workers")" -eq "$2" ] || status=1
	grep ': 0 ranges' "$tmp/workers" && status=1
	return $status
}

# note: a remark of the library reaches what stands in for the journal
note() {
	python3 - "$tmp/journal" >"$tmp/noted" <<-'END' &
		import socket, sys
		journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		journal.bind(sys.argv[1])
		journal.settimeout(60)
		text = ""
		while "SLUICE_REMARK=10\n" not in text:
		    text = journal.recv(65536).decode()
		print(text, end="")
	END
	journal=$!
	until [ -S "$tmp/journal" ]; do
		kill -0 $journal || return
		sleep 0.05
	done
	"$O/examples/journal-server" "$tmp/journal" &
	server=$!
	timeout 60 "$O/examples/adder-client"
	rm -rf "${SLUICE_ROOT:?}"/*
	wait $journal
	kill $server
	wait $server
	rm -f "$tmp/journal"
	cat "$tmp/noted"
	# The domain was made again, and nobody else is there to remove it.
	rm -rf "${SLUICE_ROOT:?}"/*
	grep -q '^MESSAGE=entries in the registry' "$tmp/noted" &&
		grep -qx 'PRIORITY=5' "$tmp/noted" &&
		grep -qx 'SYSLOG_IDENTIFIER=journal-server' "$tmp/noted" &&
		grep -qx 'SLUICE_REMARK=10' "$tmp/noted" &&
		grep -q '^SLUICE_NODE=[0-9a-f]\{16\}$' "$tmp/noted"
}

# fetch NAME: a file by way of the server, and it is the same
fetch() {
	timeout 60 "$O/examples/file-server-client" "$1" >"$tmp/fetched" &&
		cmp "$tmp/files/$1" "$tmp/fetched"
}

# serve_files: of no length, of odd lengths, of many pieces; and one that is not there
serve_files() {
	mkdir -p "$tmp/files"
	: >"$tmp/files/empty"
	printf 'a few bytes' >"$tmp/files/short"
	head -c 9000001 "$O/lib/libsluice.a" >"$tmp/files/long"
	cat "$O"/tools/sluice "$O"/lib/libsluice.a "$O"/tools/sluice >"$tmp/files/longer"
	"$O/examples/file-server-server" "$tmp/files" &
	server=$!
	status=0
	for name in empty short long longer; do
		fetch $name || status=1
	done
	if timeout 60 "$O/examples/file-server-client" missing 2>"$tmp/said"; then
		status=1
	fi
	cat "$tmp/said"
	grep -q 'missing: No such file or directory' "$tmp/said" || status=1
	kill $server && wait $server || status=1
	return $status
}

# grow: a server and two clients, one after the other.  The first client's responses are as
# long as its requests; the second's go on where the server's own counter is.
grow() {
	"$O/examples/growing-slices-server" --hint 4 >"$tmp/grown" &
	server=$!
	for client in first second; do
		timeout 60 "$O/examples/growing-slices-client" --rounds 3 --interval 0 \
			>"$tmp/$client" || return
	done
	kill $server && wait $server || return
	head -n 8 "$tmp/first" "$tmp/second" "$tmp/grown"
	[ "$(head -n 1 "$tmp/first")" = "ready to send requests" ] &&
		[ "$(head -n 1 "$tmp/grown")" = "ready to receive requests" ] &&
		[ "$(numbers sent "$tmp/first") $(numbers received "$tmp/first")" = "1 4 9 1 4 9" ] &&
		[ "$(numbers sent "$tmp/second") $(numbers received "$tmp/second")" = \
			"1 4 9 16 25 36" ] &&
		[ "$(numbers sent "$tmp/grown") $(numbers received "$tmp/grown")" = \
			"1 4 9 16 25 36 1 4 9 1 4 9" ]
}

# numbers WORD FILE: of bytes after this word, a blank between two
numbers() {
	sed -n "s/^\(round .*: \)\{0,1\}$1 *\([0-9]*\) bytes$/\\2/p" "$2" | xargs
}

# ready ROLE: says at once that it is ready, though nobody is there
ready() {
	: >"$tmp/ready"
	"$O/examples/growing-slices-$1" >"$tmp/ready" &
	started=$!
	until grep -q '^ready to ' "$tmp/ready"; do
		kill -0 $started || return
		sleep 0.05
	done
	kill $started && wait $started
}

# answers EXPECTED COMMAND...: and prints this line
answers() {
	expected=$1
	shift
	"$@" >"$tmp/answer"
	status=$?
	cat "$tmp/answer"
	grep -qx "$expected" "$tmp/answer" && return $status
}

# shown EXAMPLE: all but its head, in one block of code
shown() {
	sed 1,2d "Documentation/examples/$1" >"$tmp/wanted"
	rm -f "$tmp"/block.*
	awk -v block="$tmp/block." '
		/^```/ { inside = !inside; number++; next }
		inside { print >(block number) }' README.md
	for block in "$tmp"/block.*; do
		cmp -s "$block" "$tmp/wanted" && return
	done
	return 1
}

for wait in auto socket; do
	[ $wait = auto ] || export SLUICE_WAIT=$wait
	check "adder, $wait" answers "40 + 2 = 42" meet 1 adder
	check "calls, two clients and two servers, $wait" \
		meet 2 calls --servers 2 --calls 1000
	check "event-loop, sluice and TCP in one thread, $wait" tally
	for loop in sd-event libuv; do
		if [ -x "$O/examples/$loop-server" ]; then
			check "$loop, a node in its loop, $wait" answers "40 + 2 = 42" in_loop $loop
		else
			skip "$loop, a node in its loop, $wait" "not built"
		fi
	done
	check "workers, three threads, $wait" \
		answers "78498 primes below 1000000" count_primes workers 3 3
	check "thread-pool, three threads behind one server, $wait" \
		answers "78498 primes below 1000000" count_primes thread-pool 3 1
	if command -v python3 >"$tmp/output"; then
		check "journal, a remark of the library, $wait" note
	fi
	check "file-server, the disk into the reply, $wait" serve_files
	check "complex-types, $wait" \
		answers "Ada Lovelace: 2 items, 20700 cents, 2300 saved" meet 1 complex-types
	check "complex-types, two clients and two servers, $wait" meet 2 complex-types
	for strategy in power-of-two best-fit static; do
		check "growing-slices, $strategy, $wait" \
			meet 1 growing-slices --strategy $strategy --rounds 50 --interval 0
	done
	check "growing-slices, two clients and two servers, $wait" \
		meet 2 growing-slices --rounds 200 --interval 0
	for pair in "-cpp " " -cpp" "-cpp -cpp"; do
		check_languages "${pair% *}" "${pair#* }" "adder growing-slices" $wait
	done
	for pair in "-py " " -py" "-py -cpp"; do
		check_languages "${pair% *}" "${pair#* }" growing-slices $wait
	done
	check "growing-slices, each side by its own counter, $wait" grow
	check "growing-slices, the client is ready at once, $wait" ready client
	check "growing-slices, the server is ready at once, $wait" ready server
	if [ -x "$O/examples/zstd-service-client" ]; then
		check "zstd-service, $wait" meet 1 zstd-service "$O/lib/libsluice.a"
	else
		skip "zstd-service, $wait" "no libzstd-dev"
	fi
done

# The smallest ones take no arguments, and show nothing that is not needed.
for example in Documentation/examples/*.c Documentation/examples/*.cc; do
	example=$(basename "${example%.*}")
	[ -x "$O/examples/$example" ] || continue
	case $example in adder-*) continue ;; esac
	for option in --help -h; do
		timeout 60 "$O/examples/$example" $option </dev/null >"$tmp/said" 2>"$tmp/output"
		[ $? -eq 0 ] && [ ! -s "$tmp/output" ] && grep -q "^usage: $example" "$tmp/said"
		result $? "$example $option"
	done
done

for example in adder.h adder-client.c adder-server.c; do
	check "README.md shows $example" shown $example
done
finish
