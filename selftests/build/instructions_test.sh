#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# No public call of a round trip takes more than its budget of instructions and 5 %.  The
# budgets are in instructions.budget beside this script, and "make budget" writes them
# anew.  If a call takes more, the test names the functions that have grown.
#
# Compilers differ, so the budgets hold for one: gcc 12 for x86-64, with no flags but those
# of the Makefile.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
alone

budgets=selftests/build/instructions.budget

# judge BUDGETS COUNTED: says what is above its budget, and what has grown since
judge() {
	awk '	/^#/ || !NF { next }
		{ what = $1 == "call" ? $2 : $2 " (" $3 ")" }
		FNR == NR {
			budget[$1, what] = $NF
			if ($1 == "call")
				calls[what]
			next
		}
		$1 == "call" {
			made[what]
			trip += $3
			if (!(($1, what) in budget))
				say(what " takes " $3 " instructions and has no budget")
			else if ($3 * 100 > budget[$1, what] * 105)
				say(what " takes " $3 " instructions, its budget is " budget[$1, what])
		}
		$1 == "function" && $NF > budget[$1, what] + 0 {
			grown[what] = $NF - budget[$1, what]
		}
		function say(sentence) { print sentence; above++ }
		END {
			for (what in calls)
				if (!(what in made))
					say(what " has a budget and is not called")
			fflush()
			if (above)
				for (what in grown)
					print "  " grown[what] " more in " what | "sort -rn | head -n 20"
			exit above > 0
		}' "$1" "$2"
}

trip() {	# trip FILE: the instructions of all calls
	awk '/^call / { sum += $3 } END { print sum + 0 }' "$1"
}

# ---- That more is seen

cat >"$tmp/budgets" <<'END'
# what something takes
call sluice_one 100
call sluice_two 200
function one lib/one.c 80
function part lib/part.h 20
END
plant() {	# plant SCRIPT: the same, edited
	sed "$1" "$tmp/budgets" >"$tmp/planted" && judge "$tmp/budgets" "$tmp/planted"
}
check "as many as before" plant ''
check "5 % more" plant 's/one 100/one 105/; s/80/85/'
refuse "a call that takes more is seen" plant 's/one 100/one 106/; s/h 20/h 26/; s/80/78/'
printf '%s\n' 'sluice_one takes 106 instructions, its budget is 100' \
	'  6 more in part (lib/part.h)' | diff - "$tmp/output" >"$tmp/differs"
result $? "and so is where"
refuse "a call without a budget is seen" plant 's/sluice_two/sluice_three/'

# ---- The round trip

# What make was told, as it has written it down.
told() {
	awk -v variable="$1" '
		$1 == "define"	{ on = $2 == variable; next }
		$1 == "endef"	{ on = 0 }
		on' "$O/built-with.mk" 2>/dev/null
}

# plain: without flags but those that only warn
plain() {
	for word in $(told CFLAGS) $(told CPPFLAGS) $(told LDFLAGS) $(told LTO); do
		case $word in
		-Wl,* | -Wa,* | -Wp,*)	return 1 ;;
		-W*)			;;
		*)			return 1 ;;
		esac
	done
}

name="each public call keeps to its budget"
if ! command -v valgrind >/dev/null; then
	skip "$name" "there is no valgrind"
elif [ "$($CC -dumpmachine) $($CC -dumpversion)" != "x86_64-linux-gnu 12" ]; then
	skip "$name" "the budgets are for gcc 12"
elif ! plain; then
	skip "$name" "the budgets are for a build without flags of one's own"
else
	check "the instructions are counted" selftests/build/instructions.sh
	cp "$tmp/output" "$tmp/counted"
	check "$name" judge $budgets "$tmp/counted"
	echo "# a round trip takes $(trip "$tmp/counted") instructions, its budget is" \
	     "$(trip $budgets)" >&2
fi

finish
