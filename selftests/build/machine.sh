#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# machine.sh MACHINE KSELFTEST O [TEST...] - builds the library for another machine, and tests it
#
# MACHINE is aarch64 or riscv64, for which there are cross compilers and qemu-user; or musl,
# which is this machine with another libc.  What runs there are tests of the structures in
# shared memory and all their schedules, calls between two processes, and an example between
# this machine and that one.  No package for another machine is needed: without liburing,
# URING=no, nodes wait through sockets, and the emulators have no io_uring anyway.

machine=$1 harness=$2 here=$3
shift 3
tests=${*:-unit/ring unit/ring_schedules unit/doorbell_schedules unit/load_schedules unit/slab \
unit/returns unit/layout unit/abi unit/ring_race rules/rule_sending behaviour/call}
built=$here/machines/$machine

skip() {
	echo "$machine is left out: $*"
	exit 0
}

has() {	# has COMMAND PACKAGE
	command -v "$1" >/dev/null || skip "there is no $1; apt-get install $2"
}

run=
case $machine in
aarch64 | riscv64)
	prefix=$machine-linux-gnu
	has $prefix-gcc "gcc-$prefix"
	has qemu-$machine qemu-user
	run="qemu-$machine -L /usr/$prefix"
	set -- CROSS_COMPILE=$prefix-
	;;
musl)	has musl-gcc musl-tools
	# The kernel's headers, and nothing of the other libc.
	mkdir -p "$built/include"
	for folder in linux asm-generic "$(cc -print-multiarch)/asm"; do
		ln -sfn "/usr/include/$folder" "$built/include/${folder##*/}"
	done
	set -- CC=musl-gcc "CPPFLAGS=-isystem $built/include"
	;;
*)	echo "machine.sh: unknown machine $machine" >&2
	exit 2 ;;
esac

# An emulator takes its time; so a test hangs after 60 times what its limit says.
mkdir -p "$built/kselftest" && cp "$harness/kselftest.h" "$built/kselftest" || exit 1
sed 's/alarm(t->timeout)/alarm(60 * (unsigned int)t->timeout)/' "$harness/kselftest_harness.h" \
	>"$built/kselftest/new.h" || exit 1
cmp -s "$built/kselftest/new.h" "$built/kselftest/kselftest_harness.h" ||
	mv "$built/kselftest/new.h" "$built/kselftest/kselftest_harness.h"

names=
for test in $tests; do
	names="$names $built/selftests/${test}_test"
done
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC CXX
# shellcheck disable=SC2086 # names, one a word
make "-j$(nproc)" -s lib examples $names O="$built" URING=no LTO=no PKG_CONFIG=false \
	KSELFTEST="$built/kselftest" "$@" || exit 1

export SLUICE_CONFIG=/dev/null
SLUICE_ROOT=$(mktemp -d) || exit 1
export SLUICE_ROOT
server=
trap '[ -z "$server" ] || kill $server; rm -rf "$SLUICE_ROOT"' EXIT
trap 'exit 1' HUP INT TERM
status=0

# meet SERVER-COMMAND CLIENT-COMMAND NAME: one asks, the other answers
meet() {
	$1 >"$SLUICE_ROOT/server" 2>&1 &
	server=$!
	if timeout 120 $2 2>&1 | grep -q '40 + 2 = 42'; then
		echo "ok: $3"
	else
		echo "NOT OK: $3"
		cat "$SLUICE_ROOT/server"
		status=1
	fi
	kill $server
	for _ in $(seq 300); do
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	if kill -KILL $server 2>/dev/null; then
		echo "NOT OK: the server of that does not end"
		status=1
	fi
	wait $server 2>/dev/null
	server=
}

meet "$run $built/examples/adder-server" "$run $built/examples/adder-client" "both ends on $machine"
meet "$here/examples/adder-server" "$run $built/examples/adder-client" \
	"a client on $machine meets a server of this machine"
meet "$run $built/examples/adder-server" "$here/examples/adder-client" \
	"a client of this machine meets a server on $machine"
# shellcheck disable=SC2086 # names, one a word
prove ${run:+-e "$run"} $names || status=1
exit $status
