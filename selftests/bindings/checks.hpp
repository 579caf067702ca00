// SPDX-License-Identifier: GPL-2.0-only
/*
 * checks.hpp - what the programs in C++ share: a check that fails says where, and the program
 * goes on; its exit status is 1 then
 */
#ifndef SELFTESTS_CHECKS_HPP
#define SELFTESTS_CHECKS_HPP

#include <cstdio>

static int failures;

static inline void check_(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	failures++;
	std::printf("%s:%d: not so: %s\n", file, line, what);
}

#define CHECK(...)	check_(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

#endif /* SELFTESTS_CHECKS_HPP */
