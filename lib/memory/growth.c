// SPDX-License-Identifier: MIT
/*
 * How a pool grows.
 *
 * A loan that finds no hole that is long enough grows, in place, the segment that needs
 * least.  If no window has room for that, a further segment is made.  If that fails, too,
 * idle segments are given up (memory/retirement.c), and it is tried again.  Growing never
 * moves a slice.
 *
 * How much is added depends on the strategy, and on the room that the limits leave; see
 * memory/pool.c.  A size that is only preferred never makes a loan fail.
 *
 * Invariant: bytes of the pool is the sum of the sizes of all segments, and at most the
 * limit.  A segment that could not be made, or not be as long as was wanted, leaves the
 * pool as it was.
 *
 * No peer influences what is done here, but by not giving slices back.
 */
#include "memory/pool.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/page.h"
#include "trace/counters.h"
#include "trace/probes.h"

static int refuse(struct pool *pool, uint64_t delta)
{
	const struct pool_config *config = &pool->config;

	if (delta > config->limit - pool->bytes)
		return fail(ENOMEM, "%llu more bytes would exceed memory_limit, %llu bytes, of which %llu are in use",
			    (unsigned long long)delta, (unsigned long long)config->limit,
			    (unsigned long long)pool->bytes);
	pool->shortage = delta > config->all->peer_limit - config->peer->bytes ?
			 POOL_SHORT_OF_PEER : POOL_SHORT_OF_PORT;
	return allowance_refuse(config->all, config->peer, delta);
}

static int grow(struct pool *pool, struct segment *segment, uint64_t size)
{
	uint64_t delta = size - segment->size;
	int r;

	if (size > segment->mapping.length)
		return fail(ENOMEM, "a segment cannot grow beyond its window");
	if (delta > pool_room(pool))
		return refuse(pool, delta);
	r = segment_grow(segment, size);
	if (r < 0)
		return r;
	pool->bytes += delta;
	pool->changes++;
	pool_count(pool, 0, delta);
	pool->largest = max_u64(pool->largest, size);
	return 0;
}

/* Room in a segment's table for all slices, for a port that asks for it. */
static int make_book(struct pool *pool, struct segment *segment)
{
	struct slab *slab = &segment->slab;

	if (pool->config.residence == RESIDENCE_LAZY)
		return 0;
	if (slab_reserve(slab, pool->config.slices) < 0)
		return fail(ENOMEM, "no memory for the table of a segment");
	return reside(slab->free, slab->room * sizeof(*slab->free), pool->config.residence);
}

/* A segment of its own, populated up to size.  Its index, or -errno. */
static int add_segment(struct pool *pool, uint64_t window, uint64_t size, bool fixed)
{
	const struct segment_how how = {
		.fixed = fixed,
		.locked = pool->config.residence == RESIDENCE_LOCKED,
		.huge = pool->config.huge_pages,
	};
	uint32_t i = pool_free_index(pool);
	char name[64];
	int r;

	if (i == SLUICE_SEGMENTS_ALIVE)
		return fail(ENOMEM, "all %u segments of the port hold slices", SLUICE_SEGMENTS_ALIVE);
	snprintf(name, sizeof(name), "%s-%016" PRIx64, pool->config.name, pool->config.port);
	r = segment_create(&pool->segments[i], name, pool->last_number + 1,
			   window, size, how);
	if (r < 0)
		return r;
	pool->last_number++;
	pool_count(pool, 1, 0);
	r = make_book(pool, &pool->segments[i]);
	if (!r)
		r = grow(pool, &pool->segments[i], size);
	if (r < 0) {
		pool->bytes -= pool->segments[i].size;
		pool_count(pool, UINT64_MAX, 0 - pool->segments[i].size);
		segment_destroy(&pool->segments[i]);
		return r;
	}
	return (int)i;
}

/* The window of a segment that must hold size bytes. */
static uint64_t window_for(const struct pool *pool, uint64_t size)
{
	uint64_t window = min_u64(SEGMENT_WINDOW, page_round(pool->config.limit));

	return max_u64(window, size);
}

