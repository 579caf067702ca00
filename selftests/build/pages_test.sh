#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Each block of code in the tutorial, the how-to pages and README.md is compiled or run, against
# what `make install DESTDIR=` has installed, in a directory and a root of its own:
#
#	c		with a caption: a file of that name, which is compiled; without one: a part
#			of a function or of a file
#	console		a transcript: its commands are run, and print what is shown
#	sh		commands that must succeed
#	ini, text	with a caption: a file
#
# and these classes say otherwise:
#
#	figures		numbers, units and blanks of the output are not compared
#	example		the commands succeed, and print something that is not compared
#	traced		is skipped where nothing can be traced
#	not-run		is in the list below, with the reason
#
# README.md has no classes: figures are never compared there, and the first line of a block that is not
# run is in the list.
#
# The blocks of a page are taken in order, so a page can be followed from its top.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
alone	# sluice trace watches

reasons='
tutorial.rst: install the packages and the library: the system is not ours to change
tutorial.rst: start the unit: there is no systemd that runs, and the system is not ours to change
howto/strategy.rst: ask for growths: it waits for a minute; trace_test.sh runs the same
howto/containers.rst: start the containers: there is no engine of containers
README.md: make demo     # two processes exchange slices that grow, then a real file: .ci/run does both
README.md: $ sluice bench --plot bench.svg: make bench-readme makes it, on a machine that does nothing else
README.md: make: the system is not ours to change; install_test.sh installs
'

here=$PWD
O=$(realpath "$O")
root=$tmp/installed
said=$tmp/said
mkdir -m 700 "$tmp/root"

# shellcheck disable=SC2034 # for the programs that are run
use_what_is_installed() {
	prefix=$(sed -n 's/^prefix=//p' "$O/lib/sluice.pc")
	export PATH="$root$prefix/bin:$O/examples:$PATH"
	export LD_LIBRARY_PATH="$root$prefix/lib"
	export PKG_CONFIG_PATH="$root$prefix/lib/pkgconfig"
	export PKG_CONFIG_SYSROOT_DIR="$root"
	export SLUICE_ROOT="$tmp/root"
	unset SLUICE_DOMAIN
}

install_it() {
	(
		unset MAKEFLAGS MFLAGS MAKELEVEL
		make -s install O="$O" DESTDIR="$root"
	)
}

# blocks PAGE: takes it apart, into $tmp/blocks and $tmp/list
blocks() {
	rm -rf "$tmp/blocks" && mkdir "$tmp/blocks" || return
	awk -v into="$tmp/blocks" -f "$here/selftests/build/blocks.awk" "$1" >"$tmp/list"
}

# compiles FILE: warnings are errors, but for what a part of a program does not use
compiles() {
	# shellcheck disable=SC2046 # flags, one a word
	$CC -std=gnu11 -Wall -Wextra -Wno-unused -Werror -fsyntax-only $(pkg-config --cflags sluice) \
		-I"$here/Documentation/examples" \
		-x c "$1"
}

