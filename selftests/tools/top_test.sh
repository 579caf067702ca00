#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice top: what it counts is what programs have sent; as text, as JSON, and on a
# terminal, where keys do what they should and the terminal is given back in order.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
PATIENCE=120
# shellcheck source=selftests/kit/sandbox.sh
. selftests/kit/sandbox.sh

program=$O/selftests/tools/top_test

top() {	# top OPTION...: into $tmp/said and $tmp/told
	$patience "$sluice" top --interval 0.05 "$@" >"$tmp/said" 2>"$tmp/told" </dev/null
	status=$?
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	return $status
}

# holds NAME JQ-CONDITION: on the lines of JSON in $tmp/said, as one array
holds() {
	jq -s '.' "$tmp/said" >"$tmp/output" 2>&1 && jq -s -e "$2" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$1"
}

says() {	# says NAME PATTERN: a line of what was printed matches
	grep -q -e "$2" "$tmp/said" "$tmp/told"
	result $? "$1"
}

# ---- traffic

# Two programs, which take orders from descriptors 3 and 4.
mkfifo "$tmp/alpha" "$tmp/beta"
"$program" selftest/alpha <"$tmp/alpha" >"$tmp/alpha.answers" &
alpha=$!
exec 3>"$tmp/alpha"
"$program" selftest/beta <"$tmp/beta" >"$tmp/beta.answers" 3>&- &
beta=$!
exec 4>"$tmp/beta"
orders=0

# order alpha|beta ORDER: returns when it has been carried out
order() {
	orders=$((orders + 1))
	case $1 in
	alpha)	printf '%s\nsay %s\n' "$2" $orders >&3; process=$alpha ;;
	beta)	printf '%s\nsay %s\n' "$2" $orders >&4; process=$beta ;;
	esac
	until grep -q "^$orders " "$tmp/$1.answers"; do
		kill -0 "$process" || return
		sleep 0.02
	done
}

# ---- nobody is there

SLUICE_DOMAIN=empty top
result $? "no service is no failure"
says "and is said" '^domain empty: 0 services, 0 ports, 0 messages/s, 0 MB/s$'
top --domain empty --json && [ ! -s "$tmp/said" ]
result $? "nor is it as JSON, where there is nothing then"

# ---- numbers

order alpha "trips 1000"
order beta "trips 50"
top --json
result $? "JSON"
holds "an object for each port" 'length == 4 and all(.frame == 1 and .interval > 0.04)'
holds "what a client has counted" \
	'map(select(.service == "selftest/alpha" and .role == "client").counters) | length == 1 and
	 (.[0] | .sent == 1000 and .sent_bytes == 100000 and .received == 1000 and
	 .received_bytes == 300000 and .loaned == 0 and .depth == 0 and .depth_most == 1 and
	 .peers == 1 and .segment_bytes > 0 and .violations == 0 and .idle >= 0)'
holds "and a server" \
	'map(select(.service == "selftest/beta" and .role == "server").counters) | length == 1 and
	 (.[0] | .sent == 50 and .sent_bytes == 15000 and .received == 50 and
	 .received_bytes == 5000 and .depth == 0 and .depth_most == 1 and .peers == 1)'
holds "of whom" \
	"all(.alive and .comm == \"top_test\" and .domain == \"default\") and
	 (map(.pid) | unique == ([$alpha, $beta] | sort))"
holds "nobody did anything meanwhile" \
	'all(.rates.sent == 0 and .rates.received == 0 and .blocked_share == 0 and
	 .wakes_per_message == null)'

order alpha hold
top --json
holds "what is held" \
	'map(select(.service == "selftest/alpha")) | sort_by(.role) | map(.counters) |
	 (.[0] | .loaned == 2 and .depth == 3 and .depth_most == 3 and .sent == 1003) and
	 (.[1] | .loaned == 0 and .depth == 1 and .depth_most == 1 and .received == 1001)'

