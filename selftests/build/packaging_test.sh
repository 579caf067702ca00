#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the Debian packages are made of agrees with the rest of the tree: the symbols file with
# the library, the packages that are built with, the files that systemd reads.  make check-deb
# builds the packages.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

packaging=Documentation/packaging

# ---- The symbols file

mkdir -p "$tmp/source/debian"
printf 'Source: sluice\n\nPackage: libsluice0\nArchitecture: any\n' >"$tmp/source/debian/control"
so=$(realpath "$O/lib/libsluice.so.0")

# symbols MAP: what is made of it names the library's symbols, no more and no less
symbols() {
	awk -f $packaging/symbols.awk "$1" >"$tmp/symbols" &&
		(cd "$tmp/source" && dpkg-gensymbols -c4 -v0.1.0 -plibsluice0 -e"$so" \
			-I"$tmp/symbols" -O/dev/null)
}

if command -v dpkg-gensymbols >/dev/null; then
	check "the symbols file names what the library has" symbols lib/sluice.map
	sed '/^\tsluice_call;$/d' lib/sluice.map >"$tmp/map"
	refuse "a name that it lacks is noticed" symbols "$tmp/map"
	sed 's/^\tsluice_call;$/&\n\tsluice_lost;/' lib/sluice.map >"$tmp/map"
	refuse "a name that the library has lost is noticed" symbols "$tmp/map"
else
	skip "the symbols file" "no dpkg-gensymbols"
fi

# ---- What packages are built with: all that a build in a clone has, so that no part is missing

built_with() {
	sed -n '/^Build-Depends:/,/^$/s/^ \([a-z0-9.+-]*\).*/\1/p' $packaging/debian/control.in
}

# A machine that builds packages has these already (build-essential).
{ built_with; printf '%s\n' gcc libc6-dev make; } | sort >"$tmp/there"
sed -n '/^\[build\]/,/^\[/s/^\([a-z0-9.+-]*\).*/\1/p' .ci/packages | grep . | sort >"$tmp/wanted"
comm -13 "$tmp/there" "$tmp/wanted" >"$tmp/output"
test -s "$tmp/wanted" && test ! -s "$tmp/output"
result $? "Build-Depends has the packages of a build"

# ---- The directory and the group

# An administrator without the packages makes those of deployment.rst.
sed -n 's/^\t\(d \/run\/sluice.*\)/\1/p' Documentation/deployment.rst >"$tmp/wanted"
grep '^d' $packaging/tmpfiles.conf | diff "$tmp/wanted" - >"$tmp/output"
result $? "tmpfiles.conf makes the directories that deployment.rst names"

root=$tmp/root
chmod 755 "$tmp"
mkdir -p "$root/etc" "$root/run"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

if ! command -v systemd-sysusers >/dev/null || ! command -v systemd-tmpfiles >/dev/null; then
	skip "the group and the directory are made" "no systemd-sysusers, or no systemd-tmpfiles"
elif [ "$(id -u)" -ne 0 ]; then
	skip "the group and the directory are made" "this needs root"
else
	check "sysusers.conf makes the group" \
		systemd-sysusers --root="$root" "$PWD/$packaging/sysusers.conf"
	group=$(sed -n 's/^sluice:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
	check "it has a number" test -n "$group"
	check "tmpfiles.conf makes the directories" \
		systemd-tmpfiles --root="$root" --create "$PWD/$packaging/tmpfiles.conf"
	for directory in sluice sluice/default sluice/default/nodes sluice/default/services; do
		stat -c '%a %u %g' "$root/run/$directory" >"$tmp/output" 2>&1
		grep -Fxq "3770 0 $group" "$tmp/output"
		result $? "/run/$directory is of the group"
	done
	stat -c '%a %u' "$root/run/sluice/default/activation" | grep -Fxq "755 0"
	result $? "only root makes names in /run/sluice/default/activation"
	# The command may be where this user cannot go.
	cp "$O/tools/sluice" "$tmp/sluice"
	check "a member of the group uses it" setpriv --reuid 65534 --regid 65534 \
		--groups "$group" env SLUICE_ROOT="$root/run/sluice" "$tmp/sluice" ls
	refuse "others do not" setpriv --reuid 65534 --regid 65534 --clear-groups \
		env SLUICE_ROOT="$root/run/sluice" "$tmp/sluice" ls
fi

# ---- The container images

# instructions FILE: one a line
instructions() {
	sed -e '/^#/d' -e ':a' -e '/\\$/{N;s/\\\n[ \t]*//;ba' -e '}' -e '/^$/d' "$1"
}

# builds_images FILE: known instructions, commands that a shell reads, stages that come before,
# and packages that there are
builds_images() {
	instructions "$1" >"$tmp/instructions"
	[ "$(grep -c '^FROM ' "$tmp/instructions")" -ge 3 ] || return
	awk '
		!/^(FROM|COPY|RUN|USER|CMD|ENTRYPOINT) ./ { print "no instruction: " $0; bad = 1 }
		/^FROM / && $2 !~ /[\/:]/ && !($2 in stage) { print "no stage " $2; bad = 1 }
		/--from=/ { split($2, from, "="); if (!(from[2] in stage)) { print "no stage " $2; bad = 1 } }
		/^FROM .* AS / { stage[$4] }
		END { exit bad }' "$tmp/instructions" || return
	sed -n 's/^RUN //p' "$tmp/instructions" | while read -r command; do
		sh -n -c "$command" || exit
	done || return
	sed -n 's/^COPY \([^-][^ ]*\) .*/\1/p' "$tmp/instructions" | grep -v '^build/' |
		while read -r source; do ls -d "$source" || exit; done || return
	grep -o '/packages/[a-z0-9-]*_' "$tmp/instructions" | sed 's/.*\///; s/_//' |
		while read -r package; do
			grep -x "Package: $package" $packaging/debian/control.in || exit
		done
}

check "Containerfile can be read" builds_images $packaging/Containerfile
for fault in s/^RUN/RNU/ s/AS.builder/AS/ s/sluice-tools_/sluice-tool_/ 's/&& /\&\& (/'; do
	sed "$fault" $packaging/Containerfile >"$tmp/Containerfile"
	refuse "a fault in it is seen: $fault" builds_images "$tmp/Containerfile"
done

finish
