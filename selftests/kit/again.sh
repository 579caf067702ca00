#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installed as socket/NAME, mixed/NAME and pages/NAME, where NAME may be in a folder of its
# own: runs the NAME above that, once more, with nodes that wait with sockets; all of them, or
# every second end's (end.h); or with pages of 64 KiB (pages.c).  Installed as
# switched-off/NAME, absent/NAME, no-futexes/NAME and deaf/NAME, it runs where something is
# refused (refuse.c).
name=${0##*/}
folder=${0%/*}
case $folder in
*/socket | */mixed | */pages | */switched-off | */absent | */no-futexes | */deaf) ;;
*)	name=${folder##*/}/$name
	folder=${folder%/*} ;;
esac
case ${folder##*/} in
socket)	export SLUICE_WAIT=socket ;;
mixed)	export SELFTEST_MIXED=1 ;;
pages)	export SELFTEST_PAGE="${SELFTEST_PAGE:-65536}" LD_PRELOAD="$folder/../kit/pages.so" ;;
switched-off | absent | no-futexes | deaf)
	set -- "${folder##*/}" "$folder/../$name" "$@"
	name=kit/refuse ;;
esac
exec "$folder/../$name" "$@"
