#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The probes of uapi/sluice/trace.h are in the libraries, as other tools see them too; and
# what they cost where nobody watches.  What they cost where somebody does is measured by
# tracing_measure.sh.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
alone

# A build of our own, beside the one that is tested.
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE
program=$O/selftests/tools/probes_test
library=$O/lib/libsluice.so
SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"

echo '#include <sys/sdt.h>' | $CC -E - >/dev/null 2>&1 ||
	skip_all "there is no <sys/sdt.h>, and so there are no probes"

# "NAME COUNT" for each line of the list
sed -n 's/^\tPROBE(\([a-z_]*\),[^0-9]*\([0-9]\),.*/\1 \2/p' uapi/sluice/trace.h |
	sort >"$tmp/list"

# notes FILE: the same from its notes, as readelf prints them
notes() {
	readelf -n "$1" 2>/dev/null | awk '
		/Provider:/ { ours = $2 == "sluice" }
		/Name:/ { name = $2 }
		/Semaphore:/ { armed = $NF != "0x0000000000000000" }
		/Arguments:/ && ours && armed { print name, NF - 1 }' | sort
}

# in_registers FILE: every argument is where a call leaves it
in_registers() {
	readelf -n "$1" 2>/dev/null | awk '
		BEGIN { split("%rdi %rsi %rdx %rcx %r8 %r9", register) }
		/Provider:/ { ours = $2 == "sluice" }
		/Arguments:/ && ours {
			for (i = 2; i <= NF; i++)
				if ($i != "8@" register[i - 1])
					print "argument", i - 1, "is", $i
		}' >"$tmp/elsewhere"
	[ ! -s "$tmp/elsewhere" ] || { cat "$tmp/elsewhere"; return 1; }
}

same() {	# same FILE: its notes and the list
	notes "$1" >"$tmp/notes"
	[ -s "$tmp/list" ] && diff "$tmp/list" "$tmp/notes"
}

for file in "$library" "$program"; do
	check "the probes of trace.h are in ${file##*/}, once each" same "$file"
	if [ "$(uname -m)" = x86_64 ]; then
		check "with their arguments in registers, ${file##*/}" in_registers "$file"
	fi
done

# ---- Other tools

if command -v bpftrace >/dev/null && [ "$(id -u)" -eq 0 ]; then
	bpftrace -l "usdt:$library:*" 2>"$tmp/output" | sed 's/.*:sluice://' | sort >"$tmp/found"
	cut -d' ' -f1 "$tmp/list" | diff - "$tmp/found" >>"$tmp/output"
	result $? "bpftrace lists them"
	timeout 120 bpftrace -e "usdt:$program:sluice:request_send { @sends = count(); }" \
		-c "$program 250" >"$tmp/output" 2>&1
	grep -q '^@sends: 250$' "$tmp/output"
	result $? "a line of bpftrace counts them"
else
	skip "bpftrace" "there is no bpftrace, or this is not root"
fi
if command -v perf >/dev/null && perf --buildid-dir "$tmp/ids" buildid-cache \
   --add "$library" >"$tmp/output" 2>&1; then
	perf --buildid-dir "$tmp/ids" list sdt 2>>"$tmp/output" |
		sed -n 's/.*sdt_sluice:\([a-z_]*\).*/\1/p' | sort >"$tmp/found"
	cut -d' ' -f1 "$tmp/list" | diff - "$tmp/found" >>"$tmp/output"
	result $? "perf lists them"
else
	skip "perf lists them" "there is no perf, or it cannot read the library"
fi

# ---- What they cost while nobody watches

# Probes, and questions whether anybody watches, that a round trip of probes_test passes:
#	client	request_loan, round_trip?; request_send; response_receive, response_release?;
#		response_release; pending_response_release
#	server	active_request_receive, active_request_release?; reply_loan; reply_send;
#		active_request_release
sites=12

# instructions PROGRAM TRIPS: none if it did not make them all
instructions() {
	timeout 120 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" \
		>"$tmp/counted" 2>&1 && sed -n 's/.*Collected : //p' "$tmp/counted"
}

per_trip() {	# per_trip PROGRAM: instructions of a round trip, in tenths
	few=$(instructions "$1" 1000)
	many=$(instructions "$1" 3000)
	[ -n "$few" ] && [ -n "$many" ] && echo $(((many - few) / 200))
}

# Both are compiled file by file: what is inlined across files differs by more than the
# probes take.
builds() {	# builds NAME CPPFLAGS: in $tmp/NAME
	make -s O="$tmp/$1" CC="$CC" LTO=no CPPFLAGS="$2" ${KSELFTEST:+KSELFTEST="$KSELFTEST"} \
		"$tmp/$1/selftests/tools/probes_test"
}

if ! command -v valgrind >/dev/null; then
	skip "instructions" "there is no valgrind"
elif { builds with && builds without -DSLUICE_WITHOUT_PROBES; } >"$tmp/output" 2>&1; then
	without=$tmp/without/selftests/tools/probes_test
	[ -z "$(notes "$without")" ]
	result $? "without probes there are none"
	with_probes=$(per_trip "$tmp/with/selftests/tools/probes_test")
	no_probes=$(per_trip "$without")
	printf '# a round trip takes %d.%d instructions, and %d.%d without its %d probe sites\n' \
		$((with_probes / 10)) $((with_probes % 10)) \
		$((no_probes / 10)) $((no_probes % 10)) $sites >&2
	echo "$with_probes and $no_probes tenths" >"$tmp/output"
	[ "$no_probes" -gt 0 ] && [ "$with_probes" -ge "$no_probes" ] &&
		[ $((with_probes - no_probes)) -le $((35 * sites)) ]
	result $? "at most 3.5 instructions for each"
else
	result 1 "builds with and without probes"
fi

finish
