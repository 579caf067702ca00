// SPDX-License-Identifier: GPL-2.0-only
/*
 * The histograms of the tracer: every value is in the bucket that begins at or before it,
 * and quantiles are those of the sorted values, to a sixteenth.  The functions are those
 * that run in the kernel.
 */
#include "common.h"

#include <stdlib.h>

#include "tools/trace/histogram.h"

#define VALUES	10000

static void check_bucket(struct __test_metadata *_metadata, uint64_t value)
{
	uint32_t bucket = histogram_bucket(value);

	ASSERT_LT(bucket, HISTOGRAM_BUCKETS);
	EXPECT_LE(histogram_least(bucket), value);
	if (bucket + 1 < HISTOGRAM_BUCKETS)
		EXPECT_LT(value, histogram_least(bucket + 1));
}

TEST(histogram_buckets_at_every_power_of_two)
{
	uint64_t value;
	int i;

	for (value = 0; value < 5000; value++)
		check_bucket(_metadata, value);
	for (i = 5; i < 64; i++) {
		value = UINT64_C(1) << i;
		check_bucket(_metadata, value - 1);
		check_bucket(_metadata, value);
		check_bucket(_metadata, value + 1);
		check_bucket(_metadata, value + value / 3);
	}
	check_bucket(_metadata, UINT64_MAX);
}

TEST(histogram_buckets_follow_one_another)
{
	uint32_t i;

	for (i = 1; i < HISTOGRAM_BUCKETS; i++) {
		EXPECT_LT(histogram_least(i - 1), histogram_least(i));
		EXPECT_EQ(i, histogram_bucket(histogram_least(i)));
		EXPECT_EQ(i - 1, histogram_bucket(histogram_least(i) - 1));
	}
}

static void put(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->bucket[histogram_bucket(value)]++;
	if (value > histogram->most)
		histogram->most = value;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

TEST(histogram_quantiles_of_many_values)
{
	static const double shares[] = { 0.01, 0.5, 0.9, 0.99, 0.999, 1 };
	static struct histogram half[2];
	static uint64_t values[VALUES];
	uint64_t random = 1, right, found;
	size_t i;

	for (i = 0; i < VALUES; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		values[i] = random >> (10 + random % 50);
		put(&half[i % 2], values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), compare);
	histogram_add(&half[0], &half[1]);
	EXPECT_EQ(VALUES, half[0].count);
	EXPECT_EQ(values[VALUES - 1], half[0].most);
	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		right = values[(size_t)(shares[i] * VALUES) - 1];
		found = histogram_quantile(&half[0], shares[i]);
		EXPECT_LE(right, found);
		EXPECT_LE(found, right + right / 16 + 1) {
			TH_LOG("%g: %llu, not %llu", shares[i], (unsigned long long)found,
			       (unsigned long long)right);
		}
	}
}

TEST(histogram_quantile_of_nothing_and_of_one)
{
	static struct histogram histogram;

	EXPECT_EQ(0, histogram_quantile(&histogram, 0.5));
	put(&histogram, 1000);
	EXPECT_EQ(1000, histogram_quantile(&histogram, 0));
	EXPECT_EQ(1000, histogram_quantile(&histogram, 0.5));
	EXPECT_EQ(1000, histogram_quantile(&histogram, 1));
}

TEST_HARNESS_MAIN