# Orders in tens, for as long as it takes to see them in some frame.
while echo "trips 10"; do sleep 0.001; done >&4 &
feeder=$!
: >"$tmp/said"		# not to find the frames before
"$sluice" top --json --count 0 --interval 0.05 >"$tmp/said" 2>"$tmp/output" </dev/null &
endless=$!
until grep -q '"frame":[2-9][0-9],.*"rates":{"sent":[1-9]' "$tmp/said"; do
	kill -0 $endless || break
	sleep 0.02
done
kill -INT $endless
wait $endless
result $? "frames while there is traffic, ended by a signal"
kill $feeder
wait $feeder 2>/dev/null
order beta "trips 1"
trips=$(sed -n "s/^$orders //p" "$tmp/beta.answers")
holds "each port in each frame" \
	'(map(.frame) | max) as $last | $last >= 20 and length == 4 * $last and
	 (group_by(.frame) | all(length == 4))'
holds "rates are what counters gained" \
	'def near($a; $b): ($a - $b | fabs) <= 0.001 + $b * 1e-6;
	 [group_by(.port)[] | sort_by(.frame) | range(1; length) as $i | [.[$i - 1], .[$i]]] |
	 any(.[1].rates.sent > 0) and all(
		.[0].counters as $old | .[1].counters as $new | .[1].interval as $seconds |
		near(.[1].rates.sent * $seconds; $new.sent - $old.sent) and
		near(.[1].rates.sent_bytes * $seconds; $new.sent_bytes - $old.sent_bytes) and
		near(.[1].rates.received * $seconds; $new.received - $old.received))'
holds "who has traffic comes first" \
	'group_by(.frame) | all(map(.rates | .sent + .received) | . == (sort | reverse))'
top --json
holds "in the end all $trips round trips are there" \
	"map(select(.service == \"selftest/beta\").counters) | length == 2 and
	 all(.sent == $trips and .received == $trips)"

# ---- text

top
result $? "text"
says "a line that sums it up" \
	'^domain default: 2 services, 4 ports, 0 messages/s, 0 MB/s$'
says "headings" '^SERVICE  *ROLE  *PID  *OUT/s .* COMMAND$'
says "a client" "^selftest/alpha  *client  *$alpha  *0  *0  *0  *2  *3  *3 .* top_test\$"
says "a server" "^selftest/alpha  *server  *$alpha  *0  *0  *0  *0  *1  *1 .* top_test\$"
top --count 3 && [ "$(grep -c '^domain' "$tmp/said")" -eq 3 ] && [ "$(wc -l <"$tmp/said")" -eq 20 ]
result $? "three frames"
! LC_ALL=C grep -q '[^ -~]' "$tmp/said"
result $? "nothing in it is for a terminal"

for key in service role pid rate out in bytes loans depth most memory growths overflows \
	   wakes blocked age command; do
	top --sort $key || break
done
result $? "all keys to sort by"
top --json --sort service
holds "by name, which rises" 'map(.service) | . == sort'
top --json --sort depth
holds "by value, which falls" 'map(.counters.depth) == [3, 1, 0, 0]'

# A name that would turn a terminal red; its process ends at once with its input.
mkfifo "$tmp/red"
"$program" "$(printf 'selftest/\033[31mred')" <"$tmp/red" >"$tmp/red.answers" 3>&- 4>&- &
exec 5>"$tmp/red"
echo "say 1" >&5
until [ -s "$tmp/red.answers" ]; do sleep 0.02; done
top
says "what cannot be printed is not printed" '^selftest/\\x1b\[31mred '
top --json
holds "nor in JSON" 'map(select(.service == "selftest/\u001b[31mred")) | length == 2'
exec 5>&-
wait $!

# ---- failures

"$sluice" top --interval 0.01 >/dev/full 2>"$tmp/output" </dev/null
[ $? -eq 1 ] && [ -s "$tmp/output" ]
result $? "what cannot be written is a failure"
SLUICE_ROOT=$tmp/alpha.answers top
[ $? -eq 1 ] && [ -s "$tmp/told" ] && [ ! -s "$tmp/said" ]
result $? "a root that is no directory is one"

