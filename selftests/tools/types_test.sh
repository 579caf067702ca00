#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice types: a table of types with the verdict of each, for each compiler that is
# installed, with and without optimization; programs, libraries and objects; one layout
# has one fingerprint whoever compiles it, and two layouts are refused when a service is
# opened; a build ends at a pointer.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/looking.sh
. selftests/kit/looking.sh

"$sluice" types --help >/dev/null 2>&1 || skip_all "sluice types was not built: no libdw"

include="-Iuapi -Ilib/include"
compilers=
for compiler in gcc clang; do
	! command -v "$compiler" >/dev/null || compilers="$compilers $compiler"
done
: "${compilers:=$CC}"

# plusplus COMPILER: the one of C++ that belongs to it
plusplus() {
	case $1 in
	*clang*) echo clang++ ;;
	*gcc*) echo g++ ;;
	*) echo "$CXX" ;;
	esac
}

# whole_classes COMPILER: the flag by which it describes a class here that is used elsewhere
whole_classes() {
	case $1 in
	*clang*) echo -fstandalone-debug ;;
	*) echo -femit-class-debug-always ;;
	esac
}

# contract NAME TYPE: what makes it the payload of a program that uses it
contract() {
	cat <<END
static const struct sluice_contract contract = {
	"selftest/$1", SLUICE_TYPE($2), SLUICE_SLICE(uint8_t), { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }
};
const struct sluice_contract *volatile used = &contract;
unsigned long of(const $2 *p);
unsigned long of(const $2 *p) { return sizeof(*p); }
int main(void) { return used == 0; }
END
}

# ---- The table: a line for each type, LANGUAGE|VERDICT|DEFINITION.  A verdict is good,
# the path and the kind of what is refused, or a hole.

cat >"$tmp/table" <<'END'
c|good|struct t { uint32_t a; int32_t b; double c; };
c|good|struct t { int8_t a[3]; uint8_t b; float c; _Bool d[4]; };
c|good|struct in { uint16_t a, b; }; struct t { struct in a; struct in b[3]; uint32_t c[2][3]; };
c|good|enum e { A, B }; struct t { enum e a; uint32_t b; union { uint64_t c; double d; } e; };
c|good|struct t { union { struct { uint32_t a, b; }; uint64_t c; }; };
c|good|struct t { uint8_t a; uint32_t b; uint16_t c; } __attribute__((packed));
c|good|struct t { uint64_t a[4]; } __attribute__((aligned(32)));
c|good|typedef const volatile uint32_t word; struct t { word a; _Atomic uint32_t b; };
c|good|struct t { unsigned long long a; long b; char c[8]; short d[4]; };
c|.b is a pointer|struct t { uint64_t a; char *b; };
c|.b is a pointer|typedef void (*function)(int); struct t { uint64_t a; const function b; };
c|.b\[\].c is a pointer|struct in { uint64_t a; const void *c; }; struct t { struct in b[2]; };
c|.a.b\[\]\[\].c is a pointer|struct in { struct in *c; }; struct mid { struct in b[2][3]; }; struct t { struct mid a; };
c|.u.b is a pointer|struct t { union { uint64_t a; void *b; } u; };
c|.b is a pointer|struct t { union { uint64_t a; void *b; }; };
c|.b is a long double|struct t { uint64_t a[2]; long double b; };
c|.b is a complex long double|struct t { uint64_t a[2]; _Complex long double b; };
c|.b is a bit-field|struct t { uint32_t a; uint32_t b : 3; uint32_t c : 29; };
c|.b is a flexible array|struct t { uint32_t a; uint32_t b[]; };
c|.b is a flexible array|struct t { uint32_t a; uint32_t b[0]; };
c|.b is a flexible array|struct in { uint32_t a; }; struct t { uint32_t a; struct in b[]; };
c| has 4 bytes of padding at offset 4|struct t { uint32_t a; uint64_t b; };
c| has 7 bytes of padding at offset 9|struct t { uint64_t a; uint8_t b; };
c|.b\[\] has 1 byte of padding at offset 1|struct in { uint8_t a; uint16_t b; }; struct t { struct in b[2]; };
c| has 24 bytes of padding at offset 8|struct t { uint64_t a; } __attribute__((aligned(32)));
c++|good|struct t { uint32_t a; int32_t b; double c; static const int d = 4; int f() const { return a; } };
c++|good|enum class e : uint8_t { a }; struct t { e a[4]; uint32_t b; bool c[4]; };
c++|good|struct base { uint64_t a; }; struct t : base { uint64_t b; };
c++|good|template<class T> struct pair_of { T a, b; }; struct t { pair_of<uint32_t> a; };
c++|good|namespace n { struct in { uint32_t a; }; } using namespace n; struct t { n::in a; in b; };
c++|good|class t { public: uint32_t a; private: uint32_t b; };
c++|good|struct empty { }; struct t : empty { uint32_t a; };
c++|has virtual functions|struct t { uint64_t a; virtual int f() { return 0; } };
c++|.base has virtual functions|struct base { virtual int f() { return 0; } uint64_t a; }; struct t : base { uint64_t b; };
c++|has a virtual base|struct base { uint64_t a; }; struct t : virtual base { uint64_t b; };
c++|.a is a reference|struct t { uint64_t &a; };
c++|.a is a reference|struct t { uint64_t &&a; };
c++|.a is a pointer to a member|struct t { int t::*a; };
c++|.base.a is a pointer|struct base { void *a; }; struct t : base { uint64_t b; };
c++|is a pointer|#include <string> @ struct t { std::string a; };
c++|is a pointer|#include <vector> @ struct t { uint64_t a; std::vector<int> b; };
c++| has 3 bytes of padding at offset 5|struct t { uint32_t a; uint8_t b; };
END

