#!/bin/sh
# SPDX-License-Identifier: MIT
#
# readme.sh SLUICE [OPTION...] - measures, and shows it in README.md: the table in place of the
# one behind "$ sluice bench --plot bench.svg", and the picture as Documentation/bench.svg.

cd "$(dirname "$0")/../.." || exit 1
command="    \$ sluice bench --plot bench.svg"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

sluice=$1
shift
"$sluice" bench "$@" --plot "$tmp/bench.svg" >"$tmp/table" || exit 1

# The release of the kernel without what its builder has added.
sed -i 's/Linux \([0-9.]*\)[^;]*;/Linux \1;/; s/^./    &/' "$tmp/table"
awk -v command="$command" -v table="$tmp/table" '
	replacing && /^[^ ]/	{ replacing = 0; print "" }
	!replacing		{ print }
	$0 == command		{ while ((getline line <table) > 0) print line
				  replacing = found = 1 }
	END			{ exit !found }' README.md >"$tmp/README.md" || exit 1
cat "$tmp/README.md" >README.md
sed '1a <!-- SPDX-License-Identifier: MIT -->
s/[ 	]*$//' "$tmp/bench.svg" >Documentation/bench.svg
