# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# looking.sh - what the tests of sluice ls, show and stat share: programs that wait to be
# looked at, and what is looked for.  Comes after tap.sh.

# shellcheck source=selftests/kit/sandbox.sh
. selftests/kit/sandbox.sh

# ---- A program that does what it is told, as told_pair.h has it

# start PROGRAM ARGUMENT...: it has done what there is to do at first when this returns
start() {
	rm -f "$tmp/orders"
	mkfifo "$tmp/orders"
	: >"$tmp/answers"
	$patience "$@" <"$tmp/orders" >"$tmp/answers" 2>"$tmp/told" &
	program=$!
	exec 3>"$tmp/orders"
	orders=1
	have_done
}

have_done() {
	until [ "$(grep -c '^done$' "$tmp/answers")" -ge $orders ]; do
		kill -0 $program || return
		sleep 0.02
	done
}

tell() {	# tell WORD...: one more thing, and it has been done
	orders=$((orders + 1))
	echo "$*" >&3
	have_done
}

let_go() {	# it ends; its status
	exec 3>&-
	wait $program
}

# pid_of PROCESS: its only child, which is what patience has started
pid_of() {
	tr -d ' ' <"/proc/$1/task/$1/children"
}

# ---- An example, while it runs

# serve EXAMPLE: its server, whose process is $server and whose port is there
serve() {
	"$O/examples/$1-server" >"$tmp/server" 3>&- &
	server=$!
	until [ "$("$sluice" ls --json 2>"$tmp/told" | jq '.services[].servers')" = 1 ]; do
		kill -0 $server || return
		sleep 0.02
	done
}

# ---- What is looked for

looks() {	# looks VERB ARGUMENT...: its output goes to $tmp/said and $tmp/told
	$patience "$sluice" "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	cat "$tmp/told" "$tmp/said" | head -n 50 >"$tmp/output"
	return $status
}

# holds NAME JQ-CONDITION: on the lines of JSON in $tmp/said, as one array
holds() {
	jq -s '.' "$tmp/said" 2>&1 | head -n 50 >"$tmp/output"
	jq -s -e "$2" "$tmp/said" >>"$tmp/output" 2>&1
	result $? "$1"
}

says() {	# says NAME PATTERN: a line of what was printed matches
	cat "$tmp/told" "$tmp/said" | head -n 50 >"$tmp/output"
	grep -q -e "$2" "$tmp/said"
	result $? "$1"
}

# fails NAME STATUS PATTERN: so ended what was looked at last; with one sentence like this
# on standard error, and nothing on standard output
fails() {
	[ $status -eq "$2" ] && [ ! -s "$tmp/said" ] && grep -q -e "$3" "$tmp/told"
	result $? "$1"
}

wrong() {	# wrong VERB ARGUMENT...: is bad usage
	looks "$@"
	fails "bad usage: $*" 2 "^sluice $1: "
}

# terminal NAME VERB ARGUMENT...: has bold headings on a terminal, and only there
terminal() {
	name=$1
	shift
	looks "$@"
	! grep -q "$escape" "$tmp/said"
	result $? "$name in a pipe is plain"
	if ! command -v script >/dev/null; then
		skip "$name on a terminal" "there is no script"
		return
	fi
	for setting in TERM=xterm TERM=dumb "TERM=xterm NO_COLOR=1"; do
		# shellcheck disable=SC2086 # assignments, one a word
		env $setting $patience script -qec "$sluice $*" /dev/null </dev/null \
			>"$tmp/said" 2>"$tmp/output"
		cat "$tmp/said" >>"$tmp/output"
		if [ "$setting" = TERM=xterm ]; then
			grep -q "$escape\[1m.*$escape\[0m" "$tmp/said"
		else
			! grep -q "$escape" "$tmp/said"
		fi
		result $? "$name on a terminal, $setting"
	done
}
escape=$(printf '\033')

help_fits() {	# help_fits VERB
	looks "$1" --help
	[ $? -eq 0 ] && [ ! -s "$tmp/told" ] && grep -q '^Examples' "$tmp/said" &&
		! grep -q '^.\{81\}' "$tmp/said"
	result $? "help fits a terminal"
}

# closed VERB ARGUMENT...: says so if a directory may not be read, or is not safe
closed() {
	chmod 770 "$SLUICE_ROOT"
	looks "$@"
	fails "a directory that others may write to" 1 'cannot be read'
	chmod 700 "$SLUICE_ROOT"
	if [ -z "$other" ]; then
		skip "another user" "this is not root, or there is no setpriv"
		return
	fi
	$patience $other "$tmp/sluice" "$@" >"$tmp/said" 2>"$tmp/told"
	status=$?
	fails "another user is told in one sentence" 1 'cannot be read'
	[ "$(wc -l <"$tmp/told")" -eq 1 ]
	result $? "and no more"
}

other=
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	other="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chmod 755 "$tmp"
	cp "$sluice" "$tmp/sluice"
fi
