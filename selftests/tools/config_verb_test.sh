#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice config: values and where they come from, what keys are for, whether a file is
# right; the sample that is installed has every key, and says what the library says.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

export tmp
sample=Documentation/sluice.conf
umask 022

# ---- nothing is configured

looks config
[ $? -eq 0 ] && [ ! -s "$tmp/told" ] && grep -q '^KEY  *VALUE  *SOURCE$' "$tmp/said" &&
	grep -q '^service.max_clients  *256  *built in$' "$tmp/said" &&
	[ "$(grep -vc 'built in$' "$tmp/said")" -eq 2 ]
result $? "all is built in, but for the root directory"
says "which the environment names" "^node.root  *$SLUICE_ROOT  *\\\$SLUICE_ROOT\$"
looks config --json
holds "likewise as JSON" '.[0].keys | length > 40 and
	all(keys == ["default", "meaning", "name", "range", "source", "value"]) and
	(map(select(.source != "built in").name) == ["node.root"])'
help_fits config
terminal "values" config

# ---- something is

cat >"$tmp/some.conf" <<'END'
[node]
domain = robot
[service]
max_clients = 7
[service.limits]
max_servers = 3
END
SLUICE_CONFIG=$tmp/some.conf looks config --json
holds "values of a file, and its lines" '.[0].keys | map(select(.source != "built in") |
	[.name, .value, .source]) == [
		["node.root", $ENV.SLUICE_ROOT, "$SLUICE_ROOT"],
		["node.domain", "robot", $ENV.tmp + "/some.conf:2"],
		["service.max_clients", "7", $ENV.tmp + "/some.conf:4"],
		["service.max_servers", "3", $ENV.tmp + "/some.conf:6"],
		["service.limits.max_servers", "3", $ENV.tmp + "/some.conf:6"]]'
SLUICE_CONFIG=$tmp/some.conf looks ls --json
holds "other verbs go by it" '.[0].domain == "robot"'
SLUICE_CONFIG=$tmp/some.conf SLUICE_DOMAIN=other looks ls --json
holds "and by the environment first" '.[0].domain == "other"'
SLUICE_CONFIG=$tmp/none.conf looks config
fails "a file that is not there" 1 "there is no configuration $tmp/none.conf"
SLUICE_WAIT=never looks config
fails "a variable that cannot be" 1 'SLUICE_WAIT is "never"'

# ---- what keys are for

looks config --explain max_clients
[ $? -eq 0 ] && [ "$(grep -c '^[a-z]' "$tmp/said")" -eq 2 ] &&
	grep -q '^service.limits.max_clients$' "$tmp/said" &&
	grep -q '^  default: 256$' "$tmp/said" && grep -q '^  can be:  1 to 4096$' "$tmp/said"
result $? "a key, wherever it is"
looks config --explain client.strategy
says "a key of one section" '^  can be:  power_of_two or best_fit or static$'
looks config --explain
[ $? -eq 0 ] && [ "$(grep -c '^[a-z]' "$tmp/said")" -eq "$("$sluice" config --json | jq '.keys | length')" ]
result $? "all keys"
wrong config --explain max_clents
wrong config max_clients
wrong config --check
wrong config --check "$tmp/some.conf" --explain max_clients

# ---- is a file right

looks config --check "$tmp/some.conf"
[ $? -eq 0 ] && [ ! -s "$tmp/said" ] && [ ! -s "$tmp/told" ]
result $? "a file that is right"
printf '[service]\nmax_clents = 7\n' >"$tmp/bad.conf"
looks config --check "$tmp/bad.conf"
fails "one that is not" 1 "^sluice config: $tmp/bad.conf:2: there is no key max_clents\$"

# ---- the sample

# all_keys: the sample, as the table of keys has it
all_keys() {
	sed '/^$/,$d' $sample
	"$sluice" config --json | jq -r '.keys | group_by(.name | sub("\\.[^.]*$"; "")) |
		sort_by([(.[0].name | contains(".limits.")),
			 (.[0].name | split(".")[0] | {node: 0, service: 1, client: 2, server: 3}[.])])[] |
		"\n[" + (.[0].name | sub("\\.[^.]*$"; "")) + "]",
		(.[] | "\n# " + .meaning + "\n# " + .range + "\n#" + (.name | sub(".*\\."; "")) +
		 " = " + .default)'
}

all_keys | diff -u $sample - >"$tmp/output"
result $? "the sample says what the library says"
sed 's/^#\([a-z]\)/\1/' $sample >"$tmp/sample.conf"
check "it can be used as it is" "$sluice" config --check $sample
check "and with all of its keys" "$sluice" config --check "$tmp/sample.conf"
"$sluice" config --json | jq -r '.keys[] | select(.name | contains(".limits.") | not) |
	.name | sub(".*\\."; "")' | sort >"$tmp/wanted"
awk -f Documentation/man/keys.awk $sample >"$tmp/keys"
sed -n 's/^\([a-z_]*\)$/\1/p' "$tmp/keys" | grep . | sort | diff -u "$tmp/wanted" - >"$tmp/output" &&
	[ "$(grep -c '^	Can be .*; default \*.*\*\.$' "$tmp/keys")" -eq "$(wc -l <"$tmp/wanted")" ] &&
	grep -qx @KEYS@ Documentation/man/sluice.conf.5.rst
result $? "sluice.conf(5) has all keys"
unset SLUICE_ROOT
SLUICE_CONFIG=$tmp/sample.conf looks config --json
holds "which then are the defaults" '.[0].keys |
	all(.source | startswith($ENV.tmp)) and all(.name == "node.root" or .value == .default)'

finish
