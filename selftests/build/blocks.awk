# SPDX-License-Identifier: GPL-2.0-only
#
# blocks.awk - takes the blocks of code of a page apart
#
# Variable to be set: into, a directory.  Block N becomes into/N, without its indentation.  What is
# printed has a line for each: N, line of the page, language, class, caption; with a tab between
# them, and "-" for what is not there.  A page is reStructuredText, or Markdown (*.md).  A
# literal block, "::" alone or at the end of a line, has the language "none".

function begin(language_is) {
	number++
	line = FNR
	language = language_is
	class = caption = "-"
	indent = -1
	empty = 0
	printf "" >(into "/" number)
}

function end_block() {
	if (number && indent != -2)
		print number "\t" line "\t" language "\t" class "\t" caption
	indent = -2
}

function option(name) {
	if ($0 !~ "^ +:" name ": ")
		return ""
	return substr($0, index($0, name ": ") + length(name) + 2)
}

BEGIN { indent = -2 }

FNR == 1 { markdown = FILENAME ~ /\.md$/ }

markdown && /^```/ {
	if (fenced) {
		fenced = 0
		end_block()
	} else {
		begin($0 == "```" ? "none" : substr($0, 4))
		fenced = 1
	}
	next
}
fenced { print >(into "/" number); next }

# Between the directive and its contents.
indent == -1 && option("class") != "" { class = option("class"); next }
indent == -1 && option("caption") != "" { caption = option("caption"); next }
indent == -1 && /^$/ { next }
indent == -1 {
	match($0, /^[ \t]*/)
	indent = RLENGTH
	if (!indent)
		end_block()
}

indent > 0 && /^[ \t]*$/ { empty++; next }
indent > 0 && match($0, /^[ \t]*/) && RLENGTH >= indent {
	for (; empty > 0; empty--)
		print "" >(into "/" number)
	print substr($0, indent + 1) >(into "/" number)
	next
}
indent > 0 { end_block() }

!markdown && /^\.\. (code-block|code|sourcecode|highlight)::/ { begin($3); next }
!markdown && /^\.\. / { next }
!markdown && /::$/ { begin("none"); next }
markdown && /^    / && previous == "" {
	begin("none")
	indent = 4
	print substr($0, 5) >(into "/" number)
	next
}
{ previous = $0 }

END { end_block() }
