#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice metrics: parsers that are not ours accept both formats, the values are those of
# sluice stat, names that others chose are escaped, and --listen serves it as HTTP.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

python=/usr/bin/python3		# the one that has Debian's modules

parses() {	# parses NAME: both parsers take the whole domain
	if $python -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then
		looks metrics
		check "$1: OpenMetrics" $python - "$tmp/said" <<-'END'
			import sys
			from prometheus_client.openmetrics import parser

			with open(sys.argv[1]) as text:
			    list(parser.text_fd_to_metric_families(text))
		END
	else
		skip "$1: OpenMetrics" "there is no python3-prometheus-client"
	fi
	if command -v promtool >/dev/null; then
		looks metrics --format prometheus
		check "$1: Prometheus" promtool check metrics <"$tmp/said"
	else
		skip "$1: Prometheus" "there is no promtool"
	fi
}

# sample NAME LABELS: the value in $tmp/said of a sample that has these labels
sample() {
	sed -n "s/^$1{.*$2.*} //p" "$tmp/said"
}

# ---- nothing

parses "an empty domain"
looks metrics
check "ends with EOF" test "$(tail -n 1 "$tmp/said")" = "# EOF"
says "of no service" '^sluice_registry_unreadable_entries{domain="default"} 0$'

# ---- values

serve adder
for _ in 1 2 3; do
	$patience "$O/examples/adder-client" >"$tmp/output" 2>&1
	result $? "a client of the adder"
done
parses "a server"
"$sluice" stat --json >"$tmp/stat"
looks metrics

same() {	# same SAMPLE COUNTER: metrics and stat say the same
	value=$(sample "$1" 'service="example\/adder",role="server",port="server.0"')
	echo "$1 $value" >"$tmp/output"
	[ -n "$value" ] && jq -e ".counters.$2 == $value" "$tmp/stat" >>"$tmp/output"
	result $? "$1 is $2 of sluice stat"
}
same sluice_sent_messages_total sent
same sluice_sent_bytes_total sent_bytes
same sluice_received_messages_total received
same sluice_received_bytes_total received_bytes
same sluice_open_requests depth
same sluice_most_open_requests depth_most
same sluice_memory_bytes segment_bytes
same sluice_receives_after_sleep_total woken
same sluice_protocol_violations_total violations
check "three requests" test "$(sample sluice_received_messages_total server)" = 3
check "of 16 bytes" test "$(sample sluice_received_bytes_total server)" = 48
check "it lives" test "$(sample sluice_port_alive server)" = 1
check "one server" test "$(sample sluice_service_servers adder)" = 1
check "and its limit" test "$(sample sluice_service_max_servers adder)" -gt 1
says "its process" "^sluice_port_info{.*,pid=\"$server\",comm=\"adder-server\"} 1\$"

awk -v now="$(date +%s)" '{ exit !($1 > now - 100 && $1 <= now + 1) }' <<END
$(sample sluice_last_active_timestamp_seconds server)
END
result $? "active just now"

looks metrics 'other/*'
check "no other service" test -z "$(sample sluice_service_servers .)"
looks metrics 'example/*'
check "those of a pattern" test "$(sample sluice_service_servers adder)" = 1

# ---- names that others chose

domain=$(printf 'a"b\\c\nd\377e')
looks metrics --domain "$domain"
grep -qF 'domain="a\"b\\c\nd'"$(printf '\357\277\275')"'e"' "$tmp/said"
result $? "a name is escaped, and is UTF-8"

# ---- every metric of the dashboard is there

looks metrics
grep -oE 'sluice_[a-z_]+' tools/metrics/grafana.json | sort -u >"$tmp/wanted"
[ "$(wc -l <"$tmp/wanted")" -gt 10 ]
result $? "the dashboard shows metrics"
sed -n 's/^\(sluice_[a-z_]*\){.*/\1/p' "$tmp/said" | sort -u | comm -13 - "$tmp/wanted" >"$tmp/output"
[ ! -s "$tmp/output" ]
result $? "and no others"

# ---- over HTTP

"$sluice" metrics --listen 0 2>"$tmp/listening" &
listening=$!
trap 'kill $server $listening 2>/dev/null; rm -rf "$tmp"' EXIT
until grep -q . "$tmp/listening"; do
	kill -0 $listening || break
	sleep 0.02
done
url=$(sed -n 's/.*serving \(http.*\)/\1/p' "$tmp/listening")

# asked STATUS ARGUMENT...: the answer of curl, without its head, is in $tmp/said
asked() {
	wanted=$1
	shift
	got=$($patience curl -s -o "$tmp/said" -D "$tmp/head" -w '%{http_code}' "$@" 2>"$tmp/told")
	cat "$tmp/listening" "$tmp/head" "$tmp/told" >"$tmp/output"
	[ "$got" = "$wanted" ]
}

if [ -z "$url" ] && grep -q 'without libmicrohttpd' "$tmp/listening"; then
	skip "over HTTP" "there is no libmicrohttpd"
elif ! command -v curl >/dev/null; then
	skip "over HTTP" "there is no curl"
else
	check "listens at a loopback address" expr "$url" : 'http://127\.0\.0\.1:[0-9]*/metrics$'
	asked 200 "$url"
	result $? "is asked"
	check "answers as Prometheus" grep -qi '^Content-Type: text/plain; version=0.0.4' "$tmp/head"
	check "with values" test "$(sample sluice_received_messages_total server)" = 3
	asked 200 -H 'Accept: application/openmetrics-text; version=1.0.0' "$url"
	result $? "is asked for OpenMetrics"
	check "and answers so" grep -qi '^Content-Type: application/openmetrics-text' "$tmp/head"
	check "to the end" test "$(tail -n 1 "$tmp/said")" = "# EOF"
	$patience "$O/examples/adder-client" >"$tmp/output" 2>&1
	asked 200 "$url"
	check "each answer is new" test "$(sample sluice_received_messages_total server)" = 4
	asked 200 -I "$url"
	result $? "HEAD"
	asked 404 "${url%metrics}other"
	result $? "other paths are not found"
	asked 405 -d x "$url"
	result $? "nothing can be sent there"
	port=${url#http://*:}
	looks metrics --listen "${port%/metrics}"
	fails "a port that is in use" 1 'cannot listen at 127.0.0.1 port'
	kill -TERM $listening
	wait $listening
	result $? "a signal ends it"
fi

# ---- the command line

wrong metrics --listen
wrong metrics --listen ''
wrong metrics --listen 999.1.1.1:80
wrong metrics --listen ::1:80
wrong metrics --listen localhost:http
wrong metrics --format json
wrong metrics --json
help_fits metrics
kill $server 2>/dev/null
closed metrics
finish
