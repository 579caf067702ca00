// SPDX-License-Identifier: GPL-2.0-only
/*
 * The book of a segment, lib/shm/slab.c: what each call does, and a long random
 * life beside a reference that keeps one byte for each quantum of the segment
 * and finds everything by looking at all of them.
 */
#include "two_ends.h"

#include <limits.h>

#include <sluice/segment.h>

#include "shm/slab.h"

#define Q		((uint64_t)SLUICE_SLICE_QUANTUM)
#define QUANTA_MAX	512

FIXTURE(slab)
{
	struct slab slab;
};

FIXTURE_SETUP(slab)
{
	slab_init(&self->slab);
}

FIXTURE_TEARDOWN(slab)
{
	slab_deinit(&self->slab);
	EXPECT_EQ(0, self->slab.size);
	EXPECT_EQ(NULL, self->slab.free);
	EXPECT_EQ(0, count_leaks());
}

/* Takes so many quanta; the first one's number, or -errno. */
static long take(struct slab *slab, long quanta)
{
	uint64_t offset = UINT64_MAX;
	int result = slab_take(slab, (uint64_t)quanta * Q, &offset);

	if (result)
		return offset == UINT64_MAX ? result : -EBADMSG;
	return offset % Q ? -EBADMSG : (long)(offset / Q);
}

static void give(struct slab *slab, long first, long quanta)
{
	slab_give(slab, (uint64_t)first * Q, (uint64_t)quanta * Q);
}

TEST_F(slab, nothing_in_nothing)
{
	EXPECT_EQ(-ENOSPC, take(&self->slab, 1));
	EXPECT_EQ(3 * Q, slab_size_for(&self->slab, 3 * Q));
	EXPECT_EQ(0, slab_extend(&self->slab, 0));
	EXPECT_EQ(0, self->slab.count);
	/* Nothing was taken, so nothing is forgotten. */
	slab_deinit(&self->slab);
}

TEST_F(slab, all_of_it)
{
	ASSERT_EQ(0, slab_extend(&self->slab, 8 * Q));
	EXPECT_EQ(-ENOSPC, take(&self->slab, 9));
	EXPECT_EQ(0, take(&self->slab, 8));
	EXPECT_EQ(0, self->slab.count);
	EXPECT_EQ(8 * Q, self->slab.used);
	EXPECT_EQ(1, self->slab.taken);
	EXPECT_EQ(-ENOSPC, take(&self->slab, 1));
	give(&self->slab, 0, 8);
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(0, self->slab.used);
	EXPECT_EQ(0, self->slab.taken);
	EXPECT_EQ(0, take(&self->slab, 8));
}

TEST_F(slab, a_failure_takes_nothing)
{
	ASSERT_EQ(0, slab_extend(&self->slab, 4 * Q));
	EXPECT_EQ(-ENOSPC, take(&self->slab, 5));
	EXPECT_EQ(-ENOSPC, take(&self->slab, LONG_MAX / (long)Q));
	EXPECT_EQ(0, self->slab.used);
	EXPECT_EQ(0, self->slab.taken);
	EXPECT_EQ(4 * Q, self->slab.free[0].length);
}

/* Neighbours on neither side, before, behind, and on both. */
TEST_F(slab, what_comes_back_merges)
{
	long i;

	ASSERT_EQ(0, slab_extend(&self->slab, 5 * Q));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(i, take(&self->slab, 1));
	give(&self->slab, 1, 1);
	EXPECT_EQ(1, self->slab.count);
	give(&self->slab, 3, 1);
	EXPECT_EQ(2, self->slab.count);
	give(&self->slab, 2, 1);
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(Q, self->slab.free[0].offset);
	EXPECT_EQ(3 * Q, self->slab.free[0].length);
	give(&self->slab, 0, 1);
	EXPECT_EQ(1, self->slab.count);
	give(&self->slab, 4, 1);
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(0, take(&self->slab, 5));
}

