// SPDX-License-Identifier: MIT
/*
 * How the memory of a pool goes back.
 *
 * Memory follows use.  Over a number of loans the pool watches the most bytes that
 * were out at a time; if that is a small share of what it has, it retires its
 * segments: nothing is loaned from them any more, and each is destroyed when its
 * last slice has come home, while new loans come from a fresh one.  If a pool has
 * to grow again soon after, it waits twice as long the next time.  What was allocated
 * because the port has asked for it (link/pool_sizes.c) it does not give up.
 *
 * Invariants:
 * (1) A retired segment has slices that are out, or it is destroyed.
 * (2) Segments retire only if there is an index left for a fresh one.
 *
 * A peer that keeps one slice keeps its segment, and of those a pool has a limited number;
 * and it keeps mapped what it was not told of yet, until the next message.
 */
#include "link/pool.h"

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
	segment_destroy(segment);
}

static void retire_all(struct pool *pool)
{
	struct segment *segment;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		segment = &pool->segments[i];
		if (!segment->number || segment->retired)
			continue;
		segment->retired = true;
		pool->retired++;
		probe(segment_retire, pool->config.port, segment->number, segment->size);
		pool_destroy_if_idle(pool, segment);
	}
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

	if (pool->config.strategy != POOL_STATIC && have > worth &&
	    pool->peak < have / RETIRE_SHARE && pool_free_index(pool) < SLUICE_SEGMENTS_ALIVE) {
		retire_all(pool);
		pool->rebound = true;
	}
	pool->loans = 0;
	pool->peak = pool->used;
}
