#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installed as socket/NAME: runs the NAME one folder up, its nodes waiting with
# sockets.
SLUICE_WAIT=socket exec "${0%/*}/../${0##*/}" "$@"
