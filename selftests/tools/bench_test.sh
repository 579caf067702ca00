#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bench prints a line for each thing that it measures, with figures that are
# more than 0, and leaves nothing behind.  How fast anything was is not judged.

# shellcheck source=selftests/kit/tap.sh
. "${0%/*}/../kit/tap.sh"

sluice=$O/tools/sluice
few="--rounds 2 --trips 200"

# A floor that cannot be had here has, in place of its figures, the reason.
time='[0-9][0-9.]* [num]*s'
rate='[0-9][0-9.]* [kMG]*'
figures=" *$time  *$time  *$time  *$time"
calls="  *\([0-9][0-9.]*\|-\)"
no_uring="not here: .*io_uring"

# says NAME PATTERN: a line of $tmp/said matches
says() {
	cp "$tmp/said" "$tmp/output"
	grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

# never NAME PATTERN: no line of $tmp/said matches
never() {
	cp "$tmp/said" "$tmp/output"
	! grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

# run NAME OPTION...: what it says is in $tmp/said
run() {
	ran=$1
	shift
	timeout 120 "$sluice" bench "$@" >"$tmp/said" 2>"$tmp/output"
	result $? "$ran"
}

# wrong OPTION...: exit status 2, a sentence, and nothing else
wrong() {
	timeout 120 "$sluice" bench "$@" >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 2 ] && [ -s "$tmp/output" ] && [ ! -s "$tmp/said" ]
	result $? "bad usage: $*"
}

roots() {
	find /dev/shm /tmp -maxdepth 1 -type d -name 'bench-*' -user "$(id -u)" 2>/dev/null
}

# left: the roots that are new and in which no process has a file open.  Others may run
# sluice bench meanwhile.
left() {
	for root in $(roots); do
		grep -qxF "$root" "$tmp/before" ||
			find /proc/[0-9]*/fd -lname "$root/*" 2>/dev/null | grep -q . ||
			echo "$root"
	done
}

roots >"$tmp/before"

# json NAME FILTER: what jq makes of $tmp/said is true
json() {
	cp "$tmp/said" "$tmp/output"
	jq -e "$2" "$tmp/said" >/dev/null 2>>"$tmp/output"
	result $? "$1"
}

# shellcheck disable=SC2086 # options
run "the table" $few
says "cache line" "^floor: cache line $figures"
says "payload line" "^floor: payload line each way $figures"
says "futex" "^floor: futex $figures"
says "io_uring futex" "^floor: io_uring futex .*\($figures\|$no_uring\)"
says "Unix socket" "^floor: Unix seqpacket $figures"
says "pipe" "^floor: pipe $figures"
says "separate calls" "^sluice, sleeping, separate calls $figures$calls  *[0-9.]*  to "
says "combined calls" "^sluice, sleeping, combined calls $figures$calls  *[0-9.]*  to "
says "polling" "^sluice, polling $figures$calls  *[0-9.]*  to "
says "poll, then sleep" "^sluice, polls .* then sleeps $figures$calls  *[0-9.]*  to "
says "requests, polling" "^requests, polling, 32 under way  *$time  *$rate  *${rate}B/s$calls"
says "batches, polling" "^in batches, polling, 32 under way  *$time  *$rate  *${rate}B/s$calls"
says "requests, sleeping" "^requests, sleeping, 32 under way  *$time  *$rate  *${rate}B/s$calls"
says "a stream" "^responses of a stream of 256  *$time  *$rate  *${rate}B/s$calls"
never "no figure is 0" " 0\(\.0*\)\? [num]s"

# shellcheck disable=SC2086
run "idle clients" $few --only combined --idle 20 --idle-processes 3
says "sleeping with idle clients" "^sleeping  *$time  *$time  *[0-9.]*$"
says "polling with idle clients" "^polling  *$time  *$time  *[0-9.]*$"
says "their descriptors" "^  descriptors  *[1-9][0-9.]* at the server, [1-9]"
says "their memory" "^  memory  *[1-9][0-9.]* KiB"
says "the kernel's memory" "^  kernel memory  *-\?[0-9.]* KiB ([A-Za-z]"

run "sizes" --rounds 1 --trips 10 --only cache_line --sizes --depth 4
for size in 8 64 256 1024 4096 16384 65536 262144 1048576 4194304 16777216 67108864; do
	says "$size B" "^$size  *$time  *$time  *[0-9.]*  *$time  *$rate  *${rate}B/s  *$rate$"
done

run "many clients and servers" --rounds 1 --trips 50 --only cache_line \
	--clients 1,5 --servers 1,3
for row in "1  *1" "1  *3" "5  *1" "5  *3"; do
	says "clients and servers: $row" "^$row  *$time  *$rate$calls$"
done

run "setting up" --rounds 2 --trips 20 --only cache_line --setting-up
for part in "server's node" "service, created" server "client's node" "service, opened" client \
	"client connected" "the first message, 64 B" "the second message, 64 B" \
	"the first of 1 MiB: memory grows" "the second of 1 MiB"; do
	says "$part" "^$part  *$time$"
done
says "all of it" "^node, service, server, connected  *$time"
says "descriptors" "^descriptors, one connection  *[1-9][0-9]* at the server, [1-9][0-9]* at"

# Polled words are seen at once, so each size of a message that words fit in is right.
for size in 8 24 200; do
	run "$size B" --rounds 1 --trips 20 --size $size --depth 3
done

run "JSON" --rounds 2 --trips 200 --json --idle 20 --clients 3 --servers 2 --setting-up --depth 8
if command -v jq >/dev/null; then
	json "is one object" 'type == "object" and .rounds == 2 and .depth == 8'
	for key in cache_line payload_line futex seqpacket pipe separate combined spinning \
		adaptive sleeping_alone sleeping_crowded spinning_alone spinning_crowded; do
		json "$key" ".things[] | select(.key == \"$key\") | .rounds == 2 and .trips == 200 and
			.median_ns > 0 and .p99_ns > 0 and .p999_ns >= .p99_ns and
			.max_ns >= .p999_ns and .messages_per_s > 0 and .bytes_per_s > 0"
	done
	json "a floor has no floor" \
		'all(.things[]; (.floor == null) == (.ratio == null))'
	json "requests under way" '.things[] | select(.key == "pipelined") |
		.under_way == 8 and .max_ns == null and .messages_per_s > 0'
	json "a stream" '.things[] | select(.key == "stream") | .stream == 256'
	json "many" '.things[] | select(.key == "many_3x2") | .clients == 3 and .servers == 2'
	json "idle" '.idle | .clients == 20 and .processes == 1 and .pss_bytes > 0'
	json "setting up" '.setting_up | .runs == 2 and .all_ns > 0 and .connected_ns > 0 and
		.first_large_message_ns > 0 and .server_descriptors > 0'
else
	skip "JSON" "there is no jq"
fi

if command -v gnuplot >/dev/null; then
	echo "an old picture" >"$tmp/figure.svg"
	run "a plot" --rounds 1 --trips 10 --only cache_line,spinning --plot "$tmp/figure.svg"
	says "and the table" "^sluice, polling $figures"
	head -1 "$tmp/figure.svg" | tee "$tmp/output" | grep -q '^<?xml' &&
		[ "$(grep -c '^</svg>$' "$tmp/figure.svg")" -eq 1 ]
	result $? "is one picture, in place of the old one"
	grep -q 'Distribution, 64 bytes each way' "$tmp/figure.svg" &&
		grep -q "Linux .*, CPUs .*, 1 x 10 round trips" "$tmp/figure.svg"
	result $? "and has the distribution, and says of which run"
	"$sluice" bench --plot "$tmp/none/figure.svg" >"$tmp/said" 2>"$tmp/output"
	[ $? -eq 1 ] && grep -q "cannot write .*none/figure.svg: No such" "$tmp/output" &&
		[ ! -s "$tmp/said" ]
	result $? "where it cannot be written, nothing is measured"
else
	skip "a plot" "there is no gnuplot"
fi
mkdir "$tmp/empty"
PATH="$tmp/empty" "$sluice" bench --plot "$tmp/other.svg" >"$tmp/said" 2>"$tmp/output"
[ $? -eq 1 ] && grep -q 'needs gnuplot, which is not installed' "$tmp/output" &&
	[ ! -s "$tmp/said" ] && [ ! -e "$tmp/other.svg" ]
result $? "without gnuplot there is no plot, and a sentence"

# The table of make bench-peers, of programs that do not measure anything.
cat >"$tmp/peer-swift" <<'END'
#!/bin/sh
[ $# -eq 0 ] && printf '0\tSluice\tpolls\n1\tSluice\tsleeps\n' && exit
[ "$1" = 0 ] && printf 'Sluice\tpolls\t500\t600\t700\t800\n' ||
	printf 'Sluice\tsleeps\t20000\t30000\t40000\t50000\n'
END
cat >"$tmp/peer-slow" <<'END'
#!/bin/sh
[ $# -eq 0 ] && printf '0\tSlow\tsleeps\n' && exit
[ -d "$2" ] && [ "$3 $4" = "7 70" ] && printf 'Slow\tsleeps\t50000\t60000\t70000\t8000000\n'
END
printf '#!/bin/sh\n[ $# -eq 0 ] && echo 0 && exit\necho sorry >&2; exit 1\n' >"$tmp/peer-broken"
chmod +x "$tmp"/peer-*
if [ -e tools/bench/peers/run.sh ]; then
	RUNS=3 ROUNDS=7 TRIPS=70 sh tools/bench/peers/run.sh "$tmp" swift broken slow \
		>"$tmp/said" 2>"$tmp/told"
	result $? "a table of peers"
	says "Sluice, polling" "^Sluice  *polls  *500 ns  *600 ns  *700 ns  *800 ns  *1.00$"
	says "Sluice, sleeping" "^Sluice  *sleeps  *20.00 us  .*  1.00$"
	says "a peer, compared" "^Slow  *sleeps  *50.00 us  *60.00 us  *70.00 us  *8000 us  *2.50$"
	grep -q '^peer-broken has failed: sorry' "$tmp/told"
	result $? "a peer that fails is named"
fi

run "help" --help
says "has examples" "^  strace -f -c sluice bench --only"
never "fits a terminal" "^.\{81\}"

wrong --no-such-option
wrong --rounds
wrong --rounds 0
wrong --rounds 1x
wrong --size 100
wrong --size 0
wrong --depth 0
wrong --depth 1025
wrong --clients 1,
wrong --clients 1,1
wrong --clients 1,2,3,4,5,6,7,8,9
wrong --servers 1025
wrong --servers 1:2
wrong --plot
wrong --plot=
wrong --idle 4096
wrong --idle-processes 2
wrong --idle 2 --idle-processes 3
wrong --only nothing
wrong --only combined,
wrong more

# Interrupted, it prints what there is.
timeout 120 "$sluice" bench --rounds 10000 --only cache_line >"$tmp/said" 2>"$tmp/output" &
sleep 1
kill -INT $!
wait $!
result $? "interrupted"
says "it says so" "^ended early"
says "and why no calls were counted" "^the run was ended before that"

# A run of others that has just begun has nothing open yet.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	left >"$tmp/output"
	[ -s "$tmp/output" ] || break
	sleep 1
done
[ ! -s "$tmp/output" ]
result $? "nothing is left behind"
finish
