// SPDX-License-Identifier: MIT
/*
 * The figures of a run.
 *
 * A thing's figure is the median, over the rounds, of the time of a round divided by the
 * messages that were received in it.  Its percentiles and its maximum are over all steps of
 * all rounds that were timed one by one; a thing that has several messages under way has
 * none, since a step is no round trip there.  Its ratio is its median divided by that of
 * its floor.
 *
 * Percentiles are of the times themselves and not of a histogram, since a bucket of a
 * histogram is wider than what is compared here.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

int report_prepare(struct report *report)
{
	for (unsigned int i = 0; i < report->things->count; i++) {
		struct result *result = &report->result[i];
		size_t rounds = report->options->rounds;

		result->round_ns = calloc(rounds, sizeof(*result->round_ns));
		result->calls = -1;
		result->stamps = calloc(rounds * report->things->thing[i].stamped,
					sizeof(*result->stamps));
		if (!result->round_ns || !result->stamps)
			return complain("no memory for the figures");
	}
	return 0;
}

void report_free(struct report *report)
{
	for (unsigned int i = 0; i < THINGS_MAX; i++) {
		free(report->result[i].round_ns);
		free(report->result[i].stamps);
	}
}

void report_round(struct report *report, unsigned int thing, int64_t ns,
		  const uint32_t *stamps)
{
	const struct thing *what = &report->things->thing[thing];
	struct result *result = &report->result[thing];

	result->round_ns[result->rounds++] = (double)ns / what->trips / things_messages(what);
	memcpy(result->stamps + result->stamped, stamps, what->stamped * sizeof(*stamps));
	result->stamped += what->stamped;
	result->sorted = false;
}

/* The result of a round that was not timed. */
void report_calls(struct report *report, unsigned int thing, uint64_t calls)
{
	const struct thing *what = &report->things->thing[thing];

	report->result[thing].calls = (double)calls / (what->warm + what->trips + what->stamped) /
				      things_messages(what);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_stamps(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double median_of_sorted(const double *values, size_t count)
{
	return count ? (values[(count - 1) / 2] + values[count / 2]) / 2 : 0;
}

double report_median_of(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return median_of_sorted(values, count);
}

/* Sorted; or NULL. */
static const struct result *find(struct report *report, const char *key)
{
	const struct thing *thing = things_find(report->things, key);
	struct result *result;

	if (!thing)
		return NULL;
	result = &report->result[thing - report->things->thing];
	if (!result->sorted) {
		qsort(result->round_ns, result->rounds, sizeof(*result->round_ns),
		      compare_doubles);
		qsort(result->stamps, result->stamped, sizeof(*result->stamps), compare_stamps);
		result->sorted = true;
	}
	return result;
}

double report_median(struct report *report, const char *key)
{
	const struct result *result = find(report, key);

	return result ? median_of_sorted(result->round_ns, result->rounds) : 0;
}

double report_quantile(struct report *report, const char *key, double share)
{
	const struct result *result = find(report, key);

	if (!result || !result->stamped || !things_one_by_one(things_find(report->things, key)))
		return 0;
	return result->stamps[(size_t)((double)(result->stamped - 1) * share)];
}

double report_ratio(struct report *report, const char *key, const char *floor)
{
	double below = report_median(report, floor);

	return below > 0 ? report_median(report, key) / below : 0;
}

double report_rate(struct report *report, const char *key)
{
	double ns = report_median(report, key);

	return ns > 0 ? 1e9 / ns : 0;
}
