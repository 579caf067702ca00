#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The verbs that look at a domain, with so few descriptors that they can read all of it,
# some of it or nothing: what they tell is what there is, or they fail and say why.  What
# could not be read is neither absent nor dead.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

export SLUICE_ROOT=$tmp/root
unset SLUICE_DOMAIN NO_COLOR
mkdir -m 700 "$SLUICE_ROOT"

"$O/examples/adder-server" >"$tmp/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
until "$O/tools/sluice" ls 2>/dev/null | grep -q adder; do
	kill -0 $server || break
	sleep 0.05
done

# same NAME VERB...: with 1 to 8 descriptors beside the three
same() {
	what=$1 failed=0 limit=4
	shift
	timeout 60 "$O/tools/sluice" "$@" >"$tmp/wanted" 2>&1
	: >"$tmp/output"
	while [ $limit -le 11 ]; do
		# shellcheck disable=SC3045 # the shells that there are know it
		(ulimit -n $limit && timeout 60 "$O/tools/sluice" "$@") >"$tmp/said" 2>"$tmp/told"
		status=$?
		cat "$tmp/told" "$tmp/said" >"$tmp/both"
		if [ $status -eq 0 ] && ! cmp -s "$tmp/both" "$tmp/wanted"; then
			echo "with $limit descriptors:" >>"$tmp/output"
			cat "$tmp/both" >>"$tmp/output"
			failed=1
		elif [ $status -ne 0 ] && ! grep -q 'Too many open files' "$tmp/told"; then
			echo "with $limit descriptors, status $status:" >>"$tmp/output"
			cat "$tmp/both" >>"$tmp/output"
			failed=1
		fi
		limit=$((limit + 1))
	done
	[ $failed -eq 0 ]
	result $? "$what"
}

same "ls tells all, or why not" ls
same "ls --tree likewise" ls --tree
same "ls --json likewise" ls --json
same "show likewise" show example/adder
same "gc likewise" gc

finish
