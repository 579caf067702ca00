#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A test that fails in the crowd is run once more, alone, and named if it passes then.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
[ -e Makefile ] || skip_all "there is no source here"

program() {	# program NAME TIMES: it fails so many times
	cat >"$tmp/$1" <<-END
		#!/bin/sh
		echo x >>"$tmp/$1.runs"
		echo "1..2"
		echo "ok 1 first"
		[ \$(wc -l <"$tmp/$1.runs") -le $2 ] || { echo "ok 2 second"; exit 0; }
		echo "$1 saw nothing" >&2
		echo "not ok 2 second"
		exit 1
	END
	chmod +x "$tmp/$1"
}
program good 0
program twice 2
for name in once again more much; do
	program $name 1
done
printf '#!/bin/sh\necho 1..2\necho ok 1\n' >"$tmp/short"
printf '#!/bin/sh\necho 1..2\necho ok 2\necho ok 1\n' >"$tmp/unordered"
chmod +x "$tmp/short" "$tmp/unordered"
cp selftests/kit/run_kselftest.sh selftests/kit/failed.sh "$tmp"

FAILURES=$tmp/failures
export FAILURES
run() {	# run NAME...
	rm -f "$tmp"/*.runs
	programs=
	for name; do
		programs="$programs $folder$name"
	done
	# shellcheck disable=SC2086 # names, one a word
	selftests/kit/rerun.sh "$command" $programs
}
kept() {	# kept PATTERN KIND TIMES: so many lines of files of that kind have it
	cat "$FAILURES"/*
	[ "$(cat "$FAILURES"/*."$2" | grep -c "$1")" -eq "$3" ]
}

show_all() {	# show_all HOW
	check "$1: nothing fails" run good
	check "$1: and nothing is kept" test -z "$(ls "$FAILURES")"
	check "$1: one fails once" run good once
	grep -q "Failed once, passed when it ran alone" "$tmp/output"
	result $? "$1: and is named"
	check "$1: with what it said" kept "once saw nothing" once 1
	check "$1: and the check" kept "not ok 2 second" once 1
	check "$1: without what went well" kept "ok 1 first" once 0
	refuse "$1: one fails twice" run once good twice
	check "$1: and is kept both times" kept "twice saw nothing" failed 2
	check "$1: apart from the other" kept "once saw nothing" once 1
	check "$1: three fail once" run once again more good
	refuse "$1: four fail once" run once again more much
	check "$1: and do not run again" kept "saw nothing" failed 4
	RERUNS=0
	export RERUNS
	refuse "$1: none may" run once
	unset RERUNS
}
command=$tmp/run_kselftest.sh folder=
show_all installed
command="prove -j4 -e selftests/kit/one.sh" folder=$tmp/
show_all prove

# What prove would call a failure is one for one.sh, too.
for name in short unordered; do
	refuse "the plan is not kept: $name" run $name
	check "and that is kept" kept "not ok .*$name" failed 2
done
finish
