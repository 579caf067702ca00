// SPDX-License-Identifier: MIT
/*
 * How a pool gives memory back.
 *
 * Memory follows use.  Over a number of loans the pool notes the most bytes that were out
 * at a time.  If that is a small share of its memory, it retires its segments: nothing is
 * loaned from them any more, and each is destroyed when its last slice has come home, while
 * new loans come from a new segment.  If a pool has to grow again soon after, it waits
 * twice as long the next time.  It does not give up memory that the port has asked for
 * (memory/pool_sizes.c).
 *
 * A loan that finds no room, whatever is short, does not fail while there is idle memory:
 * segments with no slice out are destroyed, one at a time and the longest first, until the
 * loan succeeds or none is left.  Preallocated memory is given up here too; the next
 * segment has room for as much again, if the limit permits.  A loan that fails in spite of
 * this has cost the pool its idle segments.
 *
 * Invariants:
 * (1) A retired segment has slices that are out, or it is destroyed.
 * (2) Segments retire only if there is an index left for a fresh one.
 *
 * A peer that keeps one slice keeps its segment, and a pool has a limited number of
 * segments.  A peer keeps a destroyed segment mapped until it is told, which is before the
 * next message to it.  The limit does not count that: it counts segments in service, and
 * retired ones until their last slice has come home.
 */
#include "memory/pool.h"

#include "base/limits.h"
#include "trace/probes.h"

void pool_destroy_if_idle(struct pool *pool, struct segment *segment)
{
	if (segment->slab.taken)
		return;
	probe(segment_free, pool->config.port, segment->number, segment->size);
	pool->bytes -= segment->size;
	pool_count(pool, UINT64_MAX, 0 - segment->size);
	pool->frees++;
	pool->changes++;
	segment_destroy(segment);
}

/* Its slices are not kept at hand when they come home. */
static void keep_none_of(struct pool *pool, const struct segment *segment)
{
	uint32_t i;

	for (i = 0; i < pool->count; i++)
		if (pool->slices[i].segment_number == segment->number)
			pool->slices[i].kept_as = 0;
}

static void retire(struct pool *pool, struct segment *segment)
{
	segment->retired = true;
	keep_none_of(pool, segment);
	pool->retired++;
	probe(segment_retire, pool->config.port, segment->number, segment->size);
	pool_destroy_if_idle(pool, segment);
}

bool pool_retire_all(struct pool *pool)
{
	struct segment *segment;
	uint32_t i;

	if (pool->config.strategy == POOL_STATIC || pool_free_index(pool) == SLUICE_SEGMENTS_ALIVE)
		return false;
	pool_free_spares(pool);
	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		segment = &pool->segments[i];
		if (segment->number && !segment->retired)
			retire(pool, segment);
	}
	return true;
}

bool pool_give_up_idle(struct pool *pool)
{
	struct segment *segment, *longest = NULL;
	uint32_t i;

	if (pool->config.strategy == POOL_STATIC)
		return false;
	pool_free_spares(pool);
	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		segment = &pool->segments[i];
		if (segment->number && !segment->slab.taken &&
		    (!longest || segment->size > longest->size))
			longest = segment;
	}
	if (longest)
		retire(pool, longest);
	return longest;
}

uint64_t pool_in_service(const struct pool *pool)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		if (pool->segments[i].number && !pool->segments[i].retired)
			bytes += pool->segments[i].size;
	return bytes;
}

void pool_judge(struct pool *pool)
{
	uint64_t worth = max_u64(RETIRE_SIZE_MIN, pool_kept_size(&pool->config));
	uint64_t have = pool_in_service(pool);

	if (have > worth && pool->peak < have / RETIRE_SHARE && pool_retire_all(pool))
		pool->rebound = true;
	pool->loans_left = (int32_t)pool->loans_to_judge;
	pool->peak = pool_out(pool);
}
