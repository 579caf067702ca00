# SPDX-License-Identifier: MIT
#
# symbols.awk - the symbols file of libsluice0, from lib/sluice.map
#
# The map has the names by the release that brought them.  dpkg-gensymbols compares the file
# with the library, and dpkg-shlibdeps finds in it which release a program needs.

BEGIN {
	print "libsluice.so.0 libsluice0 #MINVER#"
	print "* Build-Depends-Package: libsluice-dev"
}

/^SLUICE_[0-9.]+ / {
	node = $1
	release = substr(node, length("SLUICE_") + 1)
	name(node)
}

/^\tsluice_/ { name(substr($1, 1, length($1) - 1)) }

function name(symbol)
{
	printf " %s@%s %s\n", symbol, node, release
}
