// SPDX-License-Identifier: GPL-2.0-only
/* The tracer's hash table, tools/trace/table.c, beside an array that holds the same. */
#include "common.h"

#include "tools/trace/table.h"

#define KEYS	200u

/* Its values are the addresses of these. */
static struct table_key keys[KEYS];

static size_t pick(uint64_t *seed, size_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*seed >> 33) % below;
}

TEST(table_agrees_with_an_array)
{
	uint64_t seed = (uint64_t)now();
	struct table table = { .size = 0 };
	bool there[KEYS] = { false };
	size_t count = 0;

	TH_LOG("seed %llu", (unsigned long long)seed);
	for (unsigned int i = 0; i < KEYS; i++)
		keys[i] = (struct table_key){ { i % 3, i, i << 20 } };
	EXPECT_EQ(NULL, table_find(&table, &keys[0]));
	EXPECT_EQ(NULL, table_remove(&table, &keys[0]));
	for (unsigned int i = 0; i < 50000; i++) {
		size_t k = pick(&seed, KEYS);

		ASSERT_EQ(there[k] ? &keys[k] : NULL, table_find(&table, &keys[k]));
		if (there[k]) {
			ASSERT_EQ(&keys[k], table_remove(&table, &keys[k]));
		} else {
			ASSERT_EQ(0, table_add(&table, &keys[k], &keys[k]));
		}
		there[k] = !there[k];
		count += there[k] ? 1 : (size_t)-1;
		ASSERT_EQ(count, table.count);
	}
	table_deinit(&table);
	EXPECT_EQ(0, table.size);
}

TEST_HARNESS_MAIN
