#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# instructions.sh [PROGRAM]: prints what a round trip of probes_test takes, as callgrind
# counts it:
#
#	call NAME COUNT			a public call, with everything that it calls
#	function NAME FILE COUNT	the lines of one function, in all calls together
#
# A line that the compiler has inlined counts for the function that it is written in, so
# the counts of functions do not depend on what is inlined where.

cd "$(dirname "$0")/../.." || exit 1
LC_ALL=C
SLUICE_CONFIG=/dev/null
export LC_ALL SLUICE_CONFIG
program=$(realpath "${1:-${O:-build}/selftests/tools/probes_test}") || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

# What is counted is the difference between few round trips and more of them, so that the
# first ones do not matter, and only what is done in round_trip().
few=1000
more=3000

count() {	# count TRIPS: into $tmp/TRIPS
	timeout 250 valgrind --tool=callgrind --callgrind-out-file="$tmp/out" \
		--toggle-collect='round_trip*' --dump-instr=yes --dump-line=no \
		--compress-strings=no --compress-pos=no \
		"$program" "$1" >"$tmp/said" 2>&1 || { cat "$tmp/said" >&2; return 1; }
	awk -v program="$program" -f selftests/build/instructions.awk "$tmp/out" >"$tmp/$1"
}

count $few && count $more || exit 1

# "call NAME COUNT", "at ADDRESS COUNT", "in NAME COUNT" of one round trip
awk -v trips=$((more - few)) '
	FNR == NR { before[$1, $2] = $3; next }
	$3 > before[$1, $2] { print $1, $2, ($3 - before[$1, $2]) / trips }' \
	"$tmp/$few" "$tmp/$more" >"$tmp/trip"

# "NAME FILE" for each "at" of it, in the same order: the innermost of what was inlined
sed -n 's/^at \([^ ]*\) .*/\1/p' "$tmp/trip" |
	addr2line -a -f -i -e "$program" |
	awk '	/^0x/	 { name = ""; next }
		!name	 { name = $1; told = 0; next }
		!told++	 { sub(/:[0-9?]*$/, "", $1); sub(/^.*\/\.\//, "", $1); sub(/^\.\//, "", $1)
			   sub(/\..*/, "", name); print name, $1 }' >"$tmp/names"

awk '	/^call /  { if ($3 >= 0.5) printf "call %s %d\n", $2, $3 + 0.5; next }
	/^in /	  { count[$2 " elsewhere"] += $3; next }
		  { getline where <names; count[where] += $3 }
	END	  { for (where in count)
			if (count[where] >= 0.5)
				printf "function %s %d\n", where, count[where] + 0.5 }' \
	names="$tmp/names" "$tmp/trip" | sort
