/* SPDX-License-Identifier: MIT */
/* The counters of a port, by name. */
#ifndef TOOLS_COUNTERS_H
#define TOOLS_COUNTERS_H

#include <stdint.h>

#include <jansson.h>

#include <sluice_list.h>

/* The counters at a moment of CLOCK_MONOTONIC, as a JSON object; or NULL. */
json_t *counters_json(const struct sluice_list_counters *counters, int64_t time);

/* The rates of counters that only rise, per second, as numbers and as a JSON object. */
double counters_rate(uint64_t before, uint64_t now, double seconds);
json_t *counters_rates_json(const struct sluice_list_counters *before,
			    const struct sluice_list_counters *now, double seconds);

#define COUNTERS_AGE	40

/*
 * The time since the port was last active, as "1.25 s ago" or "never", in a buffer of
 * COUNTERS_AGE.
 */
char *counters_age(char *buffer, const struct sluice_list_counters *counters, int64_t time);

#endif /* TOOLS_COUNTERS_H */
