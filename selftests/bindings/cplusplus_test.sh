#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice.hpp and sluice_containers.hpp: they compile without a warning with each compiler that
# is installed, as C++17 and C++20, without exceptions and run-time type information, too.
# Nouns and containers behave, the compiler refuses what it must, a round trip takes the
# instructions of C, and `sluice types` finds contracts in C++.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh
command -v "$CXX" >/dev/null || skip_all "no $CXX"

SLUICE_ROOT=$tmp/root
export SLUICE_ROOT
mkdir -m 700 "$SLUICE_ROOT"
here=selftests/bindings
strict='-Wall -Wextra -Wpedantic -Werror -Ilib/include'
libs="-pthread $(pkg-config --libs liburing 2>/dev/null || echo -luring)"

# compiles COMPILER FLAG...: both programs, without a word
compiles() {
	# shellcheck disable=SC2086 # flags, one a word
	for source in nouns containers; do
		"$@" $strict -fsyntax-only $here/$source.cc 2>&1
	done >"$tmp/said" && [ ! -s "$tmp/said" ] && return
	cat "$tmp/said"
	return 1
}

# behaves PROGRAM COMPILER FLAG...: it is built with these flags, and runs in both ways of waiting
behaves() {
	program=$1
	shift
	# shellcheck disable=SC2086
	"$@" -g $strict -o "$tmp/$program" $here/$program.cc "$O/lib/libsluice.a" $libs || return
	for way in uring socket; do
		SLUICE_WAIT=$way timeout 300 "$tmp/$program" || return
	done
}

# A program with an error that the sanitizer must see, where there is one.
cat >"$tmp/freed.cc" <<'END_OF_FREED'
#include <cstdlib>
int main() { char *p = static_cast<char *>(std::malloc(1)); std::free(p); return *p; }
END_OF_FREED
sanitize=-fsanitize=address,undefined
if ! "$CXX" $sanitize -o "$tmp/freed" "$tmp/freed.cc" 2>/dev/null || "$tmp/freed" 2>/dev/null; then
	skip "address sanitizer" "$CXX has none"
	sanitize=
fi
check "containers, C++17" behaves containers "$CXX" -std=c++17 $sanitize
check "nouns, C++17, with exceptions" behaves nouns "$CXX" -std=c++17 -DSLUICE_EXCEPTIONS $sanitize
check "nouns, C++20, without exceptions" behaves nouns "$CXX" -std=c++20 -fno-exceptions -fno-rtti

# Other compilers, each as one standard; "make check-cplusplus" tries all.
for compiler in g++ clang++ clang++-19; do
	for standard in c++17 c++20; do
		case $compiler-$standard$MATRIX in
		clang++-c++17 | clang++-19-c++20 | *all) ;;
		*) continue ;;
		esac
		if ! command -v $compiler >/dev/null; then
			skip "compiles, $standard, $compiler" "no $compiler"
			continue
		fi
		check "compiles, $standard, $compiler" compiles $compiler -std=$standard \
			-fno-exceptions -fno-rtti
		[ -z "$MATRIX" ] ||
			check "compiles, $standard, $compiler, with exceptions" \
				compiles $compiler -std=$standard -DSLUICE_EXCEPTIONS
	done
done

# ---- What is refused

# refused: it compiles without these lines; with them each is complained about, in its words
refused() {
	# shellcheck disable=SC2086
	"$CXX" -std=c++17 $strict -fsyntax-only $here/refused.cc || return
	# shellcheck disable=SC2086
	! "$CXX" -std=c++17 $strict -fsyntax-only -DREFUSED $here/refused.cc >"$tmp/said" 2>&1 ||
		return
	grep -n '// ' $here/refused.cc | grep -v SPDX >"$tmp/refused"
	while IFS= read -r line; do
		grep -q "refused.cc:${line%%:*}:" "$tmp/said" &&
			grep -q -e "${line##*// }" "$tmp/said" && continue
		echo "compiles, or says something else: $line"
		cat "$tmp/said"
		return 1
	done <"$tmp/refused"
	[ "$(wc -l <"$tmp/refused")" -ge 15 ]
}

