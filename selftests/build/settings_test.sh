#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tables of Documentation/settings.rst have a row for each field of the options in
# sluice.h, and no other.  settings_test finds that each cell is what the table of the
# library has, and that the library does so.  Each check is shown a page, or a header, that
# is wrong.  The man pages name each setting and each flag of a service.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

page=Documentation/settings.rst
header=lib/include/sluice.h

# in_header FILE: "OWNER FIELD" for each field of an options struct; the fields of
# struct sluice_port_opts are fields of each struct that has one
in_header() {
	awk -f Documentation/man/fields.awk "$1" | awk '
		/^struct sluice_(node|service|port|client|server)_opts \{|^struct sluice_attribute \{/ {
			owner = $2
			sub(/^sluice_/, "", owner)
			sub(/_opts$/, "", owner)
			next
		}
		/^}/ { owner = "" }
		owner != "" {
			field = $NF
			gsub(/[*;]|\[[0-9]*\]/, "", field)
			if (owner == "port")
				ports[++count] = field
			else if (field == "port")
				for (i = 1; i <= count; i++)
					print owner, ports[i]
			else
				print owner, field
		}' | sort
}

# in_page FILE: the same for each row that says what a field can be
in_page() {
	awk '
		/^struct sluice_/ {
			owner = $2
			sub(/^sluice_/, "", owner)
			sub(/_opts$/, "", owner)
		}
		/^setting  / { rows = 1; next }
		/^$/ { rows = 0 }
		rows && !/^=/ { print owner, $1 }' "$1" | sort
}

agree() {	# agree PAGE HEADER
	in_page "$1" >"$tmp/page"
	in_header "$2" >"$tmp/header"
	[ "$(wc -l <"$tmp/header")" -gt 40 ] && diff "$tmp/page" "$tmp/header"
}

# holds PAGE [OPTION...]: the library does what the page says.  How nodes wait makes no
# difference, and sockets are fast.
holds() {
	what=$1
	shift
	SLUICE_WAIT=socket SETTINGS=$what timeout 120 "$O/selftests/build/settings_test" "$@"
}

# plant PATTERN REPLACEMENT: in a copy of the page, which must be another one then
plant() {
	sed "s/$1/$2/" "$page" >"$tmp/planted.rst"
	! cmp -s "$page" "$tmp/planted.rst"
}

check "each field of the options has a row, and each row a field" agree $page $header
plant '^max_nodes  .*' ''
refuse "a row that is missing is seen" agree "$tmp/planted.rst" $header
sed 's/^\tuint32_t max_nodes .*;/&\n\tuint32_t max_planted;/' $header >"$tmp/planted.h"
refuse "a field that has no row is seen" agree $page "$tmp/planted.h"

check "the library does what the page says" holds $page
# planted NAME PATTERN REPLACEMENT: whoever tries the rows sees it
planted() {
	plant "$2" "$3" && refuse "$1 is seen" \
		holds "$tmp/planted.rst" -T ranges_are_those_of_the_table
}
# compared NAME PATTERN REPLACEMENT TEST: whoever compares cells sees it
compared() {
	plant "$2" "$3" && refuse "$1 is seen" holds "$tmp/planted.rst" -t "$4"
}
planted "a wrong default" '^\(max_nodes  *\)512 ' '\1513 '
planted "a most that is too small" '\(^max_nodes .*\)8192' '\18191'
planted "a most that is too large" '\(^max_nodes .*\)8192' '\18193'
planted "another errno for too much" '\(^max_nodes .*\)EINVAL' '\1EBUSY '
planted "another errno for what is used up" '\(^max_nodes .*\)EUSERS' '\1EBUSY '
planted "a default of memory" '\(^memory_limit .*\)4 GiB' '\15 GiB'
compared "another unit" '\(^max_nodes .*\)nodes ' '\1bytes ' \
	ranges_are_those_of_the_table
compared "another name in sluice show" '\(^max_fds_per_message  *max_fds\)$' '\1s' \
	names_are_those_of_the_table
compared "another meaning of a flag" '\(^no_fire_and_forget .*\)withdrawn' '\1dropped' \
	names_are_those_of_the_table

# names MACRO: what sluice show calls the settings, or the flags, of a service
names() {
	case $1 in
	CONTRACT) sed -n 's/^CONTRACT(\([a-z_]*\),.*/\1/p' lib/config/settings.def ;;
	FLAG) sed -n 's/^FLAG([A-Z_]*, \([a-z_]*\),$/\1/p' lib/config/settings.def ;;
	esac
}

# named MACRO PAGE: the man page has all of them
named() {
	[ "$(names "$1" | wc -l)" -gt 2 ] || return
	for name in $(names "$1"); do
		grep -qw -e "$name" "$2" || { echo "$2 lacks $name"; return 1; }
	done
}

man=Documentation/man
check "sluice-show(1) has each setting of a service" named CONTRACT $man/sluice-show.1.rst
for page in show call serve; do
	check "sluice-$page(1) has each flag" named FLAG $man/sluice-$page.1.rst
done
sed 's/no_fire_and_forget/no_fire/' $man/sluice-call.1.rst >"$tmp/planted.1.rst"
refuse "a flag that a page lacks is seen" named FLAG "$tmp/planted.1.rst"
finish
