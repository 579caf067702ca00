#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice trace finds what it is to watch: programs whose files have gone or were replaced,
# those in a mount namespace of their own, a command whose library is where only its loader
# knows.  Or it says what it cannot watch.  And it waits for no file that another user has
# put in the way.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
alone

sluice=$(realpath "${SLUICE:-$O/tools/sluice}")
program=$(realpath "$O/selftests/tools/trace_test")
library=$(realpath "$O/lib")
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"
chmod 755 "$tmp"

needs_tracing
[ "$(id -u)" -eq 0 ] || skip_all "this is not root"
command -v jq >/dev/null || skip_all "there is no jq"

started=
stop_all() {
	# shellcheck disable=SC2086 # numbers of processes
	kill -KILL $started 2>/dev/null
	mountpoint -q "$tmp/jail" && umount -R "$tmp/jail"
}
trap 'stop_all; rm -rf "$tmp"' EXIT

# What hangs is ended, and has not found anything.
patience="timeout -k 1 30"

# run COMMAND...: one that floods, in the background; $ran
run() {
	: >"$tmp/ran"
	"$@" >"$tmp/ran" 2>"$tmp/output" &
	ran=$!
	started="$started $ran"
	until grep -q floods "$tmp/ran"; do
		kill -0 $ran 2>/dev/null || return
		sleep 0.02
	done
}

stop() {
	kill -KILL $ran
	wait $ran
} 2>/dev/null

# finds NAME OPTION...: it counts requests
finds() {
	name=$1
	shift
	$patience "$sluice" trace --totals --json "$@" >"$tmp/said" 2>"$tmp/output"
	[ "$(jq '.totals.request_send // 0' "$tmp/said" | sort -n | tail -1)" -gt 0 ]
	result $? "$name"
}

both() {	# both NAME: as one process, and as one of all
	finds "$1, by its number" --pid $ran -d 0.5
	finds "$1, among all" --service selftest/trace -d 0.5
	stop
}

# says NAME PATTERN
says() {
	grep -q -e "$2" "$tmp/output"
	result $? "$1"
}

# ---- files that have gone

fresh() {	# a copy with an inode of its own
	cp "$program" "$tmp/program.new"
	mv "$tmp/program.new" "$tmp/program"
}
fresh
run "$tmp/program" flood
rm "$tmp/program"
both "a program that was deleted"

fresh
run "$tmp/program" flood
fresh
both "a program that was replaced"

mkdir "$tmp/lib"
shared_program() {	# shared_program FILE CC-OPTION...: links to the library
	file=$1
	shift
	$CC -D_GNU_SOURCE -Ilib/include -Iselftests/kit selftests/tools/trace_test.c \
		-o "$file" -L"$O/lib" -lsluice "$@" \
		>"$tmp/output" 2>&1
}
shared_program "$tmp/shared"
result $? "a program that loads the library"
new_library() {
	cp "$library/libsluice.so.0" "$tmp/lib/new"
	mv "$tmp/lib/new" "$tmp/lib/libsluice.so.0"
}
new_library
run env LD_LIBRARY_PATH="$tmp/lib" "$tmp/shared" flood
new_library
both "a library that was replaced"
run env LD_LIBRARY_PATH="$tmp/lib" "$tmp/shared" flood
rm "$tmp/lib/libsluice.so.0"
both "a library that was deleted"

# ---- where no path of ours leads

if unshare -m true 2>"$tmp/output"; then
	mkdir "$tmp/jail"
	cat >"$tmp/enter" <<'END'
mount --make-rprivate / && mount --rbind / "$1/jail" && mount -t tmpfs none "$1/jail/mnt" &&
cp "$2" "$1/jail/mnt/hidden" && mkdir -m 700 "$1/jail/mnt/root" || exit
SLUICE_ROOT=/mnt/root exec chroot "$1/jail" /mnt/hidden flood
END
	run unshare -m sh "$tmp/enter" "$tmp" "$program"
	both "a program in a chroot inside a private mount namespace"
else
	skip "a private mount namespace" "this kernel has none for us"
fi

# ---- who may not look

other="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon"
if command -v setpriv >/dev/null; then
	cp "$sluice" "$tmp/sluice"
	fresh
	run "$tmp/program" flood
	$patience $other "$tmp/sluice" trace --totals --pid $ran -d 0.3 >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 1 ]
	result $? "without the right to look into a process that is a failure"
	says "and it is said" "process $ran (program) cannot be watched in $tmp/program: Permission denied"
	stop
	mkdir "$tmp/others"
	chown 65534:65534 "$tmp/others"
	new_library
	chmod 755 "$tmp/lib"
	run env LD_LIBRARY_PATH="$tmp/lib" SLUICE_ROOT="$tmp/others" $other "$tmp/shared" flood
	rm "$tmp/lib/libsluice.so.0"
	$patience $other "$tmp/sluice" trace --totals --pid $ran -d 0.3 >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 1 ]
	result $? "without the right to open what was deleted that is a failure"
	says "and it is said which file, and why" \
		"process $ran (.*) cannot be watched in $tmp/lib/libsluice.so.0: it was replaced or deleted"
	stop
