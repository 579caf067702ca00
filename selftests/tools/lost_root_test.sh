#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A root directory that was removed but can still be reached, or in which nobody can make
# anything: each verb that looks at a domain says so and fails.  It is not an empty domain.
# A domain that is only not there yet is one.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

sluice=$(cd "$O" && pwd)/tools/sluice
unset SLUICE_DOMAIN NO_COLOR

# said NAME PATTERN VERB...: it fails with 1, and its sentence has the pattern
said() {
	what=$1 pattern=$2
	shift 2
	timeout 60 "$sluice" "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	echo "exit status $status" >>"$tmp/output"
	[ $status -eq 1 ] && grep -q "$pattern" "$tmp/output"
	result $? "$what"
}

# all_say NAME PATTERN
all_say() {
	said "ls of $1" "$2" ls
	said "ls --json of $1" "$2" ls --json
	[ ! -s "$tmp/said" ]
	result $? "ls --json of $1 prints no domain"
	said "stat of $1" "$2" stat
	said "show of $1" "$2" show some/service
	said "gc of $1" "$2" gc
	said "gc --dry-run of $1" "$2" gc --dry-run
	said "call of $1" "$2" call some/service
	said "doctor of $1" "^problem *root .*$2" doctor
	said "doctor, of a node in $1" "^problem *node " doctor
}

mkdir "$tmp/gone"
cd "$tmp/gone" || exit 1
rmdir "$tmp/gone"
# The dot makes it a directory; without it, it would be a link.
export SLUICE_ROOT=/proc/self/cwd/.
all_say "a removed directory" "was removed"
cd / || exit 1

export SLUICE_ROOT=/proc
all_say "/proc" "lets nobody make files"

# Nobody has been here yet, which is no failure.
export SLUICE_ROOT=$tmp/root
mkdir -m 700 "$SLUICE_ROOT"
check "ls of an empty root" "$sluice" ls
check "gc of an empty root" "$sluice" gc
check "what was tried has left nothing" rmdir "$SLUICE_ROOT"

finish
