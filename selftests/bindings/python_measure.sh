#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Round trips in Python, beside pyzmq if it is installed (round_trip.py).

cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
[ -e "$O/python/interpreter" ] || { echo "the package for Python is not built"; exit 0; }

SLUICE_ROOT=$(mktemp -d) || exit 1
trap 'rm -rf "$SLUICE_ROOT"' EXIT
PYTHONPATH=$(realpath "$O/python") LD_LIBRARY_PATH=$(realpath "$O/lib")
export SLUICE_ROOT PYTHONPATH LD_LIBRARY_PATH
SLUICE_CONFIG=/dev/null PYTHONDONTWRITEBYTECODE=1 \
	"$(cat "$O/python/interpreter")" selftests/bindings/round_trip.py