# part FILE: compiles as a part of a function that has one variable of each kind, or of a file
part() {
	{
		cat <<'END'
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sluice.h>
#include <sluice_containers.h>
struct add_request { uint64_t a, b; };
struct add_response { uint64_t sum; };
extern const struct sluice_contract contract, adder;
END
		cp "$tmp/output" "$tmp/kept"
		[ -z "$2" ] || cat <<'END'
int part(struct sluice_node *node, struct sluice_service *service, struct sluice_client *client,
	 struct sluice_server *server, struct sluice_request *request, size_t length, int64_t timeout,
	 struct sluice_pending_response *pending, struct sluice_response *response,
	 struct sluice_active_request *active, struct sluice_reply *reply);
int part(struct sluice_node *node, struct sluice_service *service, struct sluice_client *client,
	 struct sluice_server *server, struct sluice_request *request, size_t length, int64_t timeout,
	 struct sluice_pending_response *pending, struct sluice_response *response,
	 struct sluice_active_request *active, struct sluice_reply *reply)
{
END
		cat "$1"
		[ -z "$2" ] || printf 'return 0;\n}\n'
	} >"$tmp/part.c"
	compiles "$tmp/part.c"
}

# fragment FILE: a part; or a whole file, of the examples
fragment() {
	grep -q '^#include' "$1" && { compiles "$1"; return; }
	part "$1" function >"$tmp/as-function" 2>&1 && return
	part "$1" && return
	cat "$tmp/as-function"
	return 1
}

# transcript FILE OPTION...: runs it in this shell, so that what it sets and starts stays
transcript() {
	rm -f "$said".*
	awk -v script=1 -f "$here/selftests/build/transcript.awk" "$1" >"$tmp/script"
	# shellcheck disable=SC1091
	. "$tmp/script"
	awk -v said="$said" $2 -f "$here/selftests/build/transcript.awk" "$1"
}

# example FILE: each command succeeds, and they print something
example() {
	sed -n 's/^\$ \(.*\)/{ \1\n} <\/dev\/null || return/p' "$1" >"$tmp/script"
	# shellcheck disable=SC1091
	. "$tmp/script" && [ -s "$tmp/output" ]
}

# shell FILE: each command succeeds
shell() {
	{ cat "$1"; echo; } | sed '/^#/d; /[^\\]$/s/$/ || return/' >"$tmp/script"
	# shellcheck disable=SC1091
	. "$tmp/script"
}

unit() {
	cp "$1" "$2"
	if command -v systemd-analyze >/dev/null; then
		# The program is not where the unit will have it.
		sed "s|^ExecStart=.*|ExecStart=/bin/true|; /^User=/d" "$1" >"$tmp/$2" &&
			systemd-analyze verify --man=no "$tmp/$2" 2>&1
	fi
}

# not_run WHAT: and it is in the list
not_run() {
	echo "$reasons" | grep -qF "$1: "
}

# block PAGE NUMBER LINE LANGUAGE CLASS CAPTION
block() {
	file=$tmp/blocks/$2
	name="$1, line $3"
	figures=
	case $1 in
	*.md)	figures="-v figures=1"
		! not_run "$1: $(head -n 1 "$file")" || set -- "$1" "$2" "$3" "$4" not-run "$(head -n 1 "$file")" ;;
	esac
	case " $5 " in
	*" not-run "*)
		not_run "$1: $6"
		result $? "$name: $6: is not run, for a reason"
		return ;;
	*" traced "*)
		[ -z "$untraced" ] || { skip "$name" "$untraced"; return; } ;;
	esac
	case " $5 " in *" figures "*) figures="-v figures=1" ;; esac
	case $4 in
	c)	if [ "$6" = - ]; then
			check "$name: compiles" fragment "$file"
		else
			cp "$file" "$6"
			check "$name: $6 compiles" compiles "$6"
		fi ;;
	console)
		case " $5 " in
		*" example "*) check "$name: runs" example "$file" ;;
		*) check "$name: prints what is shown" transcript "$file" "$figures" ;;
		esac ;;
	sh)	check "$name: runs" shell "$file" ;;
	ini)	check "$name: $6" unit "$file" "$6" ;;
	text)	case $6 in -|/*) ;; *) cp "$file" "$6" ;; esac ;;
	*)	result 1 "$name: a block in $4 cannot be tested" ;;
	esac
}

# follow PAGE [NAME]: all its blocks, one after the other
follow() {
	page=${2:-${1#Documentation/}}
	blocks "$1"
	mkdir -p "$tmp/read/$page" && cd "$tmp/read/$page" || exit 1
	while IFS='	' read -r number line language class caption <&7; do
		block "$page" "$number" "$line" "$language" "$class" "$caption"
	done 7<"$tmp/list"
	jobs -p >"$tmp/jobs"
	while read -r job; do
		kill "$job" 2>/dev/null && wait "$job" 2>/dev/null
	done <"$tmp/jobs"
	cd "$here" || exit 1
}

use_what_is_installed
check "make install DESTDIR=" install_it
[ $failures -eq 0 ] || finish

untraced=
timeout 60 sluice trace --totals -d 0.01 >"$tmp/output" 2>&1 ||
	untraced=$(sed 's/^sluice trace: //;q' "$tmp/output")

# planted BLOCK: a page with this block passes
planted() {
	printf '%b' "A page\n======\n\n$1\n" >"$tmp/planted.rst"
	(
		failures=0
		follow "$tmp/planted.rst" planted.rst >"$tmp/planted" 2>&1
		cat "$tmp/planted"
		exit $((failures > 0))
	)
}

refuse "C that does not compile is seen" planted '.. code-block:: c\n\n   request = 1 +;'
refuse "a file that does not compile is seen" \
	planted '.. code-block:: c\n   :caption: a.c\n\n   int a(void) { return b; }'
refuse "another output is seen" planted '.. code-block:: console\n\n   $ echo one; echo two\n   one'
refuse "a command that fails is seen" planted '.. code-block:: sh\n\n   false\n   true'
refuse "an example that fails is seen" \
	planted '.. code-block:: console\n   :class: example\n\n   $ echo one; false'
refuse "a block without a language is seen" planted 'So::\n\n   true'
refuse "a block that is not run, without a reason, is seen" \
	planted '.. code-block:: sh\n   :class: not-run\n   :caption: none\n\n   true'
check "other figures, and lines that are not shown, pass" planted \
	'.. code-block:: console\n   :class: figures\n\n   $ echo took 3.5 us; echo; echo last\n   took 12 ns\n   ...\n   last'

mkdir -p "$tmp/read/README.md" && ln -s "$O" "$tmp/read/README.md/build"
for source in README.md Documentation/tutorial.rst Documentation/howto/*.rst; do
	follow "$source"
done
finish
