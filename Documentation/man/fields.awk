# SPDX-License-Identifier: MIT
#
# fields.awk - a public header with the fields of its structs spelled out
#
# kernel-doc knows no macros, and takes the default value that a field has in C++ for its
# name.  This program writes the fields as C has them.  In place of SLUICE_MESSAGE_() it
# writes the members of all messages, and it repeats what struct sluice_message says of them
# in the comment of each struct that has them.

{ line[NR] = $0 }

/^ \* struct [a-z_]+ - / { title[$3] = NR; in_message = $3 == "sluice_message" }
/^ \*$|^ \*\// { in_message = 0 }
in_message && !/ - / { said = said $0 "\n" }

/^#define SLUICE_MESSAGE_\(/ { in_macro = 1; next }
in_macro {
	in_macro = /\\$/
	sub(/[ \t]*\\?$/, "")
	sub(/;?$/, ";")
	members = members $0 "\n"
}

/^struct [a-z_]+ \{/ { owner = $2 }
/^\tSLUICE_MESSAGE_\(/ && owner != "sluice_message" { repeats[title[owner]] = 1 }

END {
	for (i = 1; i <= NR; i++)
		print_line(line[i], i in repeats)
}

function print_line(text, repeat,	access, all)
{
	if (text ~ /^\tSLUICE_MESSAGE_\(/) {
		all = members
		access = text ~ /const/ ? "const " : ""
		gsub(/access /, access, all)
		printf "%s", all
		return
	}
	sub(/ SLUICE_ZERO_;/, ";", text)
	sub(/ SLUICE_SIZE_\([^)]*\);/, ";", text)
	print text
	if (repeat)
		printf "%s", said
}
