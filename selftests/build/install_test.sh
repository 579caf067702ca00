#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A program outside the tree builds against what `make install DESTDIR=` put
# there, with what pkg-config says: as C and as C++, shared and static, with each
# compiler that is installed; and it runs.  The headers compile alone and clean.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

# A build of our own: plain flags, and nothing of the caller's is touched.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SANITIZE
root=$tmp/root
prefix=/opt/sluice
include=$root$prefix/include
lib=$root$prefix/lib
strict='-Wall -Wextra -Wpedantic -Werror'

install_it() {
	make -s install O="$tmp/build" CC="$CC" DESTDIR="$root" PREFIX=$prefix
}

config() {
	PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		pkg-config "$@" sluice
}

# The smallest program that sets everything up: valid C and C++.
cat >"$tmp/outside.c" <<'END'
#include <stdio.h>
#include <string.h>
#include <sluice.h>

struct question { int64_t a, b; };

static const struct sluice_contract contract = {
	"outside",
	SLUICE_TYPE(struct question),
	SLUICE_SLICE(uint8_t),
	{ NULL, 0, 0, 0, 0 },
	{ NULL, 0, 0, 0, 0 },
};

int main(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("outside", NULL);
	sluice_auto(sluice_service) service =
		sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	sluice_auto(sluice_request) request = sluice_client_loan(client, 1);

	if (!request) {
		fprintf(stderr, "%s\n", sluice_strerror());
		return 1;
	}
	memset(request->data, 0, request->size);
	printf("%s\n", sluice_version());
	return 0;
}
END

cat >"$tmp/options.c" <<'END'
#include <sluice.h>

struct sluice_node *node(void);
struct sluice_node *node(void)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.domain = "elsewhere", .wait = SLUICE_WAIT_SOCKET);

	return sluice_node_create("options", &opts);
}
END

# As C++17 has it, where there are no designated initialisers.
cat >"$tmp/assigned.cc" <<'END'
#include <sluice.h>

template <typename opts> static bool empty(const opts &o)
{
	return o.size == sizeof(opts);
}

bool assigned(void);
bool assigned(void)
{
	sluice_node_opts node = SLUICE_NODE_OPTS();
	const sluice_service_opts service = SLUICE_SERVICE_OPTS();
	const sluice_client_opts client = SLUICE_CLIENT_OPTS();
	sluice_server_opts server;

	node.domain = "elsewhere";
	server.port.strategy = SLUICE_BEST_FIT;
	return empty(node) && empty(service) && empty(client) && empty(server);
}
END

# The same program as outside.c, with the classes of C++.
cat >"$tmp/outside.cc" <<'END'
#include <cstdio>
#include <sluice.hpp>
#include <sluice_containers.hpp>

struct question { std::int64_t a, b; };
struct answer { sluice::string<20> text; };

inline constexpr sluice::contract<question, answer[]> contract("outside");

int main()
{
	auto node = sluice::node::create("outside");
	auto service = node.open(contract);
	auto client = service.create_client();
	auto request = client.loan_zeroed();

	if (!request) {
		std::fprintf(stderr, "%s\n", request.error().sentence());
		return 1;
	}
	std::printf("%s\n", sluice::version());
}
END

# builds LINK LANGUAGE=STANDARD COMPILER [SUFFIX], where LINK is shared or static
builds() {
	if [ "$1" = static ]; then
		flags="-static $(config --static --cflags --libs)" || return
	else
		flags=$(config --cflags --libs) || return
	fi
	rm -f "$tmp/outside"
	# shellcheck disable=SC2086 # flags, one a word
	$3 -x "${2%=*}" -std="${2#*=}" $strict "$tmp/outside.${4:-c}" -x none $flags \
		-o "$tmp/outside" &&
		LD_LIBRARY_PATH=$lib SLUICE_ROOT=$tmp/run "$tmp/outside" >"$tmp/said" &&
		test "$(cat "$tmp/said")" = "$(config --modversion)"
}

builds_classes() {
	builds "$@" cc
}

# clean FILE LANGUAGE=STANDARD COMPILER: not a word from it.  In C an initialiser may leave
# fields out, whatever -Wextra says.
clean() {
	fields=
	[ "${2%=*}" = c ] && fields=-Wno-missing-field-initializers
	# shellcheck disable=SC2086
	$3 -x "${2%=*}" -std="${2#*=}" $strict $fields -I"$include" -fsyntax-only "$1"
}

