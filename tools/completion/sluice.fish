# SPDX-License-Identifier: MIT
#
# Completion of the sluice command for fish.
#
# Nothing is listed here: verbs come from `sluice help`, the options of a verb from its
# --options, its modes from its --help, and names of domains, services and processes from
# `sluice ls --json`, as in sluice.bash.  Where nothing fits, names of files do.

function __sluice_run # ARGUMENT...: of the command as it was typed
	eval (commandline -opc)[1] (string escape -- $argv) 2>/dev/null </dev/null
end

function __sluice_ls # of the domain that was named, if one was
	set -l tokens (commandline -opc)
	set -l domain
	for i in (seq 3 (count $tokens))
		if contains -- $tokens[$i] -d --domain; and test $i -lt (count $tokens)
			set domain --domain $tokens[(math $i + 1)]
		else if string match -q -- '--domain=*' $tokens[$i]
			set domain $tokens[$i]
		end
	end
	__sluice_run ls --json $domain
end

# Only a service has its hash after its name.
function __sluice_services
	__sluice_ls | string match -ar '"name":"[^"]*","hash"' | string replace -r '^"name":"(.*)","hash"$' '$1'
end

function __sluice_domains
	__sluice_run ls --domains --json | string match -ar '"name":"[^"]*"' | string replace -r '^"name":"(.*)"$' '$1'
end

function __sluice_pids
	__sluice_ls | string match -ar '"pids":\[[0-9,]*' | string match -ar '[0-9]+' | sort -nu
end

function __sluice_value # of the option whose name and value are these, behind a text
	switch $argv[1]
		case service
			__sluice_services | string replace -r '^' -- $argv[3]
		case domain
			__sluice_domains | string replace -r '^' -- $argv[3]
		case pid
			__sluice_pids | string replace -r '^' -- $argv[3]
		case '*'
			string match -qr '^(FILE|PROGRAM)' -- $argv[2]; or return 0
			__fish_complete_path (commandline -ct)
	end
end

function __sluice_word # one that is no option and no value, of a verb that is used so
	if string match -q '*MODE*' -- $argv[1]; and test (count (commandline -opc)) -eq 2
		__sluice_run trace --help | sed -n '/^Modes/,/^$/s/^  \([a-z]*\).*  \(.*\)/\1\t\2/p'
	else if string match -qr 'NAME|SERVICE' -- $argv[1]
		__sluice_services
	else
		__fish_complete_path (commandline -ct)
	end
end

function __sluice_complete
	set -l tokens (commandline -opc)
	set -l word (commandline -ct)
	if test (count $tokens) -eq 1
		__sluice_run help | string match -r '^  [a-z][a-z0-9-]* .*' | string replace -r '^  (\S+) +' '$1\t'
		return
	end
	set -l verb $tokens[2]
	if test "$verb" = trace; and test (count $tokens) -gt 2; and contains -- "$tokens[3]" read replay
		set verb trace $tokens[3]
	end
	set -l table (__sluice_run $verb --options)
	for line in $table[2..-1]
		set -l row (string split \t -- $line)
		if contains -- $tokens[-1] --$row[2] -$row[1]
			if test "$row[3]" != -; and not string match -q '[=*' -- $row[3]
				__sluice_value $row[2] $row[3] ''
				return
			end
		else if string match -q -- "--$row[2]=*" $word
			__sluice_value $row[2] $row[3] "--$row[2]="
			return
		end
	end
	if not string match -q -- '-*' $word
		__sluice_word "$table[1]"
		return
	end
	for line in $table[2..-1]
		set -l row (string split \t -- $line)
		printf '%s\t%s\n' --$row[2] $row[4]
		test "$row[1]" = -; or printf '%s\t%s\n' -$row[1] $row[4]
	end
end

complete -c sluice -f -a '(__sluice_complete)'