else
	skip "who may not look" "there is no setpriv"
fi
# ---- the library of a command

# counts NAME COMMAND...: all round trips are seen, from the first on
counts() {
	name=$1
	shift
	$patience "$sluice" trace --totals --json -- "$@" >"$tmp/said" 2>"$tmp/output"
	status=$?
	sed -i /trips/d "$tmp/said"
	[ $status -eq 0 ] && jq -s -e '.[0].totals | .request_send == 31 and .node_create == 1' \
		"$tmp/said" >>"$tmp/output" 2>&1
	result $? "$name"
}
new_library
LD_LIBRARY_PATH=$tmp/lib
export LD_LIBRARY_PATH
counts "a library by LD_LIBRARY_PATH" "$tmp/shared" talk 30
echo "exec \"\$@\"" >"$tmp/script"
counts "the same, through a script" sh "$tmp/script" "$tmp/shared" talk 30
unset LD_LIBRARY_PATH
# shellcheck disable=SC2016 # the loader's variable
for tags in disable enable; do
	shared_program "$tmp/tagged" "-Wl,-rpath,\$ORIGIN/lib" "-Wl,--$tags-new-dtags"
	counts "a library by RPATH or RUNPATH ($tags-new-dtags)" "$tmp/tagged" talk 30
done
counts "a program that has the library in it" "$program" talk 30

# One that is loaded from where only a script knows, for less than it takes to look.
echo 'LD_LIBRARY_PATH=$1 exec "$2" talk 1' >"$tmp/script"
$patience "$sluice" trace --totals -- sh "$tmp/script" "$tmp/lib" "$tmp/shared" >"$tmp/said" 2>"$tmp/output"
[ $? -eq 1 ]
result $? "a command that was not watched is a failure"
says "and it is said" '^sluice trace: nothing was watched'
$patience "$sluice" trace --totals --exe "$tmp/lib/libsluice.so.0" -- \
	sh "$tmp/script" "$tmp/lib" "$tmp/shared" >"$tmp/said" 2>"$tmp/output"
result $? "--exe names it"
$patience "$sluice" trace --totals -- "$tmp/nothing" >"$tmp/said" 2>"$tmp/output"
[ $? -eq 127 ]
result $? "no such command is 127 as before"

# ---- files that are in the way

# answers NAME COMMAND...: it ends by itself, whatever it says
answers() {
	name=$1
	shift
	timeout -s KILL 20 "$@" >"$tmp/said" 2>"$tmp/output"
	[ $? -lt 124 ]
	result $? "$name"
}
mkfifo "$tmp/fifo"
answers "a FIFO for --exe is not waited for" "$sluice" trace --exe "$tmp/fifo" -d 0.1
says "and it is said what it is" "$tmp/fifo: it is no regular file"

# Its owner lets a program and a FIFO change places, while root looks.
fresh
mkfifo "$tmp/swapped"
"$program" swap "$tmp/program" "$tmp/swapped" >"$tmp/ran" &
swaps=$!
started="$started $swaps"
timeout -s KILL 60 sh -c 'for each in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	"$1" trace --exe "$2" --exe "$2" --exe "$2" --exe "$2" -d 0.001
done' sh "$sluice" "$tmp/program" >"$tmp/said" 2>"$tmp/output"
[ $? -lt 124 ]
result $? "a FIFO that takes the place of a program"
kill -KILL $swaps
wait $swaps 2>/dev/null
rm -f "$tmp/swapped" "$tmp/program"
answers "a FIFO for replay" "$sluice" trace replay "$tmp/fifo" nothing
answers "a FIFO for types" "$sluice" types "$tmp/fifo"

fresh
run "$tmp/program" flood
rm "$tmp/program"
mkfifo "$tmp/program" "$tmp/program (deleted)"
answers "FIFOs in the place of a program, by its number" "$sluice" trace --totals -p $ran -d 0.1
answers "among all" "$sluice" trace --totals -d 0.1
rm "$tmp/program" "$tmp/program (deleted)"
stop

# A process that holds a FIFO as if it were a record; and a root full of FIFOs.
mkdir -p "$tmp/evil/default/nodes" "$tmp/evil/default/services/0123456789abcdef/ports"
for name in nodes/x services/0123456789abcdef/contract services/0123456789abcdef/node.x \
	    services/0123456789abcdef/ports/x; do
	mkfifo "$tmp/evil/default/$name"
done
fresh
run sh -c 'exec 5<>"$1" && exec "$2" flood' sh \
	"$tmp/evil/default/services/0123456789abcdef/contract" "$tmp/program"
answers "a process that holds a FIFO for a record" "$sluice" trace --totals -p $ran -d 0.1
stop
chmod -R go-w "$tmp/evil"
for verb in ls gc doctor "show x" stat "call x"; do
	# shellcheck disable=SC2086 # words
	SLUICE_ROOT=$tmp/evil answers "a root full of FIFOs: $verb" "$sluice" $verb
done
finish
