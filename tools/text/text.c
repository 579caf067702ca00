// SPDX-License-Identifier: MIT
/* Numbers and strings for people, and numbers from them. */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/text/errno_name.h"

char *text_ns(char *buffer, uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = (double)ns;
	int unit = 0;

	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	snprintf(buffer, TEXT_NUMBER, value < 9.995 && unit ? "%.2f %s" :
		 value < 99.95 && unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buffer;
}

char *text_bytes(char *buffer, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1023.5 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, TEXT_NUMBER, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buffer;
}

char *text_id(char *buffer, uint64_t id)
{
	snprintf(buffer, TEXT_NUMBER, "%016" PRIx64, id);
	return buffer;
}

struct unit {
	const char *name;
	double factor;
};

static bool parse(const char *text, const struct unit *units, uint64_t *ret_value)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !(value >= 0))
		return false;
	for (; units->name; units++) {
		if (strcmp(end, units->name) != 0)
			continue;
		if (value * units->factor > 9e18)
			return false;
		*ret_value = (uint64_t)(value * units->factor);
		return true;
	}
	return false;
}

bool parse_ns(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{ "", 1e9 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		{ "min", 60e9 }, { "h", 3600e9 }, { NULL, 0 },
	};

	return parse(text, units, ret_ns);
}

bool parse_timeout(const char *text, int64_t *ret_ns)
{
	uint64_t ns;

	if (!parse_ns(text, &ns) || !ns)
		return false;
	*ret_ns = (int64_t)ns;
	return true;
}

bool parse_bytes(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "K", 1024 }, { "KiB", 1024 }, { "M", 1048576 },
		{ "MiB", 1048576 }, { "G", 1073741824 }, { "GiB", 1073741824 }, { NULL, 0 },
	};

	return parse(text, units, ret_bytes);
}

bool parse_count(const char *text, uint64_t most, uint64_t *ret_count)
{
	char *end;

	errno = 0;
	*ret_count = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret_count &&
	       *ret_count <= most;
}

/* The same for all times of a run, so that they stay in their order. */
uint64_t wall_time(uint64_t monotonic)
{
	static int64_t difference;
	struct timespec wall, since;

	if (!difference) {
		clock_gettime(CLOCK_REALTIME, &wall);
		clock_gettime(CLOCK_MONOTONIC, &since);
		difference = (wall.tv_sec - since.tv_sec) * SECOND_NS + wall.tv_nsec -
			     since.tv_nsec;
	}
	return monotonic + (uint64_t)difference;
}

const char *text_errno(uint64_t number)
{
	static char other[TEXT_NUMBER];
	const char *name = errno_name(number);

	if (name)
		return name;
	snprintf(other, sizeof(other), "%llu", (unsigned long long)number);
	return other;
}
