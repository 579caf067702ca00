/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random cases of one row of attacks, against one end of a channel (server_fuzz.c or
 * client_fuzz.c): each case is a new channel and up to 64 steps, of which the steps of the
 * hostile peer are those of the row.  One case in two is of a service without overflow, and one
 * in two has rings near the end of their numbers.
 *
 *	SEED=	of the cases; it is printed, and gives the same cases again
 *	CASES=	how many of each row
 */
#ifndef SELFTESTS_FUZZ_ROWS_H
#define SELFTESTS_FUZZ_ROWS_H

#include "common.h"
#include "../fuzz/fuzz.h"

#define CASES		500
#define CASE_BYTES	4096

FIXTURE(rows)
{
	uint64_t cases, seed;
};

static uint64_t given(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

FIXTURE_SETUP(rows)
{
	self->cases = given("CASES", CASES);
	self->seed = given("SEED", (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid());
}

FIXTURE_TEARDOWN(rows)
{
}

static void feed_row(struct __test_metadata *_metadata, FIXTURE_DATA(rows) *self, const char *name)
{
	const struct fuzz_row *row = fuzz_rows;
	uint64_t i;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	ASSERT_NE(NULL, row->name);
	TH_LOG("%s: CASES=%llu SEED=%llu", name, (unsigned long long)self->cases,
	       (unsigned long long)self->seed);
	for (i = 0; i < self->cases; i++) {
		struct input input = {
			.left = CASE_BYTES, .row = row, .state = self->seed + (i << 32),
		};

		fuzz_feed(&input);
	}
}

#define ROW(name)								\
	TEST_F_TIMEOUT(rows, name, 86400)					\
	{									\
		feed_row(_metadata, self, #name);				\
	}

#endif /* SELFTESTS_FUZZ_ROWS_H */
