// SPDX-License-Identifier: MIT
/*
 * Distributions of times: adding up what the program in the kernel has collected on each
 * processor (bpf/histogram.h), and computing quantiles.  A quantile is the last value of
 * its bucket, so it is at most a sixteenth too large, and never too small.
 */
#include "histogram.h"

#include "trace.h"

#define BAR_WIDTH	40

void histogram_add(struct histogram *sum, const struct histogram *more)
{
	sum->count += more->count;
	if (more->most > sum->most)
		sum->most = more->most;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += more->bucket[i];
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	double wanted = share * (double)histogram->count;
	uint64_t seen = 0, value;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (!histogram->bucket[i] || (double)seen < wanted)
			continue;
		value = i + 1 < HISTOGRAM_BUCKETS ? histogram_least(i + 1) - 1 : UINT64_MAX;
		return value < histogram->most ? value : histogram->most;
	}
	return histogram->most;
}

static uint64_t sum_of(const struct histogram *histogram, uint32_t doubling)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < HISTOGRAM_STEPS; i++)
		sum += histogram->bucket[doubling * HISTOGRAM_STEPS + i];
	return sum;
}

static void print_bar(uint32_t doubling, uint64_t count, uint64_t most)
{
	char from[TEXT_NUMBER], to[TEXT_NUMBER];
	int width = (int)((count * BAR_WIDTH + most - 1) / most);

	text_ns(from, histogram_least(doubling * HISTOGRAM_STEPS));
	text_ns(to, histogram_least((doubling + 1) * HISTOGRAM_STEPS));
	printf("  %8s - %-8s |", from, to);
	for (int i = 0; i < BAR_WIDTH; i++)
		putchar(i < width ? '@' : ' ');
	printf("| %llu\n", (unsigned long long)count);
}

void histogram_print(const struct histogram *histogram)
{
	uint32_t doublings = HISTOGRAM_BUCKETS / HISTOGRAM_STEPS, first = doublings, last = 0;
	uint64_t most = 1;

	for (uint32_t i = 0; i < doublings; i++) {
		uint64_t sum = sum_of(histogram, i);

		if (!sum)
			continue;
		if (first == doublings)
			first = i;
		last = i;
		if (sum > most)
			most = sum;
	}
	for (uint32_t i = first; i <= last && i < doublings; i++)
		print_bar(i, sum_of(histogram, i), most);
}