# each NAME COMMAND FILE-OR-LINK LANGUAGE=STANDARD COMPILER...: with each compiler
each() {
	name=$1 command=$2 what=$3 language=$4
	shift 4
	for compiler; do
		if command -v "$compiler" >/dev/null; then
			check "$name, ${language#*=}, $compiler" \
				"$command" "$what" "$language" "$compiler"
		else
			skip "$name, ${language#*=}, $compiler" "no $compiler"
		fi
	done
}

check "make install DESTDIR= PREFIX=" install_it
[ $failures -eq 0 ] || finish

for file in include/sluice.h include/sluice_config.h include/sluice_containers.h \
	    include/sluice_list.h include/sluice_leftovers.h include/sluice_watch.h \
	    include/sluice_remarks.h \
	    include/sluice.hpp include/sluice_containers.hpp \
	    include/sluice/ring.h lib/libsluice.a lib/libsluice.so lib/libsluice.so.0 \
	    lib/pkgconfig/sluice.pc lib/cmake/sluice/sluice-config.cmake bin/sluice \
	    share/doc/sluice/sluice.conf
do
	check "$file is installed" test -e "$root$prefix/$file"
done
refuse "no installed file names the staging directory" grep -rl "$root" "$root"

mkdir -m 700 "$tmp/run"
for link in shared static; do
	if command -v pkg-config >/dev/null; then
		each "a program, $link" builds $link c=c11 gcc clang
		each "a program, $link" builds $link c++=c++17 g++ clang++
		each "a program with classes, $link" builds_classes $link c++=c++17 g++ clang++
	else
		skip "a program, $link" "no pkg-config"
	fi
done

# ---- With the tools that build other projects

mkdir "$tmp/project"
cp "$tmp/outside.c" "$tmp/project"
cat >"$tmp/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(outside C)
find_package(Sluice 0.1 REQUIRED)
add_executable(shared outside.c)
target_link_libraries(shared Sluice::sluice)
add_executable(static outside.c)
target_link_libraries(static Sluice::static)
END
cat >"$tmp/project/meson.build" <<'END'
project('outside', 'c')
executable('shared', 'outside.c', dependencies: dependency('sluice', version: '>=0.1'))
END

# built_with NAME COMMAND...: and what it has built runs
built_with() {
	name=$1
	shift
	check "a program is built with $name" "$@"
	for link in shared static; do
		[ -e "$tmp/$name/$link" ] || continue
		LD_LIBRARY_PATH=$lib SLUICE_ROOT=$tmp/run "$tmp/$name/$link" >"$tmp/output" 2>&1 &&
			test "$(cat "$tmp/output")" = "$(cat "$tmp/version")"
		result $? "and runs, $link"
	done
}

with_cmake() {
	cmake -S "$tmp/project" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$root$prefix" &&
		cmake --build "$tmp/cmake"
}

with_meson() {
	PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		meson setup "$tmp/meson" "$tmp/project" && meson compile -C "$tmp/meson"
}

sed -n 's/^Version: //p' "$lib/pkgconfig/sluice.pc" >"$tmp/version"
for tool in cmake meson; do
	if command -v $tool >/dev/null && command -v pkg-config >/dev/null; then
		built_with $tool with_$tool
	else
		skip "a program is built with $tool" "no $tool"
	fi
done
if command -v cmake >/dev/null; then
	sed -i 's/Sluice 0.1/Sluice 0.2/' "$tmp/project/CMakeLists.txt"
	refuse "a later version is not found" with_cmake
fi

for standard in c=c11 c=c17; do
	for header in "$include"/*.h; do
		each "${header##*/} alone" clean "$header" $standard gcc clang
	done
	each "options" clean "$tmp/options.c" $standard gcc clang
done
for header in "$include"/*.h "$include"/*.hpp; do
	each "${header##*/} alone" clean "$header" c++=c++17 g++ clang++
done
each "options" clean "$tmp/options.c" c++=c++20 g++ clang++ clang++-19
for standard in c++=c++17 c++=c++20; do
	each "options, assigned" clean "$tmp/assigned.cc" $standard g++ clang++ clang++-19
done
for header in "$include"/sluice/*.h; do
	each "sluice/${header##*/} alone" clean "$header" c=c11 gcc
done

# What others have installed stays.
touch "$include/other.h" "$root$prefix/share/man/man3/other.3"
check "make uninstall" make -s uninstall O="$tmp/build" CC="$CC" DESTDIR="$root" PREFIX=$prefix
find "$root" ! -type d | sort >"$tmp/output"
printf '%s\n' "$include/other.h" "$root$prefix/share/man/man3/other.3" | cmp -s - "$tmp/output"
result $? "leaves nothing of ours, and all that is of others"
! find "$root" -type d -name 'sluice' | grep "^$root$prefix/.*/sluice" >"$tmp/output"
result $? "and no folder of ours"

finish
