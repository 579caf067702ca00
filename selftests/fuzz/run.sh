#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh TARGET... - fuzzes each target for $FUZZ_SECONDS; make fuzz runs it
#
# With $FUZZ_INPUTS each target is fed so many inputs instead, however long that takes.
#
# A run begins with the corpus in selftests/fuzz/corpus and with what earlier runs have found,
# which is in $O/corpus.  Inputs that break a promise, crash, leak or take longer than
# $FUZZ_TIMEOUT seconds (25) are kept in $O/found, and then the exit status is 1.  Such an
# input belongs into selftests/fuzz/corpus, together with what mends it.
#
# For each target a line is printed: inputs, inputs a second, edges of the program that they
# reached, and inputs that broke something.

: "${O:?}" "${FUZZ_SECONDS:?}"
if [ -n "$FUZZ_INPUTS" ]; then
	until=-runs=$FUZZ_INPUTS
else
	until=-max_total_time=$FUZZ_SECONDS
fi
status=0

# The root directories are in memory where there is a place for it: 20 times as many inputs.
shm=/dev/shm
[ -d $shm ] && [ -w $shm ] || shm=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d -p "$shm" fuzz.XXXXXX) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' HUP INT TERM

# number NAME: of the last line of the log that has it
number() {
	sed -n "s/^stat::$1: *//p" "$log" | tail -n 1
}

# longest TARGET: bytes that it can make use of
longest() {
	case $1 in
	letters) echo 1024 ;;
	handshake | server | client) echo 4096 ;;
	*) echo 16384 ;;
	esac
}

printf '%-12s %12s %10s %8s %6s\n' target inputs per-second edges broken
for target; do
	log=$O/$target.log
	found=$O/found/$target
	mkdir -p "$O/corpus/$target" "$found"
	before=$(find "$found" -type f | wc -l)
	"$O/selftests/fuzz/${target}_fuzz" "$until" \
		-timeout="${FUZZ_TIMEOUT:-25}" -rss_limit_mb=2048 -malloc_limit_mb=1024 \
		-max_len="$(longest "$target")" -print_final_stats=1 -artifact_prefix="$found/" \
		"$O/corpus/$target" "selftests/fuzz/corpus/$target" >"$log" 2>&1 || status=1
	edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	printf '%-12s %12s %10s %8s %6s\n' "$target" "$(number number_of_executed_units)" \
		"$(number average_exec_per_sec)" "${edges:-?}" \
		"$(($(find "$found" -type f | wc -l) - before))"
done
exit $status
