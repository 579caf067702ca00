#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What bash is offered after `sluice`: verbs, the options of each verb, the names of
# services that run and the processes that run them.  The function is called as readline
# calls it.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

command -v bash >/dev/null || skip_all "there is no bash"

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
unset SLUICE_DOMAIN
umask 077
mkdir "$SLUICE_ROOT"

# Words are split where readline splits them, and a space at the end begins a new one.
cat >"$tmp/complete" <<'END'
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

offer() {	# offer LINE: what is offered is in $tmp/said
	timeout 60 bash "$tmp/complete" "$O/tools/sluice" "$1" >"$tmp/said" 2>"$tmp/told"
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
	result $status "$what"
}

only() {	# only NAME LINE [WORD...]: these, and nothing else
	what=$1
	offer "$2"
	status=$?
	shift 2
	: >"$tmp/wanted"
	[ $# -eq 0 ] || printf '%s\n' "$@" | sort >"$tmp/wanted"
	sort "$tmp/said" | cmp -s - "$tmp/wanted" || status=1
	result $status "$what"
}

bash -n tools/completion/sluice.bash >"$tmp/output" 2>&1
result $? "it is bash"
bash -c '. tools/completion/sluice.bash && complete -p sluice' >"$tmp/output" 2>&1
result $? "it says what it completes"

# ---- verbs

verbs=$("$O/tools/sluice" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
# shellcheck disable=SC2086 # words
only "all verbs" "sluice " $verbs
offers "two of them" "sluice " doctor gc
only "one of them" "sluice doc" doctor
only "no verb" "sluice xyz"

# ---- options

for verb in $verbs; do
	"$O/tools/sluice" "$verb" --help >"$tmp/help" 2>/dev/null || continue
	options=$(sed -n 's/^ *\(-[^ ].*\)/\1/p' "$tmp/help" | sed 's/  .*//' |
		  grep -o -e '--[a-z-]*' | sort -u)
	# shellcheck disable=SC2086
	offers "options of $verb" "sluice $verb -" $options
done
only "one option" "sluice gc --dr" --dry-run
only "options after others" "sluice gc --json --he" --help
only "none that the verb has not" "sluice gc --sizes"
offers "short ones" "sluice trace -" -p -d -n --pid

# ---- services

only "no services" "sluice show "
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

# ---- processes

only "processes" "sluice trace -p " $calls
only "likewise" "sluice trace leaks --pid " $calls
only "not of another number" "sluice trace -p x"

# ---- modes

offers "modes of trace" "sluice trace " events latency leaks grow capture replay
only "one of them" "sluice trace lat" latency

# A name with a colon is cut into words; what is offered replaces the last of them.
"$O/tools/sluice" serve --type number:8:8 my:service cat >/dev/null 2>&1 &
odd=$!
if servers 3 $odd; then
	only "a name with a colon" "sluice show my:s" service
	only "from its beginning" "sluice show m" my:service
else
	skip "a name with a colon" "sluice serve cannot make one"
fi
kill $calls $adder $odd 2>/dev/null
wait
finish
