#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What bash, zsh and fish offer after `sluice`: verbs, the options of each verb, the names of
# services that run and the processes that run them.  For bash the function is called as
# readline calls it; for zsh as its completion system does, whose functions print here what
# they are given; fish completes by itself.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

shells=
for shell in bash zsh fish; do
	if command -v $shell >/dev/null; then
		shells="$shells $shell"
	else
		skip "$shell" "there is no $shell"
	fi
done
[ -n "$shells" ] || skip_all "there is no shell that completes"
sluice=$(cd "$O" && pwd)/tools/sluice

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
unset SLUICE_DOMAIN
umask 077
mkdir "$SLUICE_ROOT"

# Words are split where readline splits them, and a space at the end begins a new one.
cat >"$tmp/complete.bash" <<'END'
. tools/completion/sluice.bash
COMP_LINE=$2 COMP_POINT=${#2}
spaced=${2//=/ = }
spaced=${spaced//:/ : }
read -ra COMP_WORDS <<<"$spaced"
[[ $2 == *[[:space:]] ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_sluice "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
exit 0
END

cat >"$tmp/complete.zsh" <<'END'
words=(${(z)2})
[[ $2 == *[[:space:]] ]] && words+=("")
CURRENT=$#words words[1]=$1
offered() {
	local word=$words[CURRENT]

	[[ $word == --*=* ]] && word=${word#*=}
	[[ $1 == "$word"* ]] && print -r -- "$1"
}
_describe() {
	for item in "${(@P)@[-1]}"; do offered "${item%%:*}"; done
}
compadd() {
	shift
	for item; do offered "$item"; done
}
compset() { return 0 }
_files() { return 0 }
source tools/completion/sluice.zsh
_sluice
exit 0
END

# fish has the rest of an option with = in front of its value.
cat >"$tmp/complete.fish" <<'END'
source tools/completion/sluice.fish
complete -C (string replace -r '^sluice' -- $argv[1] $argv[2]) |
	string replace -r '\t.*' '' | string replace -r '^--[a-z-]*=' ''
exit 0
END

offer() {	# offer LINE: what is offered is in $tmp/said
	timeout 60 "$shell" "$tmp/complete.$shell" "$sluice" "$1" >"$tmp/said" 2>"$tmp/told"
	cat "$tmp/told" "$tmp/said" >"$tmp/output"
	[ ! -s "$tmp/told" ]
}

offers() {	# offers NAME LINE WORD...: these, whatever else
	what=$1
	offer "$2"
	status=$?
	shift 2
	for word; do
		grep -qxF -e "$word" "$tmp/said" || status=1
	done
	result $status "$shell: $what"
}

only() {	# only NAME LINE [WORD...]: these, and nothing else
	what=$1
	offer "$2"
	status=$?
	shift 2
	: >"$tmp/wanted"
	[ $# -eq 0 ] || printf '%s\n' "$@" | sort >"$tmp/wanted"
	sort "$tmp/said" | cmp -s - "$tmp/wanted" || status=1
	result $status "$shell: $what"
}

bash -n tools/completion/sluice.bash >"$tmp/output" 2>&1
result $? "it is bash"
bash -c '. tools/completion/sluice.bash && complete -p sluice' >"$tmp/output" 2>&1
result $? "it says what it completes"

verbs=$("$sluice" help | sed -n 's/^  \([a-z]*\) .*/\1/p')

# the options of a verb, as its table has them
table() {
	"$sluice" "$1" --options 2>/dev/null | sed 1d | cut -f 2 | sed 's/^/--/'
}

verbs_and_options() {
	# shellcheck disable=SC2086 # words
	only "all verbs" "sluice " $verbs
	offers "two of them" "sluice " doctor gc
	only "one of them" "sluice doc" doctor
	only "no verb" "sluice xyz"

	for verb in $verbs; do
		# shellcheck disable=SC2046
		offers "options of $verb" "sluice $verb -" $(table "$verb")
	done
	only "one option" "sluice gc --dr" --dry-run
	only "options after others" "sluice gc --json --he" --help
	only "none that the verb has not" "sluice gc --sizes"
	offers "short ones" "sluice trace -" -p -d -n --pid
	only "no services" "sluice show "
}

for shell in $shells; do
	verbs_and_options
done

"$O/examples/calls-server" >/dev/null &
calls=$!
SLUICE_DOMAIN=robot "$O/examples/adder-server" >/dev/null &
adder=$!
servers() {	# servers NUMBER PID: until there are so many, or this one has failed
	until [ "$(find "$SLUICE_ROOT" -name '*.sock' -path '*/servers/*' | wc -l)" -eq "$1" ]; do
		kill -0 "$2" || return
		sleep 0.02
	done 2>/dev/null
}
servers 2 $adder

names() {
	for verb in show stat call serve; do
		only "services for $verb" "sluice $verb " example/calls
	done
	only "by the beginning of the name" "sluice show exam" example/calls
	only "not of another name" "sluice show other"
	only "of another domain" "sluice show --domain robot " example/adder
	only "likewise with -d" "sluice show -d robot " example/adder
	only "names of domains behind -d" "sluice ls -d ro" robot
	only "names of domains" "sluice show --domain ro" robot
	only "likewise with =" "sluice show --domain=robot exa" example/adder
	only "as the value of an option" "sluice trace --service " example/calls
	only "or behind =" "sluice trace --service=" example/calls
	only "or a part of it" "sluice trace latency --service=exa" example/calls
	only "nothing for the value of another option" "sluice stat --count "

	only "processes" "sluice trace -p " $calls
	only "likewise" "sluice trace leaks --pid " $calls
	only "not of another number" "sluice trace -p x"

	offers "modes of trace" "sluice trace " events latency leaks grow capture read replay
	only "one of them" "sluice trace lat" latency
	offers "options of a replay" "sluice trace replay --" --speed --compare
	offer "sluice trace replay --"
	! grep -qx -e --older "$tmp/said"
	result $? "$shell: and of no other mode"
	offers "options of read" "sluice trace read --" --types --service
	offer "sluice trace read --"
	! grep -qx -e --compare "$tmp/said"
	result $? "$shell: and of no other mode than read"
}

for shell in $shells; do
	names
done

# A name with a colon is cut into words; what is offered replaces the last of them.
"$O/tools/sluice" serve --type number:8:8 my:service cat >/dev/null 2>&1 &
odd=$!
if servers 3 $odd; then
	for shell in $shells; do
		case $shell in
		bash) only "a name with a colon" "sluice show my:s" service ;;
		*) only "a name with a colon" "sluice show my:s" my:service ;;
		esac
		only "from its beginning" "sluice show m" my:service
	done
else
	skip "a name with a colon" "sluice serve cannot make one"
fi
kill $calls $adder $odd 2>/dev/null
wait
finish