# verdict FILE: what is told of it, which must be $verdict
verdict() {
	looks types "$1"
	case $verdict in
	good)
		[ $status -eq 0 ] && [ ! -s "$tmp/told" ] && ! grep -q padding "$tmp/said" ;;
	*padding*)
		[ $status -eq 0 ] && grep -q "^  struct t$verdict: leaks old bytes\$" "$tmp/said" &&
			! "$sluice" types --strict "$1" >/dev/null 2>&1 ;;
	*)
		[ $status -eq 1 ] && grep -q "^sluice types: $1: struct t.*$verdict" "$tmp/told" ;;
	esac
}

# table COMPILER FLAGS...: all of it, and each failure by its own line
table() {
	table_of=$1
	shift
	line=0
	while IFS='|' read -r language verdict definition; do
		line=$((line + 1))
		suffix=c std=c11 with=$table_of whole=
		if [ "$language" = c++ ]; then
			suffix=cc std=c++14 with=$(plusplus "$table_of")
			whole=$(whole_classes "$with")
		fi
		if ! command -v "${with%% *}" >/dev/null; then
			echo "skip $language, there is no $with"
			continue
		fi
		{
			echo "#include <sluice.h>"
			echo "$definition" | sed 's/ @ /\n/'
			contract "types" "struct t"
		} >"$tmp/t.$suffix"
		# shellcheck disable=SC2086 # flags
		if ! $with -std=$std $include -w -g $whole "$@" -c -o "$tmp/t.o" "$tmp/t.$suffix" \
		     >"$tmp/output" 2>&1 || ! verdict "$tmp/t.o"; then
			echo "line $line: $definition: not \"$verdict\":"
			cat "$tmp/output"
		fi
		sed -n "s/^struct t,/$line/p" "$tmp/said" >>"$tmp/prints"
	done <"$tmp/table" >"$tmp/wrong"
	cat "$tmp/wrong" >"$tmp/output"
	! grep -v '^skip' "$tmp/wrong" >/dev/null
	result $? "the table, $table_of $*"
}

for compiler in $compilers; do
	table "$compiler" -O0
	table "$compiler" -O2
