#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Where jansson, ncurses, libsmartcols, libmicrohttpd or libnats is not installed, the command
# is built all the same, and only what needs them is left out: --json, the screen of sluice
# top, the width of tables, --listen of sluice metrics, and sluice bridge.  Each says why.  With
# URING=no nothing needs liburing, and nodes wait through sockets.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
[ -e Makefile ] || skip_all "there is no source here"
command -v pkg-config >/dev/null || skip_all "there is no pkg-config"

unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SANITIZE CC CXX
unset SLUICE_DOMAIN NO_COLOR
export SLUICE_ROOT="$tmp/root"
mkdir -m 700 "$SLUICE_ROOT"

# Of all that is installed, pkg-config does not know these, nor what only trace needs.
cat >"$tmp/pkg-config" <<'END'
#!/bin/sh
for word; do
	case $word in jansson | ncursesw | smartcols | libmicrohttpd | libnats | libbpf) exit 1 ;; esac
done
exec pkg-config "$@"
END
chmod +x "$tmp/pkg-config"

check "the command is built without jansson, ncurses, libmicrohttpd, libnats and liburing" \
	make "-j$(nproc)" tools URING=no O="$tmp/built" PKG_CONFIG="$tmp/pkg-config" CFLAGS=-Werror
grep -q 'json.*left out: there is no jansson' "$tmp/output" &&
	grep -q 'screen.*left out: there is no ncursesw' "$tmp/output" &&
	grep -q 'listen.*left out: there is no libmicrohttpd' "$tmp/output" &&
	grep -q 'bridge is left out: there is no libnats' "$tmp/output"
result $? "and make says what is left out"
sluice=$tmp/built/tools/sluice
[ -x "$sluice" ] || finish
! ldd "$sluice" 2>&1 | tee "$tmp/output" | grep -q 'jansson\|ncurses\|smartcols\|microhttpd\|nats\|uring'
result $? "it needs none of them"

"$O/examples/adder-server" >"$tmp/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
until "$sluice" ls 2>"$tmp/told" | grep -q adder; do
	kill -0 $server || break
	sleep 0.05
done

# read_of COMMAND ARGUMENT...: what people read of it, but for numbers and the fields of payloads
read_of() {
	timeout 60 "$@" 2>&1 </dev/null | grep -v ' fields ' | tr -d '0-9.' | tr -s ' '
}

# same ARGUMENT...: what people read is as with all
same() {
	read_of "$O/tools/sluice" "$@" >"$tmp/wanted"
	read_of "$sluice" "$@" >"$tmp/output"
	[ -s "$tmp/wanted" ] && diff "$tmp/wanted" "$tmp/output" >"$tmp/differs"
	same=$?
	cat "$tmp/differs" >>"$tmp/output"
	result $same "the same text: sluice $*"
}

same help
same ls
same ls --tree
same ls --domains
same show example/adder
same stat
same metrics 'example/*'
same top --count 1 --interval 0.02
same config
same config --explain
same gc
same call example/adder --hex 01000000000000000200000000000000

# without NAME STATUS PATTERN ARGUMENT...
without() {
	what=$1 wanted=$2 pattern=$3
	shift 3
	timeout 60 "$sluice" "$@" </dev/null >"$tmp/said" 2>"$tmp/output"
	[ $? -eq "$wanted" ] && [ ! -s "$tmp/said" ] && grep -q "$pattern" "$tmp/output"
	result $? "$what"
}

for verb in ls stat top gc doctor config "show example/adder" "call example/adder x" \
		"serve test/x" bench; do
	# shellcheck disable=SC2046,SC2086 # words of a command
	without "sluice $verb --json says that it cannot" 2 'built without jansson' ${verb%% *} --json \
		$(echo "$verb" | cut -s -d ' ' -f 2-)
done
without "sluice metrics --listen says that it cannot" 1 'built without libmicrohttpd' \
	metrics --listen 0
without "sluice bridge says that it cannot" 1 'built without libnats' bridge use test/x
export SLUICE_WAIT=uring
without "no node waits through io_uring" 1 'cannot make an io_uring' call example/adder \
	--hex 01000000000000000200000000000000
unset SLUICE_WAIT
without "sluice trace says that it cannot" 1 'built without the tracer' trace

if command -v script >/dev/null; then
	TERM=xterm timeout 60 script -qec "$sluice top" /dev/null </dev/null >"$tmp/output" 2>&1
	[ $? -eq 1 ] && grep -q 'built without ncurses.*--batch' "$tmp/output"
	result $? "on a terminal top says why there is no screen"
	for command in "$sluice" "$O/tools/sluice"; do
		TERM=xterm timeout 60 script -qec "$command top -b -n 1 --interval 0.02" /dev/null \
			</dev/null >"$tmp/output" 2>&1
		[ $? -eq 0 ] && grep -q '^example/adder' "$tmp/output"
		result $? "and shows frames with --batch"
	done
else
	skip "top on a terminal" "there is no script"
fi

check "what is installed later is built in" \
	make "-j$(nproc)" tools URING=no O="$tmp/built" PKG_CONFIG=pkg-config CFLAGS=-Werror
check "and then it has JSON" "$sluice" ls --json

finish
