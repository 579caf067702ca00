#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# deb.sh TAR-BALL VERSION DATE - are the Debian packages of a release what they should be?
#
# They are built twice, in two places, and are the same, byte for byte.  lintian finds nothing
# but what an override explains.  They are unpacked, and not installed: programs are built
# against what is in them, and run.

tar_ball=$(realpath "$1") && version=$2 && date=$3 || exit 1
cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
chmod 755 "$tmp"

for tool in dpkg-buildpackage dh lintian; do
	command -v $tool >/dev/null || skip_all "no $tool"
done

MAINTAINER='The Sluice authors <sluice@packages.invalid>'
export MAINTAINER

check "the packages are built" \
	Documentation/packaging/deb.sh "$tar_ball" "$version" "$date" "$tmp/one"
[ $failures -eq 0 ] || finish
check "once more, in another folder" \
	Documentation/packaging/deb.sh "$tar_ball" "$version" "$date" "$tmp/another/place"

sums() {
	(cd "$1" && sha256sum ./*.deb ./*.dsc ./*.debian.tar.xz)
}

sums "$tmp/one" >"$tmp/one.sums"
sums "$tmp/another/place" | diff "$tmp/one.sums" - >"$tmp/output"
result $? "both builds are the same"
rm -rf "$tmp/another"

root=$tmp/root
mkdir "$root"
for package in libsluice0 libsluice-dev sluice-tools sluice-shared-root python3-sluice sluice-doc; do
	check "$package is unpacked" dpkg-deb -x "$tmp/one/${package}"_*.deb "$root"
done

lintian --allow-root -EI --pedantic --fail-on none "$tmp/one"/*.changes >"$tmp/output" 2>&1
test ! -s "$tmp/output"
result $? "lintian finds nothing"

# ---- A program

lib=$(dirname "$(find "$root/usr/lib" -name libsluice.so)")
cat >"$tmp/one.c" <<'C'
#include <stdio.h>
#include <sluice.h>

static const struct sluice_contract contract = {
	.name = "one", .request = SLUICE_TYPE(int), .response = SLUICE_TYPE(int),
};

int main(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("one", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);

	puts(server ? sluice_version() : sluice_strerror());
	return !server;
}
C

config() {
	PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" sluice
}

# program LINK...: is built and says the version
program() {
	rm -f "$tmp/program"
	# shellcheck disable=SC2046 # flags, one a word
	$CC -Wall -Wextra -Werror "$tmp/one.c" -o "$tmp/program" \
		$(config "$@" --cflags --libs) || return
	SLUICE_ROOT=$tmp/run LD_LIBRARY_PATH=$lib "$tmp/program" | grep -Fx "$version"
}

mkdir -m 700 "$tmp/run"
check "a program is built, and runs" program
check "a program is linked with the archive, and runs" program --static -static

python() {
	SLUICE_ROOT=$tmp/run LD_LIBRARY_PATH=$lib PYTHONPATH=$root/usr/lib/python3/dist-packages \
		/usr/bin/python3 -c "$1"
}

check "a program in Python runs" python 'import sluice
with sluice.Node("p") as node, node.open(sluice.Contract("p", sluice.Type("q", "Q"),
					 sluice.Type("a", "Q"))) as service, service.server():
	pass'
check "the command runs" "$root/usr/bin/sluice" --version
command=$root/usr/bin/sluice
check "and prints JSON" env SLUICE_ROOT="$tmp/run" "$command" ls --json
refuse "no part of the command is left out" grep -ao 'this command was built without' "$command"

# ---- Hardening

hardened() {
	readelf -dW "$1" | grep -q BIND_NOW && nm -D "$1" | grep -q __stack_chk_fail &&
		nm -D "$1" | grep -q '_chk@'
}

check "the library is hardened" hardened "$lib/libsluice.so.0"
check "the command is hardened" hardened "$command"

finish
