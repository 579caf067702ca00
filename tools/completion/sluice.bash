# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of the sluice command for bash.
#
# Nothing is listed here: verbs come from `sluice help`, what follows a verb from its
# --help (the first line says whether it takes a MODE, a NAME or a SERVICE), and names of
# domains, services and processes from `sluice ls --json`.  So it stays right when verbs change,
# and costs a process or two for each <TAB>.  Where nothing fits, names of files do.

_sluice_run() {	# _sluice_run ARGUMENT...: of the command as it was typed
	"${command/#\~/$HOME}" "$@" 2>/dev/null </dev/null
}

_sluice_verbs() {
	_sluice_run help | sed -n 's/^  \([a-z][a-z0-9-]*\)  *.*/\1/p'
}

# What begins a line of the help, as "-p, --pid PID": two spaces set its meaning apart.
_sluice_option_lines() {
	sed -n 's/^ *\(-[^ ].*\)/\1/p' <<<"$help" | sed 's/  .*//'
}

_sluice_options() {
	_sluice_option_lines | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*' | tr -d ' ,' | sort -u
}

_sluice_long() {	# the long form of the option $1, or itself
	local long

	long=$(_sluice_option_lines | sed -n "s/^$1[ ,].*\(--[a-z-]*\).*/\1/p")
	echo "${long:-$1}"
}

_sluice_modes() {
	sed -n '/^Modes/,/^$/s/^  \([a-z]*\).*/\1/p' <<<"$help"
}

_sluice_ls() {	# of the domain that was named, if one was
	local i domain=()

	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* && $(_sluice_long "${COMP_WORDS[i]}") == --domain ]] ||
			continue
		[[ ${COMP_WORDS[i + 1]} == "=" ]] && ((i++))
		domain=(--domain "${COMP_WORDS[i + 1]}")
	done
	_sluice_run ls --json "${domain[@]}"
}

# Only a service has its hash after its name.
_sluice_services() {
	_sluice_ls | grep -oE '"name":"[^"]*","hash"' | sed 's/^"name":"//; s/","hash"$//'
}

_sluice_domains() {
	_sluice_run ls --domains --json | grep -oE '"name":"[^"]*"' | sed 's/^"name":"//; s/"$//'
}

_sluice_pids() {
	_sluice_ls | grep -oE '"pids":\[[0-9,]*' | tr -cs '0-9' '\n' | sort -nu
}

# Readline takes : and = for ends of words: the word is all back to a space, and what it
# is replaced with begins where readline thinks that it begins.
_sluice_reply() {	# lines on stdin: those that begin as the word does
	local line word=${COMP_LINE:0:COMP_POINT} before

	word=${word##*[[:space:]]}
	[[ $word == --*=* ]] && word=${word#*=}
	before=${word%"${word##*[:=]}"}
	while read -r line; do
		[[ -n $line && $line == "$word"* ]] || continue
		printf -v line %q "$line"
		COMPREPLY+=("${line#"$before"}")
	done
}

_sluice_value() {	# of the option $1; 1 if it has none
	case $(_sluice_long "$1") in
	--service)
		_sluice_reply < <(_sluice_services) ;;
	--domain)
		_sluice_reply < <(_sluice_domains) ;;
	--pid)
		_sluice_reply < <(_sluice_pids) ;;
	*)
		_sluice_option_lines | grep -qE -- "(^|[ ,])$1(, --[a-z-]+)? [A-Z]" ;;
	esac
}

_sluice_word() {	# one that is no option and no value
	local usage

	read -r usage <<<"$help"
	if [[ $usage == *MODE* && $COMP_CWORD -eq 2 ]]; then
		_sluice_reply < <(_sluice_modes)
	elif [[ $usage == *NAME* || $usage == *SERVICE* ]]; then
		_sluice_reply < <(_sluice_services)
	fi
}

_sluice() {
	local command=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_sluice_reply < <(_sluice_verbs)
		return
	fi
	[[ $before == "=" ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
	help=$(_sluice_run "${COMP_WORDS[1]}" --help)
	if [[ $before == -* ]] && _sluice_value "$before"; then
		return
	fi
	if [[ $word == -* ]]; then
		_sluice_reply < <(_sluice_options)
	else
		_sluice_word
	fi
}

complete -o default -F _sluice sluice
