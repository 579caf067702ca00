#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The folders of lib/ include only what stands to the left of them, and lib/shm
# makes no system call.  Each check is shown a violation too, which it must see.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

layers() {
	awk -f .ci/layers.awk "$@"
}

# What shared memory's data structures may take from the C library.
pure='calloc free malloc memcmp memcpy memmove memset realloc
      __stack_chk_fail __memcpy_chk __memset_chk _GLOBAL_OFFSET_TABLE_'

# calls_nothing OBJECT...: all that is undefined is defined in lib/base or lib/shm
# or is one of the above.
calls_nothing() {
	nm --defined-only -g -P "$O"/lib/base/*.o "$@" >"$tmp/defined"
	nm --undefined-only -P "$@" | awk -v pure="$pure" -v file="$tmp/defined" '
		BEGIN {
			n = split(pure, names)
			while (n)
				known[names[n--]] = 1
			while ((getline line <file) > 0) {
				split(line, word, " ")
				known[word[1]] = 1
			}
		}
		NF > 1 && !($1 in known) { print "lib/shm calls " $1; bad = 1 }
		END { exit bad }'
}

# plant FILE INCLUDE: a source that includes what it must not
plant() {
	mkdir -p "$tmp/${1%/*}"
	echo "#include $2" >"$tmp/$1"
	(cd "$tmp" && awk -f "$OLDPWD/.ci/layers.awk" "$1")
}

check "includes point to the left" \
	layers lib/*/*.[ch] uapi/sluice/*.h tools/*.[ch] tools/*/*.[ch] bpf/*.[ch] \
	Documentation/examples/*.[ch]
refuse "base including shm is seen" plant lib/base/planted.c '"shm/ring.h"'
refuse "link including api is seen" plant lib/link/planted.h '"api/node.h"'
refuse "link including sluice.h is seen" plant lib/link/planted.c '<sluice.h>'
refuse "a way round is seen" plant lib/shm/planted.c '"../os/memfd.h"'
refuse "uapi including base is seen" plant uapi/sluice/planted.h '"base/limits.h"'
refuse "a tool including shm is seen" plant tools/planted.c '"shm/ring.h"'
refuse "a tool including api is seen" plant tools/planted.c '"api/node.h"'
refuse "a tool including a probe is seen" plant tools/trace/planted.c '"trace/probes.h"'
refuse "bpf including a tool is seen" plant bpf/planted.bpf.c '"tools/trace/trace.h"'
refuse "lib including bpf is seen" plant lib/link/planted.c '"bpf/records.h"'

check "lib/shm makes no system call" calls_nothing "$O"/lib/shm/*.o
echo 'void planted(void); int close(int); void planted(void) { close(0); }' |
	$CC -x c -c -o "$tmp/planted.o" -
refuse "a system call in lib/shm is seen" \
	calls_nothing "$O"/lib/shm/*.o "$tmp/planted.o"

finish