done
sort -u "$tmp/prints" >"$tmp/output"
[ "$(wc -l <"$tmp/output")" -eq "$(cut -d ' ' -f 1 "$tmp/output" | uniq | wc -l)" ]
result $? "all agree on the fingerprints"
[ "$(sed 's/.*fingerprint//' "$tmp/output" | sort | uniq -d | wc -l)" -eq 2 ]
result $? "and each type has its own, but for the two that are there as C and as C++"

# ---- Kinds of files

echo '#include <sluice.h>
struct t { uint64_t a; struct { uint32_t b; float c; } d[3]; };' >"$tmp/t.c"
contract files "struct t" >>"$tmp/t.c"
cp "$tmp/t.c" "$tmp/t.cc"

# prints NAME: this program, and the fingerprint of its type is that of the first
first=
prints() {
	looks types "$tmp/t"
	print=$(sed -n 's/^struct t, request of selftest\/files: 32 bytes, fingerprint //p' "$tmp/said")
	[ $status -eq 0 ] && [ "$print" = "${first:=$print}" ] && [ -n "$print" ]
	result $? "$1, and no other fingerprint"
}

for compiler in $compilers; do
	for flags in "-O0" "-O2 -fPIE -pie" "-O2 -no-pie" "-fPIC -shared" "-c -O2" "-c -fPIC" \
		     "-O2 -gdwarf-4" "-gz" "-O2 -flto -ffat-lto-objects"; do
		case $compiler$flags in
		*clang*lto*) continue ;;
		esac
		# shellcheck disable=SC2086
		check "$compiler compiles with $flags" \
			$compiler $include -g $flags -o "$tmp/t" "$tmp/t.c"
		prints "$compiler $flags"
	done
	with=$(plusplus "$compiler")
	command -v "${with%% *}" >/dev/null || continue
	# shellcheck disable=SC2086
	check "$with compiles" $with -std=c++14 $include -g -O2 -o "$tmp/t" "$tmp/t.cc"
	prints "$with"
done

# Contracts in all sorts of places, and names as they are written there.
cat >"$tmp/places.cc" <<'END'
#include <sluice.h>
namespace ns {
struct p { uint32_t a; };
static constexpr sluice_contract inside = {
	"places/namespace", SLUICE_TYPE(p), SLUICE_TYPE(ns::p), {}, {} };
}
struct holder { struct q { uint64_t b; }; static const sluice_contract member; };
const sluice_contract holder::member = {
	"places/member", SLUICE_TYPE(q), SLUICE_TYPE(holder::q), {}, {} };
template<class T> struct two { T a, b; };
typedef two<uint32_t> twin;
static const sluice_contract all[2] = {
	{ "places/first", SLUICE_TYPE(int), SLUICE_TYPE(unsigned long long), {}, {} },
	{ "places/second", SLUICE_TYPE(twin), SLUICE_SLICE(two<unsigned  int>), {}, {} } };
const void *f(int i);
const void *f(int i)
{
	static const sluice_contract local = {
		"places/local", SLUICE_TYPE(holder::q), SLUICE_TYPE(bool), {}, {} };

	return i == 0 ? &local : i == 1 ? &ns::inside : i == 2 ? &holder::member : &all[i & 1];
}
int main(int argc, char **)
{
	ns::p p{};
	holder::q q{};
	twin t{};
	return f(argc) == 0 || sizeof(p) + sizeof(q) + sizeof(t) == 0;
}
END
for compiler in $compilers; do
	with=$(plusplus "$compiler")
	command -v "${with%% *}" >/dev/null || continue
	for flags in -O0 "-O2 -Wl,-z,pack-relative-relocs" \
		     -gsplit-dwarf -gdwarf-4; do
		case $with$flags in
		clang*-O2*) flags="$flags -fno-eliminate-unused-debug-types" ;;
		esac
		# shellcheck disable=SC2086
		(cd "$tmp" && $with -std=c++14 -w -I"$OLDPWD/uapi" -I"$OLDPWD/lib/include" -g \
			$flags -o places places.cc) >"$tmp/told" 2>&1 && looks types "$tmp/places" &&
			[ "$(sed 's/.* of \(places.*\): .*/\1/' "$tmp/said" | sort | uniq -c |
				grep -c '^ *2 places/')" -eq 5 ]
		result $? "contracts in all sorts of places, $with $flags"
	done
