#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The probes in uapi/sluice/trace.h and those that sluice-probes(7) describes: the same
# names, with the same arguments in the same order; each argument is explained on the
# page and in the header; and the page says how many probes there are.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

header=uapi/sluice/trace.h
page=Documentation/man/sluice-probes.7.rst

# in_header FILE: "NAME ARGUMENT..." for each probe; or, if their number is not the one
# that stands there, that
in_header() {
	awk '
		sub(/^\tPROBE\(/, "") {
			sub(/\)[ \t\\]*$/, "")
			n = split($0, word, /,[ \t]*/)
			$0 = word[1] (word[2] == n - 2 ? "" : " has not " word[2] ":")
			for (i = 3; i <= n; i++)
				$0 = $0 " " word[i]
			print
		}' "$1" | sort
}

# in_page FILE: the same of what stands as **NAME**\ (*ARGUMENT*, ...)
in_page() {
	sed -n 's/^\*\*\([a-z_]*\)\*\*\\ (\(\*.*\*\))$/\1 \2/p' "$1" | tr -d '*,' | sort
}

# explained_in_header FILE: the arguments of which the comment at its top tells
explained_in_header() {
	awk '
		/^ \*\/$/ { exit }
		/^ \*\t[a-z_, ]+(\t|$)/ {
			sub(/^ \*\t/, "")
			sub(/\t.*/, "")
			gsub(/, /, "\n")
			print
		}' "$1" | sort -u
}

# explained_in_page FILE: those that are terms of its section ARGUMENTS
explained_in_page() {
	sed -n '/^ARGUMENTS$/,/^PROBES$/p' "$1" |
		sed -n '/^[a-z_, ]*$/s/, */\n/gp;/^[a-z_][a-z_]*$/p' | sort -u
}

# agree HEADER PAGE
agree() {
	in_header "$1" >"$tmp/header"
	in_page "$2" >"$tmp/page"
	cut -d' ' -f2- "$tmp/header" | tr ' ' '\n' | sort -u >"$tmp/used"
	explained_in_header "$1" >"$tmp/header.explained"
	explained_in_page "$2" >"$tmp/page.explained"
	{
		comm -23 "$tmp/header" "$tmp/page" | sed 's/$/: only in the header/'
		comm -13 "$tmp/header" "$tmp/page" | sed 's/$/: only on the page/'
		comm -3 "$tmp/used" "$tmp/header.explained" |
			sed 's/$/: not used, or not explained in the header/'
		comm -3 "$tmp/used" "$tmp/page.explained" |
			sed 's/$/: not used, or not explained on the page/'
		grep -q "^The library has $(wc -l <"$tmp/header") USDT probes" "$2" ||
			echo "the page says another number than $(wc -l <"$tmp/header")"
	} >"$tmp/wrong"
	cat "$tmp/wrong"
	[ -s "$tmp/header" ] && [ -s "$tmp/page" ] && [ ! -s "$tmp/wrong" ]
}

# planted NAME HEADER-SCRIPT PAGE-SCRIPT: what sed changes is seen
planted() {
	sed "$2" $header >"$tmp/planted.h"
	sed "$3" $page >"$tmp/planted.rst"
	if cmp -s $header "$tmp/planted.h" && cmp -s $page "$tmp/planted.rst"; then
		echo "nothing was planted" >"$tmp/output"
		result 1 "$1"
	else
		refuse "$1" agree "$tmp/planted.h" "$tmp/planted.rst"
	fi
}

check "header and page agree" agree $header $page

planted "a probe that is not on the page is seen" '' '/^\*\*request_send\*\*/d'
planted "a probe that is not in the header is seen" '/PROBE(request_send,/d' ''
planted "another name is seen" '' 's/^\*\*growth\*\*/**grows**/'
planted "an argument that is missing on the page is seen" '' \
	'/^\*\*reply_send\*\*/s/, \*depth\*//'
planted "an argument that the header has not is seen" \
	'/PROBE(growth,/s/6\(.*\), advice/5\1/' ''
planted "another order is seen" '' \
	'/^\*\*doorbell_ring\*\*/s/\*port\*, \*peer\*/*peer*, *port*/'
planted "a wrong number of arguments in the header is seen" \
	'/PROBE(node_create,/s/3/4/' ''
planted "an argument that the page does not explain is seen" '' \
	'/^ARGUMENTS/,/^PROBES/s/^advice$/advise/'
planted "an argument that the header does not explain is seen" \
	's/^\( \*\t\)advice/\1advise/' ''
planted "another number of probes is seen" '' 's/has [0-9]* USDT/has 36 USDT/'

finish
