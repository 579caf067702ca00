#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice doctor makes each of its checks on this machine, in which all is well; and then
# with one thing after another out of order, which it must see, call by its name, and not
# take for worse than it is.  It leaves nothing behind.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

sluice=$O/tools/sluice
refusing=$O/selftests/tools/doctor_test
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
unset SLUICE_DOMAIN SLUICE_WAIT NO_COLOR
umask 077
mkdir "$SLUICE_ROOT"

names="kernel peers io_uring futex wait memfd noexec files address_space file_size maps
       overcommit root room node logout entries leftovers processors namespaces container tracing
       probes message"

# doctor NAME STATUS COMMAND...: what it says is in $tmp/said
doctor() {
	what=$1 wanted=$2
	shift 2
	timeout 60 "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	[ $status -eq "$wanted" ]
	result $? "$what"
}

# finds NAME VERDICT CHECK PATTERN: that check has this verdict, and says so
finds() {
	grep -q -e "^$2  *$3  *.*$4" "$tmp/said"
	result $? "$1"
}

holds() {	# holds NAME JQ-CONDITION: on the lines of $tmp/said, as one array
	jq -s -e "$2" "$tmp/said" >"$tmp/output" 2>&1
	result $? "$1"
}

things() {	# what there is of roots and domains
	find "$SLUICE_ROOT" /dev/shm /tmp -maxdepth 1 \
		\( -path "$SLUICE_ROOT/*" -o -name 'doctor-*' -user "$(id -u)" \) 2>/dev/null | sort
}
before=$(things)

# ---- as it is

doctor "all is well" 0 "$sluice" doctor
for name in $names; do
	finds "a line for $name" '\(ok\|note\)' "$name" '[a-z]'
done
[ "$(grep -c '^[a-z]' "$tmp/said")" -eq "$(echo "$names" | wc -w)" ]
result $? "and for nothing else"
finds "a message was sent" ok message 'and back in [0-9.]* [mu]\?s; .*[0-9.]* [mu]\?s$'
awk '/^note/ { note = 1; next } /^ok/ && note { bad = 1 } { note = 0 } END { exit bad }' "$tmp/said"
result $? "each note is followed by how to mend it"
! grep -q "$(printf '\033')" "$tmp/said"
result $? "no colour in a pipe"
if command -v script >/dev/null; then
	TERM=xterm script -qec "$sluice doctor" /dev/null >"$tmp/said" 2>"$tmp/output" </dev/null
	result $? "on a terminal"
	grep -q "$(printf '\033')\[1mnote\|^ok" "$tmp/said"
	result $? "what is not fine is bold there"
	NO_COLOR=1 TERM=xterm script -qec "$sluice doctor" /dev/null >"$tmp/said" </dev/null
	! grep -q "$(printf '\033')" "$tmp/said"
	result $? "but not with NO_COLOR"
else
	skip "on a terminal" "there is no script(1)"
fi
if command -v jq >/dev/null; then
	doctor "JSON" 0 "$sluice" doctor --json
	# shellcheck disable=SC2086 # words
	holds "a line for each check, in this order" \
		"map(.check) == $(printf '%s\n' $names | jq -R . | jq -cs .)"
	holds "with these keys" 'all(keys == ["check", "found", "mend", "status"])'
	holds "with a verdict" 'all(.status == "ok" or .status == "note")'
	holds "and how to mend it, if it is not ok" 'all((.status == "ok") == (.mend == null))'
else
	skip "JSON" "there is no jq"
fi
[ "$(things)" = "$before" ]
result $? "nothing is left behind"
SLUICE_ROOT=$tmp/nowhere doctor "a root that is not there" 0 "$sluice" doctor
finds "is made by the first node" ok root 'nowhere.* is made by the first node'
finds "so a node can be made" ok node 'can be made'
[ ! -e "$tmp/nowhere" ]
result $? "and it is not there afterwards"

# ---- waiting

SLUICE_WAIT=socket doctor "SLUICE_WAIT=socket" 0 "$sluice" doctor
finds "nodes wait through sockets" note wait 'through sockets.* since \$SLUICE_WAIT is socket'
finds "and a message is sent" ok message 'and back in'
SLUICE_WAIT=nonsense doctor "SLUICE_WAIT=nonsense" 1 "$sluice" doctor
finds "no node can be made" problem wait 'SLUICE_WAIT is "nonsense"'
finds "so no message is sent" problem message 'nonsense'

