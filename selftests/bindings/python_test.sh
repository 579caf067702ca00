#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The package for Python: nouns, payloads, views and how long they live, failures, asyncio, in
# both ways of waiting.  What is installed is complete, and the round trip that is measured is made.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
[ -e "$O/python/interpreter" ] || skip_all "the package for Python is not built"

python=$(cat "$O/python/interpreter")
PYTHONPATH=$(realpath "$O/python")
LD_LIBRARY_PATH=$(realpath "$O/lib")
PYTHONDONTWRITEBYTECODE=1
SLUICE_ROOT=$tmp/root
export PYTHONPATH LD_LIBRARY_PATH PYTHONDONTWRITEBYTECODE SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

cases() {
	SLUICE_WAIT=$1 timeout 300 "$python" -W error selftests/bindings/python_cases.py
}

# wrong_is_seen: a case that fails ends the program with 1
wrong_is_seen() {
	sed 's/values, \[42\]/values, [43]/' selftests/bindings/python_cases.py >"$tmp/wrong.py"
	timeout 300 "$python" "$tmp/wrong.py" Nouns.test_exchange
}

# installed: the installed package is found, and has all that was built
installed() {
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -s install-python O="$O" DESTDIR="$tmp/staged" PYTHONDIR=/py || return
	PYTHONPATH=$tmp/staged/py "$python" -c '
import os, sluice
assert sluice.__file__.startswith(os.environ["PYTHONPATH"]), sluice.__file__
print(sluice.version())' && [ -e "$tmp/staged/py/sluice/py.typed" ]
}

# shown: the blocks of code of python.rst are Python, and the first two are a client and a server
# that talk to each other
shown() {
	"$python" -c '
import ast, re, sys, textwrap
blocks = re.findall(r"::\n\n((?:\t.*\n|\n)+)", open("Documentation/python.rst").read())
blocks = [textwrap.dedent(b) for b in blocks if "round trip in Python" not in b]
for block in blocks:
    ast.parse(block)
assert len(blocks) >= 7, len(blocks)
head = blocks[0][:blocks[0].index("with ")]
open(sys.argv[1] + "/shown-client.py", "w").write(blocks[0])
open(sys.argv[1] + "/shown-server.py", "w").write(head + blocks[1])
' "$tmp" || return
	"$python" "$tmp/shown-server.py" &
	server=$!
	timeout 60 "$python" "$tmp/shown-client.py" >"$tmp/said"
	kill $server
	wait $server
	cat "$tmp/said"
	[ "$(cat "$tmp/said")" = 42 ]
}

for way in uring socket; do
	check "the cases, $way" cases $way
done
refuse "a case that fails is seen" wrong_is_seen
check "make install-python" installed
check "the manual shows programs that run" shown
check "a round trip that is measured" timeout 300 "$python" selftests/bindings/round_trip.py 1 1

finish
