#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh DIRECTORY PEER... - runs the programs DIRECTORY/peer-PEER in turn, several times,
# and prints one table: each figure is the median of the runs.
#
# RUNS, ROUNDS and TRIPS in the environment set how often.  The last column is the median
# divided by that of Sluice that waits in the same way.

built=$1
shift
runs=${RUNS:-5}
rounds=${ROUNDS:-20}
trips=${TRIPS:-1000}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# once PEER WAY: one more line of $tmp/said, or why there is none
once() {
	mkdir "$tmp/directory" &&
		"$built/peer-$1" "$2" "$tmp/directory" "$rounds" "$trips" >>"$tmp/said" 2>"$tmp/why" ||
		echo "peer-$1 has failed: $(head -1 "$tmp/why")" >&2
	rm -rf "$tmp/directory"
}

: >"$tmp/said"
run=0
while [ "$run" -lt "$runs" ]; do
	for peer; do
		for way in $("$built/peer-$peer" | cut -f 1); do
			once "$peer" "$way"
		done
	done
	run=$((run + 1))
done

echo "a round trip of 64 bytes, client and server on the two first processors allowed;"
echo "medians of $runs runs of $rounds x $trips"
awk -F '\t' '
	function add(what, value) {
		values[what] = values[what] " " value
	}
	function median(what,   list, n, i, j, swap) {
		n = split(values[what], list, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && list[j] + 0 < list[j - 1] + 0; j--) {
				swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
			}
		return list[int((n + 1) / 2)]
	}
	function time(ns) {
		return ns < 1000 ? sprintf("%d ns", ns) : sprintf("%.*f us", ns < 1e5 ? 2 : 0, ns / 1000)
	}
	{
		key = $1 "\t" $2
		if (!(key in seen)) {
			seen[key] = 1
			keys[++count] = key
		}
		for (i = 3; i <= 6; i++)
			add(key "\t" i, $i)
	}
	END {
		printf "%-24s %-7s %10s %10s %10s %10s %8s\n", "", "waits", "median", "p99", "p99.9",
			"max", "ratio"
		for (k = 1; k <= count; k++) {
			split(keys[k], name, "\t")
			printf "%-24s %-7s", name[1], name[2]
			for (i = 3; i <= 6; i++)
				printf " %10s", time(median(keys[k] "\t" i))
			same = median("Sluice\t" name[2] "\t3")
			printf same ? " %8.2f\n" : "\n", median(keys[k] "\t3") / (same ? same : 1)
		}
	}' "$tmp/said"