wrong() {
	top "$@"
	[ $? -eq 2 ] && [ -s "$tmp/told" ] && [ ! -s "$tmp/said" ]
	result $? "bad usage: $*"
}
wrong --no-such-option
wrong selftest/alpha
wrong --interval 0
wrong --interval soon
wrong --interval nan
wrong --sort colour
wrong --count -1
wrong --count many
wrong --domain ../default
"$sluice" top --help >"$tmp/output" 2>&1 && ! grep -q '^.\{81\}' "$tmp/output"
result $? "help fits a terminal"

# ---- a terminal

end_traffic() {
	exec 3>&- 4>&-
	wait $alpha
	result $? "the program has ended in order"
}

if ! command -v tmux >/dev/null; then
	skip "a terminal" "there is no tmux"
	end_traffic
	finish
fi

cat >"$tmp/inside" <<'END'
trap : INT	# ^C is for all that run here
settings=$(stty -g)
echo "a line from before"
"$sluice" top --interval 0.1 "$@"
echo "status $?" >"$tmp/ended.new"
[ "$(stty -g)" = "$settings" ] && echo restored >>"$tmp/ended.new"
mv "$tmp/ended.new" "$tmp/ended"
read -r forever
END
export sluice tmp

# A tmux of our own, another for each session: one that ends may take the socket of the next.
session=0
terminal() {
	tmux -S "$tmp/tmux$session" -f /dev/null "$@"
}

# open COLUMNS ROWS OPTION...: with top in it; $variables are what it has in its environment
variables=
open() {
	size="-x $1 -y $2"
	shift 2
	session=$((session + 1))
	rm -f "$tmp/ended"
	# shellcheck disable=SC2086 # options, one a word
	terminal new-session -d $size "env $variables sh '$tmp/inside' $*" 3>&- 4>&- 2>"$tmp/output"
}

shut() {
	terminal kill-server 2>/dev/null
	until ! terminal list-sessions >/dev/null 2>&1; do sleep 0.02; done
}
trap 'terminal kill-server 2>/dev/null; rm -rf "$tmp"' EXIT

press() {
	terminal send-keys "$@"
}

# until_it COMMAND...: waits until that succeeds, which it need not at once
until_it() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return
		sleep 0.05
	done
}

looks_like() {	# the screen, as $tmp/output
	terminal capture-pane -p >"$tmp/output" 2>&1 && grep -q -e "$1" "$tmp/output"
}

looks_unlike() {
	terminal capture-pane -p >"$tmp/output" 2>&1 && ! grep -q -e "$1" "$tmp/output"
}

sees() {	# sees NAME PATTERN: soon there is a line on the screen that matches
	until_it looks_like "$2"
	result $? "$1"
}

sees_no() {
	until_it looks_unlike "$2"
	result $? "$1"
}

in_order() {	# the services, a letter for each row
	terminal capture-pane -p >"$tmp/output" 2>&1
	[ "$(sed -n 's|^selftest/\(.\).*|\1|p' "$tmp/output" | tr -d '\n')" = "$1" ]
}

ends() {	# ends NAME: with 0, and the terminal is as it was
	until_it test -e "$tmp/ended"
	printf 'status 0\nrestored\n' | cmp - "$tmp/ended" >"$tmp/output" 2>&1
	result $? "$1"
}

uncovers() {	# uncovers NAME: what was on the screen before
	sees "what was on it before is on it again, $1" '^a line from before'
	! looks_like '^SERVICE'
	result $? "and nothing else, $1"
}

