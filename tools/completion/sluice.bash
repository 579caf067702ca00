# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of the sluice command for bash.
#
# Nothing is listed here: verbs come from `sluice help`, the options of a verb from its
# --options, its modes from its --help, and names of domains, services and processes from
# `sluice ls --json`.  So it stays right when verbs change, and costs a process or two for each
# <TAB>.  Where nothing fits, names of files do.  sluice.zsh and sluice.fish do the same.

_sluice_run() {	# _sluice_run ARGUMENT...: of the command as it was typed
	"${command/#\~/$HOME}" "$@" 2>/dev/null </dev/null
}

_sluice_verbs() {
	_sluice_run help | sed -n 's/^  \([a-z][a-z0-9-]*\)  *.*/\1/p'
}

# The table of a verb: letter, name, value and text, with tabs between them.
_sluice_options() {
	local letter name

	while IFS=$'\t' read -r letter name _; do
		printf '%s\n' "--$name"
		[[ $letter == - ]] || printf '%s\n' "-$letter"
	done <<<"$options"
}

_sluice_row() {	# the name and the value of the option $1
	local letter name value

	while IFS=$'\t' read -r letter name value _; do
		[[ $1 == "--$name" || $1 == "-$letter" ]] && echo "--$name $value"
	done <<<"$options"
}

_sluice_long() {	# the long form of the option $1, or itself
	local long

	long=$(_sluice_row "$1")
	long=${long:-$1}
	echo "${long%% *}"
}

_sluice_modes() {
	_sluice_run "${COMP_WORDS[1]}" --help | sed -n '/^Modes/,/^$/s/^  \([a-z]*\).*/\1/p'
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
		[[ $(_sluice_row "$1") == *" "[!-[]* ]] ;;
	esac
}

_sluice_word() {	# one that is no option and no value
	if [[ $usage == *MODE* && $COMP_CWORD -eq 2 ]]; then
		_sluice_reply < <(_sluice_modes)
	elif [[ $usage == *NAME* || $usage == *SERVICE* ]]; then
		_sluice_reply < <(_sluice_services)
	fi
}

_sluice() {
	local command=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=("${COMP_WORDS[1]}") options usage

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_sluice_reply < <(_sluice_verbs)
		return
	fi
	[[ $before == "=" ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
	[[ ${COMP_WORDS[1]} == trace && ${COMP_WORDS[2]} == @(read|replay) ]] && ((COMP_CWORD > 2)) &&
		verb+=("${COMP_WORDS[2]}")
	options=$(_sluice_run "${verb[@]}" --options)
	usage=${options%%$'\n'*}
	options=${options#"$usage"}
	options=${options#$'\n'}
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
