#compdef sluice
# SPDX-License-Identifier: MIT
#
# Completion of the sluice command for zsh, installed as _sluice.
#
# Nothing is listed here: verbs come from `sluice help`, the options of a verb from its
# --options, its modes from its --help, and names of domains, services and processes from
# `sluice ls --json`, as in sluice.bash.  Where nothing fits, names of files do.

_sluice_run() {	# _sluice_run ARGUMENT...: of the command as it was typed
	${~sluice} "$@" 2>/dev/null </dev/null
}

_sluice_ls() {	# of the domain that was named, if one was
	local -a domain
	local i=${words[(I)(--domain|-d)]}

	((i > 2 && i < CURRENT - 1)) && domain=(--domain "$words[i+1]")
	i=${words[(I)--domain=*]}
	((i > 2 && i < CURRENT)) && domain=("$words[i]")
	_sluice_run ls --json $domain
}

_sluice_named() {	# _sluice_named WHAT: its lines are offered
	local -a lines=(${(f)"$(cat)"})

	((#lines)) && compadd -- $lines
}

# Only a service has its hash after its name.
_sluice_services() {
	_sluice_ls | grep -oE '"name":"[^"]*","hash"' | sed 's/^"name":"//; s/","hash"$//' | sort -u
}

_sluice_domains() {
	_sluice_run ls --domains --json | grep -oE '"name":"[^"]*"' | sed 's/^"name":"//; s/"$//'
}

_sluice_pids() {
	_sluice_ls | grep -oE '"pids":\[[0-9,]*' | tr -cs '0-9' '\n' | grep . | sort -nu
}

_sluice_value() {	# of the option $1 whose value is called $2; 1: it has none
	case $1 in
	service) _sluice_services | _sluice_named ;;
	domain) _sluice_domains | _sluice_named ;;
	pid) _sluice_pids | _sluice_named ;;
	*)
		[[ $2 == (-|\[=*) ]] && return 1
		[[ $2 == (FILE*|PROGRAM) ]] && _files ;;
	esac
	return 0
}

_sluice_word() {	# one that is no option and no value
	local -a modes

	if [[ $usage == *MODE* && $CURRENT -eq 3 ]]; then
		modes=(${(f)"$(_sluice_run trace --help |
			sed -n '/^Modes/,/^$/s/^  \([a-z]*\).*  \(.*\)/\1:\2/p')"})
		_describe mode modes
	elif [[ $usage == *(NAME|SERVICE)* ]]; then
		_sluice_services | _sluice_named || _files
	else
		_files
	fi
}

_sluice() {
	local sluice=$words[1] before=$words[CURRENT-1] word=$words[CURRENT]
	local usage line
	local -a table row offered verb

	if ((CURRENT == 2)); then
		offered=(${(f)"$(_sluice_run help | sed -n 's/^  \([a-z][a-z0-9-]*\)  *\(.*\)/\1:\2/p')"})
		_describe verb offered
		return
	fi
	verb=($words[2])
	[[ $verb == trace && $words[3] == (read|replay) && $CURRENT -gt 3 ]] && verb+=($words[3])
	table=(${(f)"$(_sluice_run $verb --options)"})
	usage=$table[1]
	((#table)) && shift table
	for line in $table; do
		row=("${(@s:	:)line}")
		if [[ $before == "--$row[2]" || $before == "-$row[1]" ]]; then
			_sluice_value "$row[2]" "$row[3]" && return
		elif [[ $word == "--$row[2]="* ]]; then
			compset -P '*='
			_sluice_value "$row[2]" "$row[3]"
			return
		fi
		offered+=("--$row[2]:$row[4]")
		[[ $row[1] == - ]] || offered+=("-$row[1]:$row[4]")
	done
	if [[ $word == -* ]]; then
		_describe -o option offered
	else
		_sluice_word
	fi
}

if [[ $funcstack[1] == _sluice ]]; then
	_sluice "$@"
elif ((${+functions[compdef]})); then
	compdef _sluice sluice
fi
