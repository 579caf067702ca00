#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a reader meets who follows one round trip through the source: how many functions
# are entered, in how many files, and how often the next one is in another file.  The
# library is built without optimization for it, so that each function is there.
#
# path_measure.sh [FILE]: writes the entries to FILE too, one a line.

cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
CC=${CC:-cc}

cat >"$tmp/entries.c" <<'END'
#include <stdio.h>

static void *entered[1 << 16];
static unsigned int count;

#define HOOK	__attribute__((no_instrument_function))

HOOK void __cyg_profile_func_enter(void *function, void *caller)
{
	(void)caller;
	if (count < sizeof(entered) / sizeof(*entered))
		entered[count++] = function;
}

HOOK void __cyg_profile_func_exit(void *function, void *caller)
{
	(void)function;
	(void)caller;
}

HOOK static __attribute__((destructor)) void tell(void)
{
	for (unsigned int i = 0; i < count; i++)
		printf("%p\n", entered[i]);
}
END

# shellcheck disable=SC2046 # words
$CC -std=c11 -O0 -g -D_GNU_SOURCE -no-pie -Wno-pedantic -finstrument-functions \
	-Iuapi -Ilib/include -Ilib $(pkg-config --cflags liburing) -o "$tmp/round_trips" \
	selftests/tools/probes_test.c "$tmp/entries.c" lib/*/*.c \
	$(pkg-config --libs liburing) || exit 1

mkdir -m 700 "$tmp/root"
SLUICE_ROOT=$tmp/root "$tmp/round_trips" 20 >"$tmp/addresses" || exit 1

# The last of the twenty, from the loan of the request to the end of the program's loop.
addr2line -f -e "$tmp/round_trips" <"$tmp/addresses" | paste - - |
	sed 's/:[0-9]* *(.*$//; s/:[0-9?]*$//; s,\t.*/\(lib\|selftests\)/,\t\1/,' |
	awk '$1 == "round_trip" { n = 0; inside = 1; next }
	     /_auto_/ { inside = 0 }
	     inside { entry[++n] = $0 }
	     END { for (i = 1; i <= n; i++) print entry[i] }' >"$tmp/entries"

awk '	{ if (NR > 1 && $2 != before) changes++; before = $2; files[$2] }
	END {
		for (file in files)
			different++
		printf "a round trip enters %d functions in %d files, with %d changes of file\n",
		       NR, different, changes
	}' "$tmp/entries"
[ $# -eq 0 ] || cp "$tmp/entries" "$1"
