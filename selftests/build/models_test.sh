#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The models of the protocols, Documentation/models/*.pml: spin visits every state
# of each and finds nothing wrong; and it does find something when a part of the
# protocol is left out, which shows that the part is needed and the check works.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

models=$PWD/Documentation/models

command -v spin >/dev/null || skip_all "spin is not installed"

# search MODEL DEFINITION...: what spin's verifier has to say
search() {
	rm -rf "$tmp/pan"
	mkdir "$tmp/pan"
	(
		model=$models/$1
		shift
		cd "$tmp/pan" &&
			spin -a -P"$CC -E -x c" "$@" "$model" &&
			$CC -O0 -w -DSAFETY -o pan pan.c &&
			./pan -m10000 -w20
	)
}

# holds MODEL DEFINITION...: no error, and the search was not cut short
holds() {
	search "$@" >"$tmp/found"
	cat "$tmp/found"
	grep -q 'errors: 0$' "$tmp/found" &&
		! grep -q 'max search depth too small' "$tmp/found"
}

# breaks MODEL DEFINITION...: an assertion fails, or somebody waits for ever
breaks() {
	search "$@" >"$tmp/found"
	cat "$tmp/found"
	grep -Eq '^pan:1: (assertion violated|invalid end state)' "$tmp/found" &&
		grep -q 'errors: 1$' "$tmp/found"
}

right() {	# right MODEL DEFINITION...
	check "$*" holds "$@"
}

wrong() {	# wrong MODEL DEFINITION...
	check "$* is found wrong" breaks "$@"
}

right ring.pml -DN=2 -DC=1
right ring.pml -DN=2 -DC=2
right ring.pml -DN=4 -DC=3 -DMESSAGES=8
wrong ring.pml -DBLIND_R3
wrong ring.pml -DBLIND_WITHDRAWAL
wrong ring.pml -DBLIND_R4
wrong ring.pml -DCLAIM_FIRST
wrong ring.pml -DEARLY_R1
wrong ring.pml -DFAR_JUMP
wrong ring.pml -DEVEN_JUMP

right doorbell.pml
wrong doorbell.pml -DNO_LOOK
wrong doorbell.pml -DRING_FIRST
wrong doorbell.pml -DPRESUME
wrong doorbell.pml -DFORGET
wrong doorbell.pml -DKEEP

right tso.pml
right tso.pml -DCRASH
wrong tso.pml -DPLAIN_R1
wrong tso.pml -DPLAIN_T1
wrong tso.pml -DPLAIN_B1

right response_ring.pml
wrong response_ring.pml -DEARLY
wrong response_ring.pml -DUNDRAINED
wrong response_ring.pml -DRETURN_FIRST
wrong response_ring.pml -DCLOSE_FIRST
wrong response_ring.pml -DNO_LAST_LOOK
wrong response_ring.pml -DAFTER_LAST
wrong response_ring.pml -DD=2

right registry.pml
wrong registry.pml -DNAIVE
wrong registry.pml -DNO_LOOK
wrong registry.pml -DNO_LOCK

right renewal.pml
wrong renewal.pml -DNO_RENEWAL
wrong renewal.pml -DONE_LOOK

right record.pml
wrong record.pml -DNO_LOCK
wrong record.pml -DOWNERS_LOCK
wrong record.pml -DNO_LOOK

right bridge.pml
wrong bridge.pml -DNO_NUMBERS
wrong bridge.pml -DNO_TIMEOUT
wrong bridge.pml -DNO_LEASE
wrong bridge.pml -DSAME_ID
wrong bridge.pml -DNO_MEMORY

# The variants that the models speak of: a word of capitals in a line of its own.
variants() {
	sed -n 's/^ \*	\([A-Z][A-Z0-9_]*\)	.*/\1/p; s/^ \*	\(D=2\)	.*/\1/p' "$models"/*.pml
}

untried() {
	variants | while read -r variant; do
		grep -q -- "^wrong .* -D$variant$" selftests/build/models_test.sh ||
			echo "no check leaves out $variant"
	done >"$tmp/untried"
	cat "$tmp/untried"
	[ ! -s "$tmp/untried" ]
}

check "every variant of every model is tried" untried

finish