int pool_first_segment(struct pool *pool)
{
	const struct pool_config *config = &pool->config;
	uint64_t size = pool_first_size(config, config->slice_bytes), all;

	/* A size that is only preferred must not make a first loan fail. */
	if (!pool_kept_size(config))
		size = max_u64(min_u64(size, pool_room(pool)),
			       page_round(pool_slice_length(config, config->slice_bytes)));
	if (config->strategy != POOL_STATIC)
		return add_segment(pool, window_for(pool, size), size, false);
	all = pool_static_size(config);
	return add_segment(pool, all, min_u64(size, all), true);
}

/* needed: bytes in service that would have been enough for the loan. */
static void note_growth(struct pool *pool, const struct segment *segment, uint64_t before,
			uint64_t needed)
{
	pool->growths++;
	counter_add(&pool->config.counters->growths, 1);
	if (pool->rebound && pool->loans_to_judge < RETIRE_LOANS_MAX) {
		pool->loans_left += (int32_t)pool->loans_to_judge;
		pool->loans_to_judge *= 2;
	}
	pool->rebound = false;
	probe(growth, pool->config.port, pool->config.strategy, segment->number, before,
	      segment->size, pool_advice(&pool->config, needed));
}

/* The size to grow to: as the strategy prefers, or else just enough. */
static int grow_in_place(struct pool *pool, struct segment *segment, uint64_t length)
{
	uint64_t needed = page_round(slab_size_for(&segment->slab, length));
	uint64_t step = min_u64(segment->size, SEGMENT_INITIAL_LIMIT);
	uint64_t liked = max_u64(needed, segment->size + step);

	if (pool->config.strategy != POOL_BEST_FIT && liked <= segment->mapping.length &&
	    liked - segment->size <= pool_room(pool))
		return grow(pool, segment, liked);
	return grow(pool, segment, needed);
}

/* A further segment has room for the slice; the first one in service, for what is kept. */
static uint64_t further_size(const struct pool *pool, uint64_t length, uint64_t in_service)
{
	uint64_t kept = pool_kept_size(&pool->config);

	if (!in_service && kept <= pool_room(pool))
		length = max_u64(length, kept);
	return page_round(length);
}

/* The segment whose window has room for the slice, and which has to grow least; or NULL. */
static struct segment *growable(struct pool *pool, uint64_t length)
{
	struct segment *segment, *best = NULL;
	uint64_t size, least = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		segment = &pool->segments[i];
		if (!segment->number || segment->retired)
			continue;
		size = page_round(slab_size_for(&segment->slab, length));
		if (size > segment->mapping.length || size - segment->size >= least)
			continue;
		best = segment;
		least = size - segment->size;
	}
	return best;
}

static int make_room_in(struct pool *pool, struct segment *segment, uint64_t length)
{
	uint64_t before = segment->size, size = slab_size_for(&segment->slab, length);
	uint64_t others = pool_in_service(pool) - before;
	int r = grow_in_place(pool, segment, length);

	if (!r && pool->config.strategy != POOL_STATIC)
		note_growth(pool, segment, before, others + size);
	return r;
}

/* had: there were segments in service when the loan began. */
static int make_room(struct pool *pool, uint64_t length, bool had)
{
	struct segment *segment = growable(pool, length);
	uint64_t size, used;
	int r;

	if (segment)
		return make_room_in(pool, segment, length);
	if (pool->config.strategy == POOL_STATIC)
		return fail(ENOMEM, "all %u slices of the static port are out",
			    pool->config.slices);
	used = pool_in_service(pool);
	size = further_size(pool, length, used);
	r = add_segment(pool, window_for(pool, size), size, false);
	if (r < 0)
		return r;
	/* After a retirement a new segment does not count as growth. */
	if (had)
		note_growth(pool, &pool->segments[r], 0, used + length);
	return 0;
}

/* No loan fails while there is idle memory. */
int pool_find_room(struct pool *pool, uint64_t length)
{
	bool had = pool_in_service(pool);
	int r;

	pool->shortage = POOL_SHORT_OF_OTHER;
	do {
		r = make_room(pool, length, had);
	} while (r < 0 && pool_give_up_idle(pool));
	return r;
}
