#!/bin/sh
# SPDX-License-Identifier: MIT
#
# page.sh SLUICE PEERS FOLDER [OPTION...] - measures, and shows it in FOLDER/benchmarks.rst, behind
# the line ".. figures": tables, and pictures in FOLDER/benchmarks/, which gnuplot draws.
#
# PEERS is a file with the table of make bench-peers.  Options are for each run of sluice bench.

sluice=$1 peers=$2 folder=$3
shift 3
page=$folder/benchmarks.rst
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$folder/benchmarks" || exit 1
# draw NAME: a picture of what is on standard input
draw() {
	{
		echo "set terminal svg size 760,420 dynamic background '#ffffff' font 'sans-serif,12'"
		echo "set border 3 lc rgb '#444444'"
		echo "set tics nomirror"
		echo "set grid ytics lt 1 lc rgb '#e4e4e4'"
		cat
	} | gnuplot >"$tmp/picture" && keep "$1" "$tmp/picture"
}

# keep NAME PICTURE: with its licence
keep() {
	sed '1a <!-- SPDX-License-Identifier: MIT -->
s/[ 	]*$//' "$2" >"$folder/benchmarks/$1.svg"
}

# show TITLE NAME TEXT TABLE: a part of the page.  The release of the kernel is shown without what
# its builder has added.
show() {
	printf '\n%s\n%s\n\n' "$1" "$(echo "$1" | sed 's/./-/g')"
	[ ! -e "$folder/benchmarks/$2.svg" ] || printf '.. image:: benchmarks/%s.svg\n   :alt: %s\n\n' "$2" "$3"
	printf '::\n\n'
	sed 's/Linux \([0-9.]*\)[^;]*;/Linux \1;/; s/^./    &/' "$4"
}

# rates: servers, clients and requests a second, an index of gnuplot for each number of servers
rates() {
	jq -r '.things[] | select(.key | startswith("many_")) |
		"\(.servers) \(.clients) \(.messages_per_s)"' "$tmp/many.json" |
		sort -n -k1,1 -k2,2 | awk '$1 != before && NR > 1 { print "\n" } { before = $1; print }'
}

# medians: the library, and microseconds of a round trip, of those that sleep
medians() {
	awk '$0 ~ / sleeps / {
		name = substr($0, 1, 24); sub(/ +$/, "", name)
		time = substr($0, 33) + 0
		if (substr($0, 33, 11) ~ /ns/) time /= 1000
		print "\"" name "\" " time
	}' "$peers"
}

"$sluice" bench "$@" --plot "$tmp/round-trip.svg" >"$tmp/round-trip" || exit 1
"$sluice" bench "$@" --only cache_line --clients 1,10,100 --servers 1,4 >"$tmp/many" || exit 1
"$sluice" bench "$@" --only cache_line --clients 1,10,100 --servers 1,4 --json >"$tmp/many.json" || exit 1
"$sluice" bench "$@" --only cache_line --setting-up >"$tmp/setting-up" || exit 1
keep round-trip "$tmp/round-trip.svg"

rates >"$tmp/rates"
draw many <<END || exit 1
set logscale x
set yrange [0:*]
set format y '%.0s%c'
set key left top
set xlabel 'clients, each with one request under way, sleeping'
set ylabel 'requests a second'
plot for [i=0:1] '$tmp/rates' index i using 2:3 with linespoints lw 2 pt 7 ps 0.6 \\
	title (i == 0 ? '1 server' : '4 servers')
END

medians >"$tmp/medians"
if [ -s "$tmp/medians" ]; then
	draw peers <<-END || exit 1
	set style fill solid 0.8 noborder
	set boxwidth 0.6
	set yrange [0:*]
	unset key
	set xtics rotate by -20
	set ylabel 'median of a round trip of 64 bytes, sleeping, us'
	plot '$tmp/medians' using 0:2:xtic(1) with boxes lc rgb '#1f77b4'
	END
fi

{
	sed '/^\.\. figures$/q' "$page"
	show "A round trip, and many at once" round-trip \
		"time by size of the message, and the distribution of round trips" "$tmp/round-trip"
	show "Many clients and servers" many "requests a second by number of clients" "$tmp/many"
	show "Beginning" setting-up "" "$tmp/setting-up"
	[ ! -s "$peers" ] ||
		show "Other libraries" peers "median of a round trip, for each library" "$peers"
} >"$tmp/page" && cat "$tmp/page" >"$page"