open 120 24
sees "rows on a terminal" "^selftest/alpha  *client  *$alpha  *0  *0 .* top_test"
sees "and what they are sorted by" '^by rate, every 0.1 s, h: help'
press '>'
sees "> is the next column" '^by out, '
press s
sees "s too" '^by in, '
press '<' '<' '<'
sees "< is the one before" '^by pid, '
press '<' '<'
sees "a column of names" '^by service, '
until_it in_order aabb
result $? "rows are in that order"
press r
sees "r is the other way round" '^by service reversed, '
until_it in_order bbaa
result $? "rows too"
press r
press '<'
sees "before the first column is the last" '^by command, '

press /
sees "a filter is asked for" '^filter: _ '
press x B e t a Home
sees_no "no name is like it" '^selftest'
press BSpace BSpace BSpace BSpace BSpace b e t
sees "others are" '^filter: bet_ '
until_it in_order bb
result $? "and only they are there"
press Enter
sees "it stays" '^by .*, filter "bet", h: help'
press / Escape
until_it in_order aabb
result $? "until it is given up"

press Space
sees "pause" '^PAUSED, '
press Space
sees_no "and on" '^PAUSED'
press +
sees "a longer interval" 'every 0.2 s'
press -
sees "a shorter one" 'every 0.1 s'
press h
sees "help" '^command  *COMMAND  *program'
sees "help has keys" 'q  *quit'
press x
sees "and back" '^SERVICE'

order beta "trips 10"
terminal resize-window -x 60 -y 5
sees "a smaller window has fewer columns" '^SERVICE .* MB/s LOANS'
! looks_like COMMAND
result $? "these being the first"
sees "and rows" 'rows 1-2 of 4'
press Down
sees "the next row" 'rows 2-3 of 4'
press Down Down Down
sees "up to the last" 'rows 3-4 of 4'
press Up
sees "the row before" 'rows 2-3 of 4'
press Home
sees "the first" 'rows 1-2 of 4'
press NPage
sees "a page" 'rows 3-4 of 4'
press PPage
sees "and back" 'rows 1-2 of 4'
press End
sees "the last" 'rows 3-4 of 4'
press Right Right
sees "other columns" '^SERVICE  *ROLE  *PID  *MB/s LOANS'
press Left
sees "back to these" '^SERVICE  *ROLE  *PID  *IN/s  *MB/s'
terminal resize-window -x 10 -y 2
terminal resize-window -x 3 -y 1
terminal resize-window -x 130 -y 20
sees "a larger one has all again" '^SERVICE .* COMMAND$'
until_it in_order aabb
result $? "and all rows"
press q
ends q
uncovers q
shut

open 100 20 --sort age
sees "sorted from the beginning" '^by age, '
press C-c
ends ^C
uncovers ^C
shut

open 100 20 --count 3
ends --count
shut

variables="TERM=dumb"
open 100 20
until_it test -e "$tmp/ended"
grep -q 'status 1' "$tmp/ended"
result $? "a terminal that cannot do it"
sees "and says so" 'of type "dumb" has no screen'
shut

# ---- the dead

kill -9 $beta
wait $beta 2>/dev/null
top --json
holds "the dead in JSON" \
	'length == 4 and (map(select(.alive | not)) | length == 2 and
	 all(.service == "selftest/beta" and .comm == null and .rates.sent == 0))'
top
says "are counted apart" '^domain default: 1 service, 2 ports, 2 dead, '
! grep -q beta "$tmp/said"
result $? "and are no rows"

# Red, on terminals of colours.
is_red() {
	terminal capture-pane -p -e >"$tmp/output" 2>&1 && grep -q "$(printf '\033')\\[31m" "$tmp/output"
}
for variables in NO_COLOR= NO_COLOR=1 TERM=vt100; do
	open 120 20
	sees "the dead are not shown, $variables" '^selftest/alpha'
	looks_unlike beta
	result $? "none of them, $variables"
	press d
	sees "unless they are asked for, $variables" '^selftest/beta  *client! .*(dead)$'
	[ $variables = NO_COLOR= ]
	coloured=$?
	is_red
	[ $? -eq $coloured ]
	result $? "in colour or not, $variables"
	press q
	ends "$variables"
	shut
done

end_traffic
finish