done
sed 's/struct t {/typedef struct {/; s/d\[3\]; };/d[3]; } t;/; s/struct t)/t)/; s/struct t \*/t */g' \
	"$tmp/t.c" >"$tmp/typedef.c"
# shellcheck disable=SC2086
check "a typedef" $CC $include -g -o "$tmp/t" "$tmp/typedef.c"
looks types "$tmp/t"
says "has the fingerprint of the struct" "^t, request of selftest/files: 32 bytes, fingerprint $first\$"

# ---- What cannot be read

# shellcheck disable=SC2086
$CC $include -g0 -o "$tmp/bare" "$tmp/t.c" 2>"$tmp/output"
looks types "$tmp/bare"
fails "no debug information" 1 "bare has no debug information: compile it with -g"
echo 'int main(void) { return 0; }' >"$tmp/none.c"
$CC -g -o "$tmp/none" "$tmp/none.c"
looks types "$tmp/none"
fails "no contract" 1 "none has no contract"
looks types "$tmp/nowhere"
fails "no file" 1 "nowhere cannot be read: No such file"
looks types "$tmp/t.c"
fails "no program" 1 "t.c cannot be read"
looks types "$tmp"
fails "a directory" 1 "cannot be read"
for length in 1 63 64 500 4000 9000 15000; do
	head -c $length "$tmp/t" >"$tmp/cut"
	looks types "$tmp/cut"
	[ $status -eq 1 ] && [ -s "$tmp/told" ]
	result $? "cut off after $length bytes"
done

# ---- On our own

