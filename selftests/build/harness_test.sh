#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Each test of the program harness_test must fail, and so must the program.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

"$O/selftests/build/harness_test" >"$tmp/tap" 2>&1
status=$?

fails() {
	cat "$tmp/tap"
	grep -q "^not ok [0-9]* [a-z]*\.$1\$" "$tmp/tap"
}

# -l prints a table, headed by two lines and ruled, with the tests at its right.
tests=$("$O/selftests/build/harness_test" -l 2>&1 | sed '1,2d; /^-/d; s/.* //')
for test in $tests; do
	check "$test fails" fails "$test"
done
check "none was forgotten" grep -qx "1..$checks" "$tmp/tap"
check "the program fails" test $status -eq 1

finish