/* Holes of 3, 1, 2, 1 and 9 quanta, with one quantum in use before each. */
TEST_F(slab, the_shortest_that_fits_and_the_lowest_of_those)
{
	static const long holes[] = { 3, 1, 2, 1, 9 };
	long at[5], i;

	ASSERT_EQ(0, slab_extend(&self->slab, 21 * Q));
	for (i = 0; i < 5; i++) {
		ASSERT_LE(0, take(&self->slab, 1));
		at[i] = take(&self->slab, holes[i]);
	}
	for (i = 0; i < 5; i++)
		give(&self->slab, at[i], holes[i]);
	EXPECT_EQ(5, self->slab.count);
	EXPECT_EQ(at[1], take(&self->slab, 1));
	EXPECT_EQ(at[3], take(&self->slab, 1));
	EXPECT_EQ(at[2], take(&self->slab, 1));
	EXPECT_EQ(at[2] + 1, take(&self->slab, 1));
	EXPECT_EQ(at[0], take(&self->slab, 2));
	EXPECT_EQ(at[4], take(&self->slab, 4));
	EXPECT_EQ(at[0] + 2, take(&self->slab, 1));
	EXPECT_EQ(at[4] + 4, take(&self->slab, 5));
	EXPECT_EQ(-ENOSPC, take(&self->slab, 1));
}

TEST_F(slab, growing_completes_the_last_hole)
{
	ASSERT_EQ(0, slab_extend(&self->slab, 4 * Q));
	ASSERT_EQ(0, take(&self->slab, 3));
	EXPECT_EQ(3 * Q + 10 * Q, slab_size_for(&self->slab, 10 * Q));
	ASSERT_EQ(0, take(&self->slab, 1) - 3);
	EXPECT_EQ(4 * Q + 10 * Q, slab_size_for(&self->slab, 10 * Q));
	give(&self->slab, 3, 1);
	ASSERT_EQ(0, slab_extend(&self->slab, 13 * Q));
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(3, take(&self->slab, 10));
	/* It does not shrink. */
	ASSERT_EQ(0, slab_extend(&self->slab, 5 * Q));
	EXPECT_EQ(13 * Q, self->slab.size);
}

/* The most extents there can be: every other quantum comes back. */
TEST_F(slab, giving_back_allocates_nothing)
{
	struct slab_extent *before;
	size_t room;
	long i;

	ASSERT_EQ(0, slab_extend(&self->slab, 2001 * Q));
	for (i = 0; i < 2001; i++)
		ASSERT_EQ(i, take(&self->slab, 1));
	before = self->slab.free;
	room = self->slab.room;
	for (i = 0; i < 2001; i += 2)
		give(&self->slab, i, 1);
	EXPECT_EQ(1001, self->slab.count);
	for (i = 1; i < 2001; i += 2)
		give(&self->slab, i, 1);
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(before, self->slab.free);
	EXPECT_EQ(room, self->slab.room);
}

/* Offsets of a segment of 2^40 bytes are nothing special. */
TEST_F(slab, large_numbers)
{
	long quanta = (1L << 40) / (long)Q;

	ASSERT_EQ(0, slab_extend(&self->slab, (uint64_t)quanta * Q));
	EXPECT_EQ(0, take(&self->slab, quanta - 1));
	EXPECT_EQ(quanta - 1, take(&self->slab, 1));
	EXPECT_EQ(UINT64_C(2) << 40, slab_size_for(&self->slab, UINT64_C(1) << 40));
}

/* ---- A random life --------------------------------------------------------- */

/* One byte for each quantum: 0 free, else in use. */
struct reference {
	uint8_t used[QUANTA_MAX];
	long quanta;
};

struct slice {
	long first, quanta;
};

/* Length of the free run that begins here and at nothing free before it. */
static long run_at(const struct reference *r, long first)
{
	long end = first;

	if (first && !r->used[first - 1])
		return 0;
	while (end < r->quanta && !r->used[end])
		end++;
	return end - first;
}

