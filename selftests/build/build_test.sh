#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The Makefile does what a packager expects: make install installs what was built and
# compiles nothing again, CROSS_COMPILE= and PKG_CONFIG= decide which tools are asked,
# where the source lay is not in what was built, and the library is compiled as a whole where
# that can be done and is wanted.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
[ -e Makefile ] || skip_all "there is no source here"

# Builds of our own: plain flags, and nothing of the caller's is touched.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SANITIZE LTO CC CXX
jobs=-j$(nproc)
flags='-O1 -DKEPT="a b" -DHASH=\#1 -fstack-protector-strong -D_FORTIFY_SOURCE=2'

# ---- The flags of a build

check "a library with flags of one's own" \
	make -s $jobs lib O="$tmp/kept" CFLAGS="$flags" LDFLAGS='-Wl,-z,relro -Wl,-z,now'
nm -D "$tmp/kept/lib/libsluice.so" >"$tmp/output"
grep -q __stack_chk_fail "$tmp/output" && grep -q '_chk@' "$tmp/output"
result $? "is hardened by them"
readelf -dW "$tmp/kept/lib/libsluice.so" >"$tmp/output" && grep -q BIND_NOW "$tmp/output"
result $? "and by those of the linker"
CPPFLAGS=-DFIRST CFLAGS=-O1 make -n V=1 "$tmp/last/tools/sluice.o" O="$tmp/last" >"$tmp/output" 2>&1
grep -q -e '-I\. .* -DFIRST -O1 *-MMD' "$tmp/output"
result $? "flags of the environment come last"
refuse "the archive has nothing but ordinary code" grep '\.gnu\.lto_' "$tmp/kept/lib/libsluice.a"
check "make install without them" make install-lib O="$tmp/kept" DESTDIR="$tmp/staged"
! grep '  CC  ' "$tmp/output"
result $? "compiles nothing"
check "and neither does the next one" make install-lib O="$tmp/kept" DESTDIR="$tmp/staged"
! grep '  CC  ' "$tmp/output"
result $? "as it must"
CFLAGS=-O3 make install-lib O="$tmp/kept" DESTDIR="$tmp/staged" >"$tmp/output" 2>&1
! grep '  CC  ' "$tmp/output"
result $? "nor when the environment has others"
check "flags of its own command line" \
	make $jobs install-lib O="$tmp/kept" DESTDIR="$tmp/staged" CFLAGS=-O0
grep -q '  CC  ' "$tmp/output"
result $? "compile again"

# ---- As a whole, or file by file

whole() {	# whole MAKE-ARGUMENT...: would the library be compiled as a whole?
	make -n lib O="$tmp/planned" "$@" >"$tmp/plan" 2>&1 && cat "$tmp/plan" &&
		grep -q "$tmp/planned/lib/whole/" "$tmp/plan"
}

printf '#!/bin/sh\ncase " $* " in *" -flto "*) exit 1 ;; esac\nexec cc "$@"\n' >"$tmp/old-cc"
chmod +x "$tmp/old-cc"
if [ -n "$(lib/lto.sh cc objcopy)" ]; then
	check "the library is compiled as a whole" whole
	check "with another level, too" whole CFLAGS='-O0 -O2'
	for argument in LTO=no SANITIZE=thread CFLAGS=-fno-lto CFLAGS='-O2 -Og' CFLAGS=--coverage
	do
		refuse "file by file with $argument" whole "$argument"
		! grep 'cannot link' "$tmp/plan"
		result $? "as was wanted"
	done
	refuse "file by file if the compiler cannot do it" whole CC="$tmp/old-cc"
	grep -q "file by file: $tmp/old-cc cannot link" "$tmp/plan"
	result $? "which make says"
else
	skip "the library is compiled as a whole" "this compiler cannot"
fi

# ---- Another machine

# Tools of that machine are this one's with its name in front; and a tool of this
# machine that is asked by its bare name says so in $tmp/asked.
mkdir "$tmp/tools"
for tool in gcc g++ ar objcopy pkg-config; do
	path=$(command -v $tool) || continue
	printf '#!/bin/sh\nexec %s "$@"\n' "$path" >"$tmp/tools/other-linux-gnu-$tool"
	printf '#!/bin/sh\necho "%s $*" >>%s/asked\nexec %s "$@"\n' $tool "$tmp" "$path" \
		>"$tmp/tools/$tool"
done
cp "$tmp/tools/gcc" "$tmp/tools/cc"
printf '#!/bin/sh\necho uname >>%s/asked\nexec %s "$@"\n' "$tmp" "$(command -v uname)" \
	>"$tmp/tools/uname"
chmod +x "$tmp"/tools/*

crossed() {	# crossed MAKE-ARGUMENT...: with these tools
	: >"$tmp/asked"
	env PATH="$tmp/tools:$PATH" make CROSS_COMPILE=other-linux-gnu- O="$tmp/crossed" "$@"
}

if command -v pkg-config >/dev/null; then
	check "a library for another machine" crossed -s $jobs lib
	cp "$tmp/asked" "$tmp/output"
	[ ! -s "$tmp/asked" ]
	result $? "asks no tool of this one"
	sed -i 's/^exec/echo pkg-config >>"${0%\/*}\/..\/mine"\nexec/' \
		"$tmp/tools/other-linux-gnu-pkg-config"
	cp "$tmp/tools/other-linux-gnu-pkg-config" "$tmp/tools/mine"
	check "PKG_CONFIG= is honoured" crossed -n lib PKG_CONFIG="$tmp/tools/mine"
	test -s "$tmp/mine"
	result $? "and asked"
else
	skip "a library for another machine" "no pkg-config"
fi

printf '#!/bin/sh\n[ "$1" = -dumpmachine ] && echo aarch64-linux-gnu && exit\nexec %s "$@"\n' \
	"$(command -v gcc)" >"$tmp/tools/other-linux-gnu-gcc"
if command -v clang >/dev/null; then
	crossed -n V=1 "$tmp/crossed/bpf/events.bpf.o" >"$tmp/output" 2>&1
	grep -q '__TARGET_ARCH_arm64' "$tmp/output"
	result $? "programs for the kernel read the registers of that machine"
else
	skip "programs for the kernel" "no clang"
fi

# ---- Where the source lay

version=$(sed -n "s/^VERSION := //p" Makefile)
built=lib/libsluice.so.$version
[ -z "$(command -v clang)" ] || [ -z "$(PATH=$PATH:/usr/sbin command -v bpftool)" ] ||
	built="$built bpf/events.skel.h"
for place in one another/place; do
	mkdir -p "$tmp/$place"
	cp -r Makefile lib uapi bpf tools selftests Documentation "$tmp/$place"
	for file in $built; do
		check "$file, built in $place" make -s $jobs -C "$tmp/$place" "build/$file"
	done
done
for file in $built; do
	check "$file is the same" cmp "$tmp/one/build/$file" "$tmp/another/place/build/$file"
done

finish
