#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0-only
#
# sentences.awk - wrappers of the public functions, for the tests of behaviour
#
# Reads sluice.h and the headers beside it.  With -v wraps=1 it prints the options by which the linker puts a wrapper
# before each public function that can fail, and before what writes a sentence; else the
# wrappers themselves, for selftests/kit/sentences.c.

/^\/\*/ { comment = 1 }
comment { comment = !/\*\//; next }
/^#/ || continued { continued = /\\$/; next }
{ text = text " " $0 }

function declare(declaration,	type, name, parameters, fails, arguments, each, n, i)
{
	gsub(/\/\*[^*]*\*\/|SLUICE_MUST_CHECK/, "", declaration)
	gsub(/[ \t]+/, " ", declaration)
	sub(/^ /, "", declaration)
	# sluice_node_interrupt() may be called by a signal handler and writes nothing;
	# sluice_deadline() gives a time.
	if (declaration ~ /[{}]|typedef|sluice_node_interrupt|sluice_deadline/ ||
	    !match(declaration, /sluice_[a-z_]+\(/))
		return
	type = substr(declaration, 1, RSTART - 1)
	name = substr(declaration, RSTART, RLENGTH - 1)
	parameters = substr(declaration, RSTART + RLENGTH)
	sub(/\) *$/, "", parameters)
	if (type ~ /^struct .*\* ?$/)
		fails = "!result"
	else if (type ~ /^int(64_t)? $/)
		fails = "result < 0"
	else
		return
	functions++
	if (wraps) {
		print "-Wl,--wrap=" name
		return
	}
	n = split(parameters, each, /, */)
	arguments = ""
	for (i = 1; i <= n; i++) {
		sub(/^.*[ *]/, "", each[i])
		arguments = arguments (i > 1 ? ", " : "") each[i]
	}
	printf "%s__real_%s(%s);\n\n", type, name, parameters
	printf "%s__wrap_%s(%s)\n{\n", type, name, parameters
	printf "\tunsigned long before = sentences;\n"
	printf "\t%sresult = __real_%s(%s);\n\n", type, name, arguments
	printf "\tif (%s)\n\t\tsentences_check(\"%s\", before, %s);\n\treturn result;\n}\n\n", fails, name,
		fails == "!result" ? "0" : "(int)-result"
}

END {
	count = split(text, declarations, ";")
	for (k = 1; k <= count; k++)
		declare(declarations[k])
	if (wraps)
		print "-Wl,--wrap=fail -Wl,--wrap=fail_quietly -Wl,--wrap=fail_system" \
		      " -Wl,--wrap=fail_parent -Wl,--wrap=fail_unsent"
	if (functions < 50) {
		print "sentences.awk: sluice.h cannot be understood" >"/dev/stderr"
		exit 1
	}
}