/* Where so many quanta must come from: the shortest run, the lowest of those. */
static long best_run(const struct reference *r, long quanta)
{
	long where = -ENOSPC, best = LONG_MAX, run, i;

	for (i = 0; i < r->quanta; i++) {
		run = run_at(r, i);
		if (run >= quanta && run < best) {
			best = run;
			where = i;
		}
	}
	return where;
}

/* What is missing behind the free quanta at the end. */
static long least_size_for(const struct reference *r, long quanta)
{
	long tail = 0;

	while (tail < r->quanta && !r->used[r->quanta - 1 - tail])
		tail++;
	return r->quanta - tail + quanta;
}

/* The extents are the free runs, and the invariants in slab.c hold. */
static bool agree(const struct slab *slab, const struct reference *r, size_t slices)
{
	uint64_t sum = 0;
	size_t extent = 0;
	long i, run;

	for (i = 0; i < r->quanta; i++) {
		run = run_at(r, i);
		if (!run)
			continue;
		if (extent == slab->count || slab->free[extent].offset != (uint64_t)i * Q ||
		    slab->free[extent].length != (uint64_t)run * Q)
			return false;
		extent++;
		sum += (uint64_t)run * Q;
	}
	return extent == slab->count && slab->size == (uint64_t)r->quanta * Q &&
	       slab->used + sum == slab->size && slab->taken == slices &&
	       slab->room >= slab->taken + 1 && slab->taken + 1 >= slab->count;
}

TEST_F(slab, agrees_with_a_bitmap)
{
	struct reference reference = { .quanta = 0 };
	struct slice slices[QUANTA_MAX];
	uint64_t random = test_seed(), i;
	size_t count = 0, failed = 0;

	TH_LOG("SEED=%llu", (unsigned long long)random);
	for (i = 0; i < 100000; i++) {
		uint64_t r = next_random(&random);
		long quanta = 1 + (long)(r >> 8) % (r & 16 ? 4 : 40);
		struct slice *slice = &slices[count];

		/* It fills for a while, then empties for a while. */
		if (count && (i >> 8 & 1 ? r % 4 != 0 : r % 4 == 0)) {
			struct slab before = self->slab;

			slice = &slices[(r >> 32) % count];
			give(&self->slab, slice->first, slice->quanta);
			memset(reference.used + slice->first, 0, (size_t)slice->quanta);
			*slice = slices[--count];
			ASSERT_EQ(before.free, self->slab.free);
			ASSERT_EQ(before.room, self->slab.room);
		} else {
			long expected = best_run(&reference, quanta);

			ASSERT_EQ(expected, take(&self->slab, quanta));
			if (expected < 0) {
				long least = least_size_for(&reference, quanta);
				uint64_t size = (uint64_t)least * Q;

				failed++;
				ASSERT_EQ(size, slab_size_for(&self->slab, (uint64_t)quanta * Q));
				if (least > QUANTA_MAX)
					continue;
				/* One quantum less is not enough; this much is. */
				ASSERT_EQ(0, slab_extend(&self->slab, size - Q));
				ASSERT_EQ(-ENOSPC, take(&self->slab, quanta));
				ASSERT_EQ(0, slab_extend(&self->slab, size));
				reference.quanta = least;
				expected = take(&self->slab, quanta);
				ASSERT_EQ(least - quanta, expected);
			}
			*slice = (struct slice){ expected, quanta };
			memset(reference.used + slice->first, 1, (size_t)quanta);
			count++;
		}
		ASSERT_TRUE(agree(&self->slab, &reference, count));
	}
	while (count--)
		give(&self->slab, slices[count].first, slices[count].quanta);
	EXPECT_EQ(1, self->slab.count);
	EXPECT_EQ(0, self->slab.used);
	EXPECT_LT(0, failed);
}

TEST_HARNESS_MAIN
