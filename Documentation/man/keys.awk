# SPDX-License-Identifier: MIT
#
# keys.awk - the keys of sluice.conf, as sluice.conf(5) lists them
#
# Reads Documentation/sluice.conf, which has two lines of comment above each key: what it
# means, and what it can be.  config_verb_test.sh holds that file against the library.
# Sections of ceilings are left out.

/^\[.*\]$/ {
	ceilings = /\.limits\]$/
	if (ceilings)
		next
	line = $0
	gsub(/./, "-", line)
	print $0 "\n" line "\n"
}

/^# / {
	meaning = range
	range = substr($0, 3)
}

/^#[a-z_]* = / && !ceilings {
	key = substr($1, 2)
	value = substr($0, length($1) + 4)
	printf "%s\n\t%s%s.\n\tCan be %s; default *%s*.\n\n", key,
		toupper(substr(meaning, 1, 1)), substr(meaning, 2), range, value
}
