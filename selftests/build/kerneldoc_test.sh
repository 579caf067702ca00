#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every public function is documented for kernel-doc: each parameter, the Context,
# and the Return if it returns anything.  The man pages are well-formed.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

header=lib/include/sluice.h
containers=lib/include/sluice_containers.h
beside=$(ls lib/include/sluice_*.h)
: "${KERNEL_DOC:=$(ls /usr/lib/linux-kbuild-*/scripts/kernel-doc 2>/dev/null |
	tail -n 1)}"
[ -n "$KERNEL_DOC" ] || skip_all "no kernel-doc: apt-get install linux-kbuild-6.1"

# With -v it asks for Return too, but also says what it reads.
documented() {
	awk -f Documentation/man/fields.awk "$1" >"$tmp/${1##*/}.read"
	"$KERNEL_DOC" -v -none -Werror "$tmp/${1##*/}.read" 2>"$tmp/said"
	status=$?
	grep -v ': info: ' "$tmp/said"
	return $status
}

# pages HEADER: makes its man pages and those of the headers beside sluice.h, and each
# public function has one that tells of its context
pages() {
	rm -rf "$tmp/man3" && mkdir "$tmp/man3" || return
	for source in "$1" $beside; do
		awk -f Documentation/man/fields.awk "$source" >"$tmp/read.h"
		"$KERNEL_DOC" -man "$tmp/read.h" 2>/dev/null |
			awk -v directory="$tmp/man3" -v date=2000-01-01 -v version=0 \
				-v header="${source##*/}" -f Documentation/man/man3.awk
	done
	missing=0
	for function in $(sed -n 's/^\t\(sluice_[a-z0-9_]*\);$/\1/p' lib/sluice.map)
	do
		grep -qx '\.SH CONTEXT' "$tmp/man3/$function.3" && continue
		echo "$function: no man page, or no Context in it"
		missing=1
	done
	return $missing
}

# findable: apropos finds each page, since its NAME line begins with its name alone
findable() {
	awk 'FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/\.3$/, "", name) }
		previous ~ /^\.SH NAME/ && $1 != name { print FILENAME ": " $0; bad = 1 }
		{ previous = $0 }
		END { exit bad }' "$tmp"/man3/*.3
}

# container_pages: each public macro of sluice_containers.h has one, with its header
container_pages() {
	missing=0
	for macro in $(sed -n 's/^#define \([A-Za-z_]*[A-Za-z]\)(.*/\1/p' $containers); do
		grep -qxF '.B #include <sluice_containers.h>' "$tmp/man3/$macro.3" && continue
		echo "$macro: no man page, or another header in it"
		missing=1
	done
	return $missing
}

check "sluice.h is documented" documented $header
sed '/^ \* @contract: /d' $header >"$tmp/planted.h"
refuse "a parameter that is not documented is seen" documented "$tmp/planted.h"
sed 's/^ \* Return: A string such as/ * A string such as/' $header >"$tmp/planted.h"
refuse "a missing Return is seen" documented "$tmp/planted.h"

sed 's/^ \* Context: Any thread\.$/ */' $header >"$tmp/planted.h"
refuse "a missing Context is seen" pages "$tmp/planted.h"
check "each public function has a man page" pages $header

for source in $beside; do
	check "${source##*/} is documented" documented "$source"
done
check "each macro of it has a man page" container_pages
rm "$tmp/man3/sluice_string_set.3"
refuse "a macro without one is seen" container_pages
check "the man pages are there again" pages $header
check "apropos finds each by its name" findable

if command -v mandoc >/dev/null; then
	check "the man pages of section 3 are well-formed" \
		mandoc -Tlint -W warning "$tmp"/man3/*.3
	for source in Documentation/man/*.rst; do
		page=${source##*/}
		page=${page%.rst}
		built=$O/man/man${page##*.}/$page
		if [ -e "$built" ]; then
			check "$page is well-formed" mandoc -Tlint -W error "$built"
		else
			skip "$page is well-formed" "not built: no rst2man"
		fi
	done
else
	skip "the man pages are well-formed" "no mandoc"
fi

finish
