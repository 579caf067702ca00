# SPDX-License-Identifier: MIT
#
# api.awk - kernel-doc's rst of a header as a page, with the parts that the header has
#
# The first file is the header, the second is what kernel-doc -rst makes of it.  A comment
# "/* ---- Part -----" begins a part there.  Sphinx has one name
# space for structs and functions, so a struct that has the name of a function gets another.

FNR == NR && match($0, /^\/\* ---- [^-]+/) {
	part = substr($0, 9, RLENGTH - 8)
	sub(/ +$/, "", part)
	next
}
FNR == NR && match($0, /^ \* (struct |enum |typedef )?[A-Za-z_0-9]+(\(\))? - /) {
	name = $2 ~ /^(struct|enum|typedef)$/ ? $3 : $2
	sub(/\(\)$/, "", name)
	if (part != "" && !(name in part_of))
		part_of[name] = part
	if ($2 ~ /\(\)$/)
		is_function[name] = 1
	next
}
FNR == NR { next }

FNR == 1 {
	print ".. SPDX-License-Identifier: MIT\n"
	heading(header, "=")
	print "::\n\n\t#include <" header ">\n"
}

match($0, /^\.\. c:(function|struct|enum|type|macro)::/) {
	name = $0
	sub(/^\.\. c:[a-z]+:: */, "", name)
	sub(/ *\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	if (part_of[name] != "" && part_of[name] != shown) {
		shown = part_of[name]
		heading(shown, "-")
	}
	if (apart)
		print ".. c:namespace-pop::\n"
	apart = $0 ~ /c:struct/ && is_function[name]
	if (apart)
		print ".. c:namespace-push:: structs\n"
}

# What is said of a function that takes nothing.
/^``void``$/ { getline; next }

{ print }

function heading(text, line,	under)
{
	under = text
	gsub(/./, line, under)
	print text "\n" under "\n"
}
