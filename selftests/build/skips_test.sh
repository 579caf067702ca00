#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A check that is skipped is seen, and fails the run unless it is allowed.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
[ -e Makefile ] || skip_all "there is no source here"

cat >"$tmp/skipping" <<'END'
#!/bin/sh
echo "TAP version 13"
echo "ok 1 works"
echo "ok 2 a.needs_much # SKIP there is little"
echo "1..2"
END
cat >"$tmp/all" <<'END'
#!/bin/sh
echo "1..0 # SKIP there is nothing"
END
printf '#!/bin/sh\nexit 3\n' >"$tmp/failing"
chmod +x "$tmp/skipping" "$tmp/all" "$tmp/failing"

SKIPPED=$tmp/skipped
export SKIPPED
run() {
	: >"$SKIPPED"
	for program; do
		selftests/kit/one.sh "$tmp/$program" || return
	done
}
matches() {
	echo "$1" | diff - "$SKIPPED"
}

check "a test that skips" run skipping all
check "is written down" matches "$tmp/skipping: a.needs_much # SKIP there is little
$tmp/all: # SKIP there is nothing"
check "without a list everything may be skipped" selftests/kit/skips.sh "$SKIPPED"

printf '# why\n.*: a\\.needs_much # SKIP there is little\n' >"$tmp/some"
printf '# why\n.*: # SKIP there is nothing\n' >"$tmp/others"
printf '# nothing\n' >"$tmp/none"
check "what is allowed by two lists" selftests/kit/skips.sh "$SKIPPED" "$tmp/some" "$tmp/others"
refuse "what only one of them allows in part" selftests/kit/skips.sh "$SKIPPED" "$tmp/some"
grep -q 'SKIP there is nothing' "$tmp/output"
result $? "is named"
refuse "a list without a line allows nothing" selftests/kit/skips.sh "$SKIPPED" "$tmp/none"
refuse "a test that fails" run failing
finish