looks types "$O"/examples/*
result $? "our examples"
! grep -q padding "$tmp/said"
result $? "are without padding"
looks types --json "$O/examples/calls-server"
holds "as JSON" '.[0] | keys == ["alignment", "faults", "fingerprint", "good", "name", "padding",
	"program", "role", "service", "size", "slice"]'
holds "of these values" '.[0] | .name == "struct call" and .role == "request" and .size == 8 and
	.alignment == 8 and .slice == false and .good and .faults == [] and .padding == [] and
	.service == "example/calls" and (.fingerprint | test("^[0-9a-f]{16}$"))'

# ---- A step of a build

cat >"$tmp/Makefile" <<END
program: program.c
	$CC -g -I$PWD/uapi -I$PWD/lib/include -o \$@.new program.c
	$(realpath "$sluice") types \$@.new
	mv \$@.new \$@
END
# build DEFINITION: of a program with such a type
build() {
	{ echo '#include <sluice.h>'; echo "$1"; contract build "struct t"; } >"$tmp/program.c"
	make -s -C "$tmp" program
}
unset MAKEFLAGS MFLAGS MAKELEVEL
refuse "a build ends at a pointer" build 'struct t { struct { char *text; } b[2]; };'
grep -q 'struct t.b\[\].text is a pointer' "$tmp/output" && [ ! -e "$tmp/program" ]
result $? "and says where it is"
check "another does not" build 'struct t { struct { char text[8]; } b[2]; };'

looks types --header "$tmp/program"
[ $status -eq 0 ] && ! grep -qv '^#define SLUICE_FINGERPRINT_' "$tmp/said"
result $? "a header has nothing but fingerprints"
build 'struct t { char *text; };' >"$tmp/output" 2>&1
looks types --header "$tmp/program.new"
fails "and there is none of a program that is refused" 1 'struct t.text is a pointer'

# ---- Two builds that are not the same

# side NAME DEFINITION [FINGERPRINT]: a program that has its service open until it is killed,
# or for a moment if it is called with an argument
side() {
	cat >"$tmp/$1.c" <<END
#include <stdio.h>
#include <unistd.h>
#include <sluice.h>
$2
#ifdef CHECKED
#include "$1.h"
#define REQUEST SLUICE_TYPE_FINGERPRINTED(struct t, SLUICE_FINGERPRINT_t)
#else
#define REQUEST SLUICE_TYPE(struct t)
#endif
static const struct sluice_contract contract = {
	.name = "selftest/sides", .request = REQUEST, .response = SLUICE_TYPE(struct t),
};
int main(int argc, char **argv)
{
	struct sluice_node *node = sluice_node_create("side", NULL);
	struct sluice_service *service = sluice_service_open(node, &contract, NULL);
	struct t t;

	(void)argv;
	if (!service)
		fprintf(stderr, "%s\n", sluice_strerror());
	else if (argc < 2 && puts("open") > 0 && fflush(stdout) == 0)
		sleep(60);
	sluice_service_close(service);
	sluice_node_destroy(node);
	return !service || sizeof(t) != 8;
}
END
	libs=$(pkg-config --libs liburing)
	# shellcheck disable=SC2086
	$CC $include -g -c -o "$tmp/$1.o" "$tmp/$1.c" &&
		"$sluice" types --header "$tmp/$1.o" >"$tmp/$1.h" &&
		$CC $include -g -DCHECKED -o "$tmp/$1" "$tmp/$1.c" "$O/lib/libsluice.a" $libs &&
		$CC $include -g -o "$tmp/$1-unchecked" "$tmp/$1.c" "$O/lib/libsluice.a" $libs &&
		"$sluice" types "$tmp/$1"
}

check "one build" side one 'struct t { uint32_t a; uint32_t b; };'
check "another, of the same size" side other 'struct t { uint32_t b; uint32_t a; };'
check "a header" grep -qx '#define SLUICE_FINGERPRINT_t	UINT64_C(0x[0-9a-f]\{16\})' "$tmp/one.h"
looks types "$tmp/one" --json
holds "the contract has it" '.[0].good'
sed 's/{ uint32_t a; uint32_t b; }/{ uint32_t b; uint32_t a; }/' "$tmp/one.c" >"$tmp/stale.c"
cp "$tmp/one.h" "$tmp/stale.h"
# shellcheck disable=SC2086
$CC $include -g -DCHECKED -c -o "$tmp/stale.o" "$tmp/stale.c"
looks types "$tmp/stale.o"
[ $status -eq 1 ] && grep -q "struct t has the fingerprint .*: write the header again" "$tmp/told"
result $? "a header that is out of date"

"$tmp/one" >"$tmp/open" &
one=$!
until [ -s "$tmp/open" ]; do
	kill -0 $one 2>/dev/null || break
	sleep 0.02
done
check "the same opens its service" "$tmp/one" now
check "so does who knows no fingerprint" "$tmp/other-unchecked" now
refuse "the other does not" "$tmp/other" now
grep -q 'has request.fingerprint 0x.*, and 0x.* is wanted: the members of t differ' "$tmp/output"
result $? "and says why"
kill $one
wait $one 2>/dev/null

looks types --compare "$tmp/one" "$tmp/other"
[ $status -eq 1 ]
result $? "they differ"
says "in the first member" 'struct t.a is unsigned of 4 bytes at offset 0 in .*one, and struct t.b is unsigned of 4 bytes at offset 0 in .*other$'
rude=$(printf 'one\033[2J')
cp "$tmp/one" "$tmp/$rude"
looks types --compare "$tmp/$rude" "$tmp/other"
[ -s "$tmp/said" ] && ! grep -q "$escape" "$tmp/said" "$tmp/told"
result $? "what terminals obey in the name of a program is escaped"
looks types --compare "$tmp/one" "$tmp/one-unchecked"
[ $status -eq 0 ] && [ ! -s "$tmp/said" ]
result $? "and the same does not"
looks types --compare "$tmp/one" "$O/examples/calls-server"
fails "nothing to compare" 1 "have no type in common"

# ---- The command line

wrong types
wrong types --no-such-option
wrong types --compare "$tmp/one"
wrong types --header --json "$tmp/one"
help_fits types
finish