check "the compiler refuses what it must" refused

# ---- What it costs

# trip PROGRAM: instructions of a round trip, by the difference of few and more of them
trip() {
	for trips in 100 300; do
		timeout 250 valgrind --tool=callgrind --callgrind-out-file="$tmp/out" \
			--toggle-collect='round_trip*' "$1" $trips >"$tmp/said" 2>&1 ||
			{ cat "$tmp/said" >&2; return 1; }
		awk '/^totals:/ { print $2 }' "$tmp/out"
	done | awk '{ at[NR] = $1 } END { if (NR != 2) exit 1; print int((at[2] - at[1]) / 200 + 0.5) }'
}

# costs_as_much COUNT COUNT: the second is at most 4 instructions more than the first
costs_as_much() {
	echo "$1 instructions in C, $2 in C++"
	[ "$1" -gt 500 ] && [ "$2" -gt 500 ] && [ "$2" -le $(($1 + 4)) ]
}

refuse "instructions that C++ adds are seen" costs_as_much 2500 2505
if command -v valgrind >/dev/null; then
	# shellcheck disable=SC2086
	check "the round trip in C is built" "$CC" -std=c11 -O2 -D_GNU_SOURCE -Ilib/include \
		-o "$tmp/trip-c" selftests/tools/probes_test.c "$O/lib/libsluice.a" $libs
	# shellcheck disable=SC2086
	check "the round trip in C++ is built" "$CXX" -std=c++17 -O2 $strict \
		-o "$tmp/trip" $here/trip.cc "$O/lib/libsluice.a" $libs
	in_c=$(trip "$tmp/trip-c")
	in_cpp=$(trip "$tmp/trip")
	check "a round trip takes the instructions of C" costs_as_much "${in_c:-0}" "${in_cpp:-0}"
	echo "# a round trip takes $in_c instructions in C, $in_cpp in C++" >&2
else
	skip "a round trip takes the instructions of C" "there is no valgrind"
fi

# ---- What the manual shows

# shown: the blocks of code of cplusplus.rst as one source, those inside a function in one
shown() {
	awk 'BEGIN {
		print "#include <err.h>\n#include <cstdio>"
		print "#include <sluice.hpp>\n#include <sluice_containers.hpp>"
		print "using namespace std::chrono_literals;"
	}
	function finish() {
		if (!lines)
			return
		if (block ~ /^\t(struct|namespace|inline|using) /)
			print block
		else
			body[++bodies] = block
		block = ""
		lines = 0
	}
	/^\.\. code-block:: c\+\+$/ { finish(); inside = 1; next }
	/^[^\t]/		    { finish(); inside = 0 }
	inside && (lines || NF)	    { block = block $0 "\n"; lines++ }
	END {
		finish()
		for (i = 1; i <= bodies; i++) {
			print "void shown_" i "(sluice::node &, decltype(adder)::client &,"
			print "decltype(adder)::client::pending_response &, std::uint64_t &);"
			print "void shown_" i "(sluice::node &node, decltype(adder)::client &client,"
			print "decltype(adder)::client::pending_response &pending, std::uint64_t &sum)"
			print "{ (void)node; (void)client; (void)pending; (void)sum; {" body[i] "} }"
		}
		exit bodies < 8
	}' Documentation/cplusplus.rst >"$tmp/shown.cc" || return
	# shellcheck disable=SC2086
	"$CXX" -std=c++17 -DSLUICE_EXCEPTIONS $strict -fsyntax-only "$tmp/shown.cc"
}

check "the manual shows code that compiles" shown

# ---- Contracts in C++

# finds_types: the contract of an example and its types
finds_types() {
	"$O/tools/sluice" types "$O/examples/$1"
}

check "sluice types finds a contract" finds_types adder-cpp-server
grep -q 'add_request' "$tmp/output" && grep -q 'add_response' "$tmp/output"
result $? "and its types"

finish
