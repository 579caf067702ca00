#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# make htmldocs makes all pages without a warning.  Each public function has an entry, and no link
# leads nowhere.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh

: "${SPHINXBUILD:=sphinx-build}"
command -v "$SPHINXBUILD" >/dev/null || skip_all "no Sphinx: apt-get install python3-sphinx"
ls /usr/lib/linux-kbuild-*/scripts/kernel-doc >/dev/null 2>&1 ||
	skip_all "no kernel-doc: apt-get install linux-kbuild-6.1"
html=$tmp/build/html

build() {
	(
		unset MAKEFLAGS MFLAGS MAKELEVEL
		make -s run-htmldocs O="$tmp/build" CC="$CC"
	)
}

# small PAGE: the same settings, and one page
small() {
	rm -rf "$tmp/small" && mkdir "$tmp/small" && cp Documentation/conf.py "$tmp/small" &&
		printf '%b' "$1" >"$tmp/small/index.rst" &&
		"$SPHINXBUILD" -q -W --keep-going -b html "$tmp/small" "$tmp/small/html"
}

# entries: of all that lib/sluice.map exports
entries() {
	missing=0
	for function in $(sed -n 's/^\t\(sluice_[a-z0-9_]*\);$/\1/p' lib/sluice.map); do
		grep -q "id=\"c.$function\"" "$html"/reference/*.html && continue
		echo "$function has no entry"
		missing=1
	done
	return $missing
}

# links: each leads to a file, and to a place that is there
links() {
	find "$html" -name '*.html' | while read -r page; do
		tr '<' '\n' <"$page" | sed -n 's/^a .*href="\([^":]*\)".*/\1/p' | sort -u |
			sed "s|^#|${page##*/}#|; s|^|${page%/*}/|"
	done | sort -u >"$tmp/links"
	[ -s "$tmp/links" ] || return
	broken=0
	while read -r link; do
		file=${link%%#*}
		[ -e "$file" ] && { [ "$link" = "$file" ] || [ "${link#*#}" = "" ] ||
			grep -q "id=\"${link#*#}\"" "$file"; } && continue
		echo "${link#"$html"/} leads nowhere"
		broken=1
	done <"$tmp/links"
	return $broken
}

check "make htmldocs, without a warning" build
[ $failures -eq 0 ] || finish
check "each public function has an entry" entries
check "each link leads somewhere" links

sed -i 's/id="c.sluice_version"/id="c.other"/' "$html/reference/sluice.html"
refuse "a function without an entry is seen" entries
refuse "a link that leads nowhere is seen" links
check "a page without a fault is built" small 'Page\n====\n\nSee index.rst.\n'
refuse "a warning is seen" small 'Page\n====\n\nA *word.\n'
finish
