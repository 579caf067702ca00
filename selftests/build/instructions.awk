# SPDX-License-Identifier: GPL-2.0-only
#
# What callgrind counted, by public call and by function.  Its file was written with
# --dump-instr=yes --dump-line=no --compress-strings=no --compress-pos=no.
#
#	awk -v program=PATH -f instructions.awk FILE
#
# prints "call NAME COUNT" for each public function that round_trip() calls, all included;
# "at ADDRESS COUNT" for each instruction of the program, the library included; and
# "in NAME COUNT" for each function of other libraries.

/^ob=/		{ here = substr($0, 4) == program; next }
/^fn=/		{ function_of = substr($0, 4); next }
/^cfn=/		{ called = substr($0, 5); next }
/^calls=/	{ is_call = 1; next }
/^0x/ && is_call {
	is_call = 0
	if (here && function_of ~ /^round_trip/ && called ~ /^sluice_/)
		calls[called] += $2
	next
}
/^0x/ && here	{ at[$1] += $2 }
/^0x/ && !here	{ elsewhere[function_of] += $2 }

END {
	for (name in calls)
		print "call", name, calls[name]
	for (address in at)
		print "at", address, at[address]
	for (name in elsewhere)
		print "in", name, elsewhere[name]
}
