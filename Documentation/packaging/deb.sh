#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deb.sh TAR-BALL VERSION DATE FOLDER - builds the packages of a release in a folder
#
# The tar ball is the upstream source of a Debian package.  What is in packaging/debian/ becomes
# its debian/, with what depends on the version filled in.  All of it is taken from the tar
# ball.  $MAINTAINER is who stands behind the packages.

tar_ball=$(realpath "$1") && version=$2 && date=$3 && folder=$(realpath -m "$4") || exit 1
source=$folder/sluice-$version
packaging=$source/Documentation/packaging

command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null || {
	echo 'Packages are built by Debian'\''s tools: apt-get install dpkg-dev debhelper' >&2
	exit 1
}

mkdir -p "$folder" &&
	cp "$tar_ball" "$folder/sluice_$version.orig.tar.gz" &&
	tar -xf "$tar_ball" -C "$folder" &&
	cp -r "$packaging/debian" "$source/debian" || exit

# fill_in NAME: makes it from NAME.in.  Files with a form of their own have no room for the
# comment on their first line.
fill_in() {
	sed -e 1d -e "s/@MAINTAINER@/$MAINTAINER/; s/@VERSION@/$version/" \
	    -e "s/@DATE@/$(date -Rud "$date")/" "$packaging/debian/$1.in" >"$source/debian/$1" &&
		rm "$source/debian/$1.in"
}

# license NAME FILE: its text, as the file copyright has it
license() {
	printf '\nLicense: %s\n' "$1"
	sed -e '1,/^Copyright/d' "$source/LICENSES/$2" | sed -e 1d -e 's/^$/./; s/^/ /'
}

fill_in control && fill_in changelog && fill_in copyright || exit
{
	license Expat MIT.txt
	license BSD-2-clause BSD-2-Clause.txt
} >>"$source/debian/copyright"
awk -f "$packaging/symbols.awk" "$source/lib/sluice.map" >"$source/debian/libsluice0.symbols" &&
	cp "$packaging/tmpfiles.conf" "$source/debian/sluice-shared-root.tmpfiles" &&
	cp "$packaging/sysusers.conf" "$source/debian/sluice-shared-root.sysusers" || exit

# The packages have Debian's flags, and not those of the make that calls this.
unset MAKEFLAGS MFLAGS MAKELEVEL O CC CXX CFLAGS CPPFLAGS LDFLAGS SANITIZE LTO URING PREFIX
cd "$source" && dpkg-buildpackage -us -uc >"$folder/log" 2>&1 || {
	tail -n 20 "$folder/log" >&2
	echo "The packages were not built; all that was said is in $folder/log" >&2
	exit 1
}
