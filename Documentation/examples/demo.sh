#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh - what `make demo` runs once the examples are built
#
# Starts clients and servers as processes of their own and puts a label in front
# of what each of them prints.  Exits 0 only if every one ended as expected.
#
#	O		where the build is: build
#	CLIENTS		how many clients: 1
#	SERVERS		how many servers: 1
#	FIRST		who is started first, server or client: server
#
# shellcheck disable=SC2317 # client() and server() are called by their names

: "${O:=build}" "${CLIENTS:=1}" "${SERVERS:=1}" "${FIRST:=server}"

# A domain of its own: these processes meet nobody else.
SLUICE_DOMAIN=${SLUICE_DOMAIN:-demo}
export SLUICE_DOMAIN

programs=	# process ids of the examples that run
labellers=	# and of what puts the labels in front of their output

fail()
{
	echo "demo: $*" >&2
	exit 1
}

runs()
{
	kill -0 "$1" 2>/dev/null
}

# Ends what this script has started, and nothing else.
clean_up()
{
	rm -rf "$tmp"
	for pid in $programs; do
		kill "$pid" 2>/dev/null
	done
	for pid in $programs; do
		patience=100
		while runs "$pid" && [ $patience -gt 0 ]; do
			sleep 0.1
			patience=$((patience - 1))
		done
		kill -9 "$pid" 2>/dev/null
	done
	wait
}

# launch LABEL PROGRAM [ARGUMENT...] - leaves its process id in $launched
launch()
{
	label=$1
	program=$O/examples/$2
	shift 2
	[ -x "$program" ] || fail "$program: not there; run make first"

	# Both ends are opened here, so that neither process has to wait for that.
	mkfifo "$tmp/fifo" || exit
	exec 3<>"$tmp/fifo"
	exec 4<"$tmp/fifo"
	rm "$tmp/fifo"
	sed -u "s/^/$label: /" <&4 3>&- 4<&- &
	labellers="$labellers $!"
	"$program" "$@" >&3 2>&1 3>&- 4<&- &
	launched=$!
	programs="$programs $launched"
	exec 3>&- 4<&-
}

# copies N ROLE - N processes of that role, as the step at hand defines it
copies()
{
	launched_all=
	copy=1
	while [ "$copy" -le "$1" ]; do
		"$2" "$2 $copy"
		launched_all="$launched_all $launched"
		copy=$((copy + 1))
	done
}

any_runs()
{
	for pid; do
		runs "$pid" && return
	done
	return 1
}

# expect_success PID... - each of these has ended, or is about to, with status 0
expect_success()
{
	for pid; do
		wait "$pid" || fail "process $pid ended with status $?"
	done
}

# meet - runs the functions client and server in processes until clients end
meet()
{
	if [ "$FIRST" = client ]; then
		copies "$CLIENTS" client; clients=$launched_all
		sleep 1			# nobody is there: they wait
		copies "$SERVERS" server; servers=$launched_all
	else
		copies "$SERVERS" server; servers=$launched_all
		copies "$CLIENTS" client; clients=$launched_all
	fi

	# shellcheck disable=SC2086 # lists of process ids
	{
		while any_runs $clients; do
			for pid in $servers; do
				runs "$pid" || fail "a server ended before the clients"
			done
			sleep 0.1
		done
		expect_success $clients
		kill $servers
		expect_success $servers
		wait $labellers
	}
	programs=
	labellers=
}

growing_slices()
{
	strategy=$1
	client()
	{
		launch "$1" growing-slices-client --strategy "$strategy" \
			--rounds 1100 --interval 0 --print 40 --servers "$SERVERS"
	}
	server()
	{
		launch "$1" growing-slices-server --strategy "$strategy" --print 40
	}
	echo
	echo "growing-slices, strategy $strategy"
	meet
}

# Names a file of 10 to 64 MB in $file: the compiler itself, or what is found.
find_file()
{
	for place in "$(cc -print-prog-name=cc1 2>/dev/null)" \
		     /usr/libexec /usr/lib /usr/lib64 /usr/bin /usr; do
		file=$(find "$place" -xdev -type f -readable -size +9999999c \
			    -size -64000001c -print -quit 2>/dev/null)
		[ -n "$file" ] && return
	done
	file=$tmp/assembled
	echo "no file of that size in /usr: assembling one from smaller ones"
	find /usr -xdev -type f -readable -exec cat {} + 2>/dev/null |
		head -c 10000000 >"$file"
}

zstd_service()
{
	client()
	{
		launch "$1" zstd-service-client --servers "$SERVERS" "$file"
	}
	server()
	{
		launch "$1" zstd-service-server
	}
	echo
	echo "zstd-service, a file of at least 10 MB"
	find_file
	meet
}

case $CLIENTS,$SERVERS in
*[!0-9,]* | 0* | *,0* | ,* | *,)
	fail "CLIENTS=$CLIENTS SERVERS=$SERVERS: not numbers from 1"
esac
case $FIRST in
client | server) ;;
*)	fail "FIRST=$FIRST: neither client nor server" ;;
esac

tmp=$(mktemp -d) || exit
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

growing_slices power-of-two
growing_slices best-fit
growing_slices static
zstd_service
echo
echo "demo: every process ended as expected"
