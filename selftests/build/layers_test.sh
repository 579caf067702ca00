#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The folders of lib/ include only what stands to the left of them, lib/shm makes no
# system call, and design.rst names each file once.  Each check is shown a violation too,
# which it must see.

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
	Documentation/examples/*.[ch] Documentation/examples/*.cc Documentation/examples/*.hpp \
	lib/include/*.h lib/include/*.hpp
refuse "base including shm is seen" plant lib/base/planted.c '"shm/ring.h"'
refuse "channel including exchange is seen" plant lib/channel/planted.h '"exchange/requester.h"'
refuse "exchange including api is seen" plant lib/exchange/planted.h '"api/node.h"'
refuse "exchange including sluice.h is seen" plant lib/exchange/planted.c '<sluice.h>'
refuse "registry including wait is seen" plant lib/registry/planted.c '"wait/wait.h"'
refuse "registry including memory is seen" plant lib/registry/planted.c '"memory/pool.h"'
refuse "a way round is seen" plant lib/shm/planted.c '"../os/memfd.h"'
refuse "uapi including base is seen" plant uapi/sluice/planted.h '"base/limits.h"'
refuse "a tool including shm is seen" plant tools/planted.c '"shm/ring.h"'
refuse "a tool including api is seen" plant tools/planted.c '"api/node.h"'
refuse "a tool including a probe is seen" plant tools/trace/planted.c '"trace/probes.h"'
refuse "a header for C++ including api is seen" plant lib/include/planted.hpp '"api/node.h"'
refuse "a tool including the bridge is seen" plant tools/planted.c '"tools/bridge/link.h"'
refuse "a tool including NATS is seen" plant tools/ls/planted.c '<nats/nats.h>'
refuse "bpf including a tool is seen" plant bpf/planted.bpf.c '"tools/trace/trace.h"'
refuse "lib including bpf is seen" plant lib/channel/planted.c '"bpf/records.h"'

# named_once DESIGN FILE...: its table of files names each file of lib/ once, below the
# name of its folder, and no other.
named_once() {
	design=$1
	shift
	printf '%s\n' "$@" | sed -n 's,/sluice/,/,; s,^lib/\([a-z]*/[a-z_]*\)\.\(c\|h\|hpp\|py\)$,\1,p' | sort -u >"$tmp/there"
	awk '/^file  /         { inside = 1; next }
	     inside && /^[A-Z]/ { exit }
	     inside && /^\*\*/  { gsub(/\*\*(lib\/)?/, ""); folder = $1; next }
	     inside && /^[a-z_]/ {
			sub(/  .*/, "")
			n = split($0, names, ", *")
			for (i = 1; i <= n; i++)
				print folder "/" names[i]
	     }' "$design" | sort >"$tmp/named"
	diff "$tmp/there" "$tmp/named"
}

sources=$(ls lib/*/*.[ch] lib/include/*.hpp lib/python/*.py lib/python/sluice/*.py)
# shellcheck disable=SC2086 # files, one a word
check "design.rst names each file once" named_once Documentation/design.rst $sources
# shellcheck disable=SC2086
refuse "a file that it does not name is seen" \
	named_once Documentation/design.rst $sources lib/base/planted.c
refuse "a file that is not there is seen" \
	named_once Documentation/design.rst lib/[!s]*/*.[ch] lib/include/*.hpp lib/python/*.py

check "lib/shm makes no system call" calls_nothing "$O"/lib/shm/*.o
echo 'void planted(void); int close(int); void planted(void) { close(0); }' |
	$CC -x c -c -o "$tmp/planted.o" -
refuse "a system call in lib/shm is seen" \
	calls_nothing "$O"/lib/shm/*.o "$tmp/planted.o"

finish
