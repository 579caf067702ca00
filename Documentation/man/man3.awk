# SPDX-License-Identifier: MIT
#
# man3.awk - kernel-doc's man pages as pages of section 3, a file each
#
# kernel-doc writes its pages one after the other, for section 9 of the kernel's
# own manual.  Variables to be set: directory, date, version, and header if it is
# another than sluice.h.
#
# What holds for every call is said once, at the top of sluice.h and in sluice(7).  So the
# page of a function that is given an object or a message gets the Context that such a
# function has, and a line about the errors that every call has.

BEGIN {
	made_from_a_node = "\\((const )?struct sluice_(node|service|client|server|request|" \
			   "pending_response|response|active_request|reply) \\*"
}

# .TH "sluice_version" 9 "sluice_version" "January 2026" "Kernel ..." LINUX
# .TH "Kernel API" 9 "struct sluice_type" "January 2026" "API Manual" LINUX
/^\.TH / {
	end_page()
	split($0, quoted, "\"")
	name = quoted[4]
	sub(/^(struct|enum) /, "", name)
	page = directory "/" name ".3"
	printf ".TH \"%s\" 3 \"%s\" \"Sluice %s\" \"Sluice Manual\"\n",
		name, date, version >page
	next
}

/^\.SH / {
	end_section()
	if (/RETURN/)
		put_context()
	heading = toupper(substr($0, 5))
	gsub(/"/, "", heading)
	section = heading
	sub(/^RETURN$/, "RETURN VALUE", heading)
	next
}

# apropos(1) finds a page by the name before the dash, and a name is one word.
section == "NAME" {
	sub(/^(struct|enum|typedef) /, "")
}

section == "SYNOPSIS" {
	gsub(/^\.(br|BI?)|"/, "")
	synopsis = synopsis " " $0
	next
}

# What is said of a function that takes nothing.
/^(\.IP "void" 12|no arguments)$/ { next }

section == "CONTEXT" {
	context = context (context == "" ? "" : "\n") linked($0)
	next
}

/^$/ {
	paragraph = 1
	next
}

{
	put(linked($0))
}

END { end_page() }

function linked(text)
{
	gsub(/\\fBsluice_[a-z_]+\\fP/, "&(3)", text)
	gsub(/-E/, "\\-E", text)
	return text
}

# A heading waits for the first line below it, a paragraph for the next one.
function put(line)
{
	if (heading != "")
		print ".SH " heading >page
	else if (paragraph && line !~ /^\./)
		print ".PP" >page
	heading = ""
	paragraph = 0
	print line >page
}

function end_section()
{
	if (section != "SYNOPSIS")
		return

	gsub(/[ \t]+/, " ", synopsis)
	gsub(/\* /, "*", synopsis)
	given = synopsis ~ made_from_a_node
	timed = given && synopsis ~ /int64_t timeout /
	nothing = given && synopsis ~ /^ void /
	put(".nf")
	put(".B #include <" (header == "" ? "sluice.h" : header) ">")
	put(".sp")
	if (synopsis ~ /{/)
		put_fields(synopsis)
	else
		put_parameters(synopsis)
	put(".fi")
	section = synopsis = ""
}

# A function whose first parameter is a node, or was made from one, belongs to the node's
# thread, unless its own Context says who may call it.
function put_context(	own)
{
	if (!given && context == "" || said_context)
		return
	said_context = 1
	own = given && context !~ /^(Any|One) thread/
	heading = "CONTEXT"
	paragraph = 0
	if (own)
		put("The node's thread.")
	if (own && timed)
		put("Sleeps unless the timeout is SLUICE_NOWAIT.")
	if (own && nothing)
		put("In a forked child it does nothing.")
	if (context != "")
		put(context)
	common = own && !nothing
}

function end_page()
{
	if (!page)
		return

	end_section()
	if (common && section == "RETURN") {
		paragraph = 1
		put("It can also fail with the errors that every call has: EINVAL, EBUSY and ECHILD; see")
		put(".BR sluice (7).")
	}
	put_context()
	given = timed = nothing = common = said_context = 0
	context = ""
	heading = "SEE ALSO"
	put(".BR sluice (7)")
	close(page)
}

# " enum e { A , B };" or " struct s { int i; };"
function put_fields(text,	end, parts, n, i)
{
	end = text ~ /^ enum/ ? "," : ";"
	n = split(text, parts, /[{};,]/)
	put(".B" parts[1] "{")
	for (i = 2; i <= n; i++)
		if (parts[i] !~ /^ *$/)
			put_typed("    ", parts[i], end)
	put(".B };")
}

# " int *f (char c , int i );"
function put_parameters(text,	parts, n, i)
{
	n = split(text, parts, /[(),;]/)
	sub(/^ /, "", parts[1])
	sub(/ $/, "", parts[1])
	for (i = 2; i < n - 1; i++)
		put_typed(i == 2 ? parts[1] "(" : "        ", parts[i],
			  i == n - 2 ? ");" : ",")
}

# Types in bold, what they are the type of in italics.
function put_typed(before, text, after)
{
	sub(/^ /, "", text)
	sub(/ +$/, "", text)
	match(text, /[A-Za-z0-9_]+$/)
	if (text == "void")
		put(".B \"" before text after "\"")
	else
		put(".BI \"" before substr(text, 1, RSTART - 1) "\" \"" \
		    substr(text, RSTART) "\" " after)
}
