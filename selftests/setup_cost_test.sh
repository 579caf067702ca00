#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints what it costs to make a node, a service, a server and a client, and to
# send the first MiB.  The figures go to stderr, where prove lets them through;
# what is tested is only that there are some.

# shellcheck source=selftests/tap.sh
. "${0%/*}/tap.sh"

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

"$O/selftests/setup_cost_test" >"$tmp/output" 2>&1
result $? "setting up can be measured"
sed 's/^/# /' "$tmp/output" >&2
finish