EPERM=1 ENOSYS=38
if [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" -eq 0 ]; then
	doctor "a seccomp filter" 0 "$refusing" $EPERM "$sluice" doctor
	finds "that refuses io_uring is named" note io_uring 'a seccomp filter refuses'
	doctor "one that says that there is none" 0 "$refusing" $ENOSYS "$sluice" doctor
	finds "is suspected" note io_uring 'or a seccomp filter'
else
	doctor "io_uring is switched off" 0 "$refusing" $EPERM "$sluice" doctor
	finds "and that is what is said" note io_uring 'kernel.io_uring_disabled'
	doctor "whatever refuses it" 0 "$refusing" $ENOSYS "$sluice" doctor
fi
finds "nodes wait through sockets" note wait 'through sockets.* since there is no io_uring'
finds "and a message is sent" ok message 'and back in'
SLUICE_WAIT=uring doctor "SLUICE_WAIT=uring without io_uring" 1 "$refusing" $EPERM "$sluice" doctor
finds "no node can be made" problem wait 'SLUICE_WAIT is uring'

# ---- limits

# limited NAME STATUS LIMIT...: with this ulimit
limited() {
	what=$1 wanted=$2
	shift 2
	# shellcheck disable=SC2016,SC3045 # the inner shell's; ulimit -n and -f are everywhere
	doctor "$what" "$wanted" sh -c 'ulimit "$2" "$3" && exec "$1" doctor' sh "$sluice" "$@"
}
limited "64 descriptors" 0 -n 64
finds "are few" note files '^*64 descriptors'
grep -A1 '^note *files' "$tmp/said" | grep -q 'ulimit -n'
result $? "and it is said how to have more"
limited "16 descriptors" 1 -n 16
finds "are too few" problem files '16 descriptors'
limited "files of at most 1 MiB" 0 -f 2048
finds "are told of" note file_size '1.0 MiB'
limited "files of at most 10 KiB" 1 -f 20
finds "are too small" problem file_size '10.0 KiB'
finds "so no message is sent" problem message 'no message'
limited "4 GiB of address space" 0 -v 4194304
finds "are told of" note address_space '4.0 GiB'
if command -v taskset >/dev/null; then
	doctor "one processor" 0 taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" \
		"$sluice" doctor
	finds "nodes do not poll" note processors 'one processor only'
	finds "and a message is sent" ok message 'and back in'
fi

# ---- the root

chmod 777 "$SLUICE_ROOT"
doctor "a root that others may write" 1 "$sluice" doctor
finds "is a problem" problem root 'written by others (mode 0777'
finds "no node can be made" problem node 'written by others'
grep -q 'chmod go-w' "$tmp/said"
result $? "and it is said how to mend it"
chmod 1777 "$SLUICE_ROOT"
doctor "unless it is sticky" 0 "$sluice" doctor
finds "then it is fine" ok root 'mode 1777'
chmod 700 "$SLUICE_ROOT"
ln -s "$SLUICE_ROOT" "$tmp/link"
SLUICE_ROOT=$tmp/link doctor "a symbolic link" 1 "$sluice" doctor
finds "is a problem" problem root 'a symbolic link'
SLUICE_ROOT=$tmp/no/where doctor "a root that cannot be made" 1 "$sluice" doctor
finds "is a problem for the node" problem node 'No such file'
doctor "another domain" 0 "$sluice" doctor --domain robot
finds "is looked at" ok node 'in the domain robot'
SLUICE_DOMAIN=a/b doctor "a domain of no good name" 1 "$sluice" doctor
finds "is a problem for the node" problem node 'a/b'

if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	other="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chmod 755 "$tmp"
	cp "$sluice" "$tmp"
	chmod 755 "$tmp/sluice"
	mkdir "$tmp/others"
	chown 65534:65534 "$tmp/others"
	# shellcheck disable=SC2086 # words
	{
		doctor "another user" 1 $other "$tmp/sluice" doctor
		finds "the root is closed" problem root 'is closed to user 65534'
		finds "no node can be made" problem node 'Permission denied'
		SLUICE_ROOT=$tmp/others doctor "with a root of its own" 0 $other "$tmp/sluice" doctor
		finds "all is well" ok node 'can be made'
		finds "but tracing" note tracing 'may not trace\|without the tracer\|too old'
	}
	chown 65534:65534 "$SLUICE_ROOT"
	doctor "a root of another user" 1 "$sluice" doctor
	finds "is a problem" problem root 'belongs to user 65534, not to this one, 0, or root'
	chown 0:0 "$SLUICE_ROOT"
else
	skip "another user" "this is not root, or there is no setpriv"
fi

# ---- the root that nobody names

# /run and /dev/shm are empty there, but for what a test makes in them.
cat >"$tmp/enter" <<'END'
mount -t tmpfs -o mode=755 none /run && mount -t tmpfs -o mode=1777 none /dev/shm || exit 9
unset SLUICE_ROOT
XDG_RUNTIME_DIR=/run/mine
export XDG_RUNTIME_DIR
mkdir -m 700 /run/mine
eval "$2"
exec "$1" doctor
END
if unshare -m true 2>/dev/null; then
	doctor "no root is named" 0 unshare -m sh "$tmp/enter" "$sluice" :
	finds "it is in the runtime directory" ok root '/run/mine/sluice (built in, since .XDG_RUNTIME_DIR is private)'
	doctor "a runtime directory that others may read" 0 unshare -m sh "$tmp/enter" "$sluice" \
		'chmod 755 /run/mine'
	finds "it is in /dev/shm" ok root '/dev/shm/sluice-0 (built in, since there is no /run/sluice, and no private'
	doctor "domains in two places" 0 unshare -m sh "$tmp/enter" "$sluice" \
		'mkdir -p -m 700 /run/mine/sluice/one /dev/shm/sluice-0/two'
	finds "it is said where" note root 'is /run/mine/sluice, and this user has domains in /dev/shm/sluice-0 too'
else
	skip "the root that nobody names" "there is no mount namespace to be had"
fi

# ---- what the dead have left

"$O/examples/calls-server" >/dev/null &
server=$!
until [ -n "$(find "$SLUICE_ROOT" -name 'server.0')" ]; do
	kill -0 $server || break
	sleep 0.02
done
doctor "one that lives" 0 "$sluice" doctor
finds "is counted" ok leftovers 'nothing in the domain default; nodes that live: 1'
kill -KILL $server
wait $server 2>/dev/null
doctor "one that was killed" 0 "$sluice" doctor
finds "has left something" note leftovers 'nodes 1, ports 1, services 1'
grep -q 'sluice gc --domain default' "$tmp/said"
result $? "and it is said how to remove it"
check "which it does" "$sluice" gc --domain default
doctor "then" 0 "$sluice" doctor
finds "there is nothing" ok leftovers 'left nothing'

# ---- what somebody has taken away

"$sluice" serve selftest/entries >/dev/null 2>&1 &
server=$!
"$O/selftests/tools/gc_test" orphan >"$tmp/pids" &
until [ -s "$tmp/pids" ] && [ "$(find "$SLUICE_ROOT" -name 'server.0' | wc -l)" -eq 2 ]; do
	kill -0 $server || break
	sleep 0.02
done
read -r asleep child <"$tmp/pids"
doctor "entries" 0 "$sluice" doctor
finds "are all there" ok entries 'nobody has deleted'
rm -rf "$SLUICE_ROOT/default"
# The server looks once in 10 s, if other tests have all inotify instances of this user.
until [ -n "$(find "$SLUICE_ROOT" -path '*/servers/*.sock')" ]; do
	kill -0 $server || break
	sleep 0.02
done
doctor "entries that were deleted" 1 "$sluice" doctor
finds "of one that does not look" problem entries "process $asleep"
kill -KILL "$child" "$asleep"
wait "$asleep" 2>/dev/null
doctor "one that does look" 0 "$sluice" doctor
finds "has written its own again" note entries 'have written them again: 1'
finds "and is counted" ok leftovers 'nodes that live: 1'
check "sluice gc leaves it alone" "$sluice" gc
"$sluice" ls >"$tmp/output" && grep -q selftest/entries "$tmp/output"
result $? "and sluice ls shows it"
kill -TERM $server
wait $server 2>/dev/null

# ---- the command line

wrong() {
	bad_usage "$*" timeout 60 "$sluice" doctor "$@"
}
wrong --no-such-option
wrong --domain
wrong --domain a/b
wrong more
doctor "help" 0 "$sluice" doctor --help
! grep -q '^.\{81\}' "$tmp/said"
result $? "fits a terminal"
grep -q '^  sluice doctor --json' "$tmp/said"
result $? "has examples"
"$sluice" doctor >/dev/full 2>"$tmp/output"
[ $? -eq 1 ]
result $? "a full disk is told of"
[ "$(things)" = "$before" ]
result $? "nothing is left behind"
finish
