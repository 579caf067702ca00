# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# counting.sh - for scripts that count the system calls of a program, with a root directory of
# its own.  Comes after tap.sh.

# shellcheck disable=SC2154 # tap.sh has it
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

# can_measure PROGRAM ARGUMENT...: one round trip; all is skipped if it cannot be measured here
can_measure() {
	"$@" >"$tmp/output" 2>&1
	case $? in
	0) ;;
	4) skip_all "$(sed 's/^[^:]*: //' "$tmp/output")" ;;
	*) result 1 "one round trip"; finish ;;
	esac
}
