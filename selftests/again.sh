#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installed as socket/NAME and mixed/NAME: runs the NAME one folder up, once more,
# with nodes that wait with sockets; all of them, or every second end's (end.h).
folder=${0%/*}
case ${folder##*/} in
socket)	export SLUICE_WAIT=socket ;;
mixed)	export SELFTEST_MIXED=1 ;;
esac
exec "$folder/../${0##*/}" "$@"
