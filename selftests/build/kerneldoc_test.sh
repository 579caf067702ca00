#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every public function is documented for kernel-doc: each parameter, and the Return if it
# returns anything.  A function that is given no object and no message has a Context too; the
# others belong to the node's thread, as sluice.h says at its top.  The man pages are well-formed.

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

# once: the page of each function that belongs to the node's thread names the errors that
# every call has in one line, and sluice(7) says what they are
once() {
	bad=0
	for function in $(sed -n 's/^\t\(sluice_[a-z0-9_]*\);$/\1/p' lib/sluice.map)
	do
		page=$tmp/man3/$function.3
		grep -qx "The node's thread\." "$page" || continue
		grep -q "^\.BI* \"void $function" "$page" && continue
		grep -q 'errors that every call has' "$page" &&
			[ "$(grep -c ECHILD "$page")" = 1 ] && continue
		echo "$function: not, or not only, the errors that every call has"
		bad=1
	done
	for errno in EINVAL EBUSY ECHILD; do
		grep -q "^\*\*$errno\*\*" Documentation/man/sluice.7.rst && continue
		echo "sluice(7) does not say what $errno means"
		bad=1
	done
	return $bad
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

check "the errors that every call has are said once" once
sed 's/^ \* Return: The number of servers connected,/& or -ECHILD,/' $header >"$tmp/planted.h"
check "a header that repeats one makes its pages" pages "$tmp/planted.h"
refuse "an error that is repeated is seen" once
sed 's/^ \* Return: 0\.$/ *\n * Context: Any thread.\n&/' $header >"$tmp/planted.h"
check "a header with other contexts makes its pages" pages "$tmp/planted.h"
refuse "a thread of a page that is not the node's has no such line" \
	grep -q 'errors that every call has' "$tmp/man3/sluice_request_release.3"
check "the man pages are there again" pages $header

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
