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
libs="-pthread $(pkg-config --libs liburing inih 2>/dev/null || echo -luring -linih)"

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

for compiler in g++ clang++ clang++-19; do
	if ! command -v $compiler >/dev/null; then
		skip "compiles" "no $compiler"
		continue
	fi
	check "compiles, C++17, $compiler" compiles $compiler -std=c++17 -fno-exceptions -fno-rtti
	check "compiles, C++20, $compiler" compiles $compiler -std=c++20
done
check "containers" behaves containers "$CXX" -std=c++17
check "nouns, with exceptions" behaves nouns "$CXX" -std=c++17 -DSLUICE_EXCEPTIONS
check "nouns, without exceptions, C++20" behaves nouns "$CXX" -std=c++20 -O2 -fno-exceptions -fno-rtti

# A program with an error that the sanitizer must see, where there is one.
cat >"$tmp/leak.cc" <<'END_OF_LEAK'
#include <cstdlib>
int main() { char *p = static_cast<char *>(std::malloc(1)); std::free(p); return *p; }
END_OF_LEAK
if "$CXX" -fsanitize=address -o "$tmp/leak" "$tmp/leak.cc" 2>/dev/null && ! "$tmp/leak" 2>/dev/null
then
	check "nouns, address sanitizer" behaves nouns "$CXX" -std=c++17 -fsanitize=address,undefined
	check "containers, address sanitizer" \
		behaves containers "$CXX" -std=c++17 -fsanitize=address,undefined
else
	skip "address sanitizer" "$CXX has none"
fi

# ---- What is refused

# refused: compiles with number 0; with the others the compiler says why not
refused() {
	# shellcheck disable=SC2086
	"$CXX" -std=c++17 $strict -fsyntax-only $here/refused.cc || return
	while IFS='|' read -r number words; do
		# shellcheck disable=SC2086
		if "$CXX" -std=c++17 $strict -Wno-error=unused-variable -fsyntax-only \
			-DREFUSED="$number" $here/refused.cc >"$tmp/said" 2>&1; then
			echo "number $number compiles"
			return 1
		fi
		grep -q -e "$words" "$tmp/said" && continue
		echo "number $number: not said: $words"
		cat "$tmp/said"
		return 1
	done
}

check "the compiler refuses what it must" refused <<'END_OF_WORDS'
1|a pointer, a reference or a long double in a payload
2|it must be trivially copyable
3|it must have standard layout
4|name it with SLUICE_DESCRIBE()
5|the payload is exactly one element: loan()
6|a slice needs a length: loan(count)
7|deleted
8|nodiscard
9|read-only\|const
10|read-only\|const
11|no matching
12|deleted
13|incomplete\|thrower
14|nodiscard
15|no match\|no viable
END_OF_WORDS

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
