#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tables of Documentation/settings.rst have a row for each field of the options in
# sluice.h, and no other; and settings_test finds that what each row says is so.  Each
# check is shown a page, or a header, that is wrong.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

page=Documentation/settings.rst
header=lib/include/sluice.h

# in_header FILE: "OWNER FIELD" for each field of an options struct
in_header() {
	sed -f Documentation/man/fields.sed "$1" | awk '
		/^struct sluice_(node|service|client|server)_opts \{|^struct sluice_attribute \{/ {
			owner = $2
			sub(/^sluice_/, "", owner)
			sub(/_opts$/, "", owner)
			next
		}
		/^}/ { owner = "" }
		owner != "" {
			field = $NF
			gsub(/[*;]/, "", field)
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

# holds PAGE: so does the library; how nodes wait makes no difference, and is fast so
holds() {
	SLUICE_WAIT=socket SETTINGS=$1 timeout 120 "$O/selftests/build/settings_test"
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
planted() {	# planted NAME PATTERN REPLACEMENT
	plant "$2" "$3" && refuse "$1 is seen" holds "$tmp/planted.rst"
}
planted "a wrong default" '^\(max_nodes  *\)512 ' '\1513 '
planted "a most that is too small" '\(^max_nodes .*\)8192' '\18191'
planted "a most that is too large" '\(^max_nodes .*\)8192' '\18193'
planted "another errno for too much" '\(^max_nodes .*\)EINVAL' '\1EBUSY '
planted "another errno for what is used up" '\(^max_nodes .*\)EUSERS' '\1EBUSY '
planted "a default of memory" '\(^memory_limit .*\)4 GiB' '\15 GiB'
finish
