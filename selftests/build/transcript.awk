# SPDX-License-Identifier: GPL-2.0-only
#
# transcript.awk - a transcript of a shell as a script, and whether what was printed is as shown
#
# A line that begins with "$ " is a command, "> " continues it, and the rest is what it prints.
# With -v script=1 a script is made that writes what command N prints to $said.N.  Otherwise the
# lines of the files said.1, said.2 ... (-v said=said) are compared with those that are shown.  A
# shown line "..." stands for any number of lines, and "..." in a line for any text.  With
# -v figures=1 all numbers are the same number, whatever unit they have, and all blanks are one.

# plain TEXT: a regular expression for this text, in which three dots are any text
function plain(text) {
	gsub(/[][\\.^$*+?(){}|]/, "\\\\&", text)
	gsub(/\\\.\\\.\\\./, ".*", text)
	return text
}

function without_figures(text) {
	gsub(/[0-9][0-9.:,]*/, "#", text)
	gsub(/[ \t]+/, " ", text)
	gsub(/# ([num]?s|[kMGT]i?B|B)( |$)/, "# ", text)
	sub(/ +$/, "", text)
	return text
}

# matches I J: the lines shown from I on are those that were printed from J on
function matches(i, j) {
	for (; i <= shown; i++) {
		if (show[i] == "...") {
			for (; j <= printed + 1; j++)
				if (matches(i + 1, j))
					return 1
			return 0
		}
		if (j > printed || print_[j] !~ ("^" plain(show[i]) "$"))
			return 0
		j++
	}
	return j > printed
}

function compare(	file, text) {
	if (!command)
		return
	printed = 0
	file = said "." command
	while ((getline text <file) > 0)
		print_[++printed] = figures ? without_figures(text) : text
	close(file)
	if (matches(1, 1))
		return
	print "$ " typed "\nprinted:"
	system("cat " file)
	print "and not what the page shows:"
	for (text = 1; text <= shown; text++)
		print show[text]
	wrong = 1
}

function end_command() {
	if (script && command)
		printf "} >\"$said.%d\" 2>&1 </dev/null\n", command
	if (!script)
		compare()
	shown = 0
}

/^\$ / {
	end_command()
	command++
	typed = substr($0, 3)
	if (script)
		print "{ " typed
	continued = 1
	next
}

continued && /^> / {
	if (script)
		print substr($0, 3)
	next
}

{
	continued = 0
	show[++shown] = figures ? without_figures($0) : $0
}

END {
	end_command()
	exit wrong
}
