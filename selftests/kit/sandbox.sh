# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034 # those who source this use them
#
# sandbox.sh - the sluice command, $sluice, with a root directory of its own and nothing else
# that is set.  Comes after tap.sh.

sluice=${SLUICE:-$O/tools/sluice}
# shellcheck disable=SC2154 # tap.sh has it
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"
unset SLUICE_DOMAIN NO_COLOR

command -v jq >/dev/null || skip_all "there is no jq"

# Everything here can be waited for; only what hangs is ended.
patience="timeout ${PATIENCE:-60}"

# quietly VERB ARGUMENT...: its output goes to $tmp/said and $tmp/told, and both to $tmp/output
quietly() {
	$patience "$sluice" "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	return $status
}
