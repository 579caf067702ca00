#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vm.sh KERNEL O TEST... - runs tests under another kernel, in an emulator
#
# KERNEL is a bzImage with what it needs built in, as Debian's has; or "debian", its own
# kernel, or "debian-newest", the newest that is packaged for it: the package is downloaded
# into O/vm, and not installed.  TEST is a program below O/selftests, or such a program run
# again, as socket/NAME is.  The machine has an initramfs with busybox, the tests and the
# libraries that they need, and nothing else.  It needs no acceleration; ACCEL=kvm uses that of
# this machine.  The tests' own limits of time are longer there (kit/patience.c).  A line for
# each test says what became of it, and a line for each check that it skips, why.  The last
# line counts the tests.

kernel=$1 built=$2
shift 2
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
for tool in qemu-system-x86_64 busybox cpio; do
	command -v $tool >/dev/null || {
		echo "there is no $tool: apt-get install qemu-system-x86 busybox-static cpio" >&2
		exit 1
	}
done

# packages: of kernels for this machine, by their versions
packages() {
	apt-cache search '^linux-image-[0-9].*[0-9]-amd64$' | sed 's/ .*//' | sort -V
}

case $kernel in
debian)	package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p' | head -n 1) ;;
debian-newest)
	package=$(packages | tail -n 1) ;;
*)	package= ;;
esac
if [ -n "$package" ]; then
	kernel=$built/vm/boot/vmlinuz-${package#linux-image-}
	[ -e "$kernel" ] || {
		mkdir -p "$built/vm" && (cd "$tmp" && apt-get -q download "$package") &&
			dpkg-deb -x "$tmp/$package"_*.deb "$built/vm"
	} || exit 1
fi
kernel=$(realpath "$kernel") || exit 1
busybox=$(command -v busybox)
if ldd "$busybox" >/dev/null 2>&1; then
	echo "$busybox is not static: apt-get install busybox-static" >&2
	exit 1
fi

root=$tmp/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" "$root/etc"
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"

# put FILE: into the same place, with the libraries that it is linked with
put() {
	for file in "$1" $(ldd "$1" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p'); do
		[ -e "$root/$file" ] || install -D "$file" "$root/$file"
	done
}

cd "$built/selftests" || exit 1
mkdir -p "$root/tests"
for test; do
	install -D "$test" "$root/tests/$test"
	program=$(echo "$test" | sed 's/^\(socket\|mixed\)\///')
	put "$PWD/$program"
	install -D "$program" "$root/tests/$program"
	echo "$test" >>"$root/tests/list"
done

put "$PWD/kit/patience.so"
install -D kit/patience.so "$root/tests/patience.so"

cat >"$root/init" <<'END'
#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ LC_ALL=C SLUICE_CONFIG=/dev/null SELFTEST_PATIENCE=20
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/shm /dev/pts
ln -s /proc/self/fd /dev/fd
for place in /dev/shm /tmp /run; do
	mount -t tmpfs none $place
done
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
cd /tests
echo "VM kernel $(uname -r)"
while read -r test; do
	LD_PRELOAD=/tests/patience.so timeout 3600 ./$test >/tmp/said 2>&1 </dev/null
	status=$?
	[ $status -eq 0 ] || grep -v '^ok\|^#  RUN\|^# *OK' /tmp/said | head -n 20
	sed -n 's/^ok [0-9]* \(.*# SKIP.*\)/# skipped: \1/p' /tmp/said | grep -v '[.]threads[.]'
	grep '^# memory cgroup' /tmp/said
	echo "VM test $test $status $(grep -c '^ok' /tmp/said) $(grep -c '^not ok' /tmp/said) $(grep -c '# SKIP' /tmp/said)"
done <list
echo "VM end"
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$tmp/initramfs" || exit 1

timeout "${VM_SECONDS:-7200}" qemu-system-x86_64 -nodefaults -nographic -no-reboot -serial stdio \
	-machine "q35,accel=${ACCEL:-tcg}" -cpu max -smp 2 -m 2048 \
	-kernel "$kernel" -initrd "$tmp/initramfs" \
	-append 'console=ttyS0 quiet panic=-1 loglevel=3' </dev/null 2>"$tmp/told" |
	stdbuf -oL tr -d '\r' | awk -W interactive -v wanted=$# '
	$1 == "VM" && $2 == "kernel" { print "Linux " $3; fflush(); next }
	$1 == "VM" && $2 == "test" {
		good = $4 == 0 && $6 == 0
		passed += good
		printf "%s %s: %d checks passed, %d failed, %d skipped\n",
			good ? "passed" : "FAILED", $3, $5, $6, $7
		fflush()
		next
	}
	$1 == "VM" { ended = 1; next }
	/^(not ok|# )|panic|BUG/ { print }
	END {
		printf "%d of %d tests passed\n", passed, wanted
		exit !ended || passed != wanted
	}'
status=$?
[ $status -eq 0 ] || tail -n 5 "$tmp/told" >&2
exit $status
