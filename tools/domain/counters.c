// SPDX-License-Identifier: MIT
/*
 * The counters of a port, by name; sluice_list.h says what they count.
 *
 * As JSON they are an object of whole numbers, which has all names of struct
 * sluice_list_counters.  Two are made readable:
 *
 *	active		when the port last sent or received, in nanoseconds since the epoch;
 *			null: never
 *	idle		nanoseconds since then; null: never was any
 *
 * Rates are an object of numbers per second, for those that only rise; that of "blocked"
 * is nanoseconds per second.
 *
 * The process of the port has written them, and may have written anything.  A number too
 * large for JSON's whole numbers is cut, a counter that has fallen has the rate 0, and a
 * last activity in the future counts as now.
 */
#include "counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tools/text/text.h"

struct counter {
	const char *name;
	size_t offset;
	bool rises;		/* and never falls */
};

#define COUNTER(name, rises) { #name, offsetof(struct sluice_list_counters, name), rises }

static const struct counter counter[] = {
	COUNTER(sent, true),
	COUNTER(sent_bytes, true),
	COUNTER(received, true),
	COUNTER(received_bytes, true),
	COUNTER(loaned, false),
	COUNTER(depth, false),
	COUNTER(depth_most, false),
	COUNTER(peers, false),
	COUNTER(growths, true),
	COUNTER(segments, false),
	COUNTER(segment_bytes, false),
	COUNTER(overflows, true),
	COUNTER(blocked, true),
	COUNTER(polled, true),
	COUNTER(woken, true),
	COUNTER(expired, true),
	COUNTER(violations, true),
};

#define COUNTERS	(sizeof(counter) / sizeof(counter[0]))

_Static_assert(sizeof(struct sluice_list_counters) == (COUNTERS + 2) * sizeof(uint64_t),
	       "all of them, size and active");

static uint64_t value_of(const struct sluice_list_counters *counters, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)counters + counter[i].offset, sizeof(value));
	return value;
}

static json_t *whole(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Nanoseconds since it was active; it has been active. */
static uint64_t idle(const struct sluice_list_counters *counters, int64_t time)
{
	return counters->active < (uint64_t)time ? (uint64_t)time - counters->active : 0;
}

json_t *counters_json(const struct sluice_list_counters *counters, int64_t time)
{
	json_t *object = json_object();
	uint64_t since;

	for (size_t i = 0; i < COUNTERS; i++)
		json_object_set_new(object, counter[i].name, whole(value_of(counters, i)));
	if (!counters->active) {
		json_object_set_new(object, "active", json_null());
		json_object_set_new(object, "idle", json_null());
		return object;
	}
	since = idle(counters, time);
	json_object_set_new(object, "active", whole(wall_time((uint64_t)time) - since));
	json_object_set_new(object, "idle", whole(since));
	return object;
}

double counters_rate(uint64_t before, uint64_t now, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

json_t *counters_rates_json(const struct sluice_list_counters *before,
			    const struct sluice_list_counters *now, double seconds)
{
	json_t *object = json_object();
	double rate;

	for (size_t i = 0; i < COUNTERS; i++) {
		if (!counter[i].rises)
			continue;
		rate = counters_rate(value_of(before, i), value_of(now, i), seconds);
		json_object_set_new(object, counter[i].name, json_real(rate));
	}
	return object;
}

char *counters_age(char *buffer, const struct sluice_list_counters *counters, int64_t time)
{
	char number[TEXT_NUMBER];

	if (counters->active)
		snprintf(buffer, COUNTERS_AGE, "%s ago", text_ns(number, idle(counters, time)));
	else
		snprintf(buffer, COUNTERS_AGE, "never");
	return buffer;
}
