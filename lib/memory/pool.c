// SPDX-License-Identifier: MIT
/*
 * The slices of a port: a few segments, a table of the slices that are out, and the
 * strategy that says how long a slice is and how segments grow.
 *
 *	strategy	a slice takes			a segment grows
 *	POWER_OF_TWO	the next power of two of its	to twice its size, at most by 1 MiB,
 *			elements, and its header; or	or by what the slice needs
 *			its pages, if that is less
 *	BEST_FIT	its bytes, in whole quanta	by what the slice needs
 *	STATIC		a fixed number of bytes		never; populated as it is used
 *
 * A loan looks for room in the segments that are in use, then grows, in place, the one that
 * needs least, then makes a further segment.  If that fails, idle segments are given up
 * (memory/retirement.c), and it is tried again.  Growing never moves a slice.  If a port
 * has several pools, limits hold for them together (memory/allowance.c); the owner of the
 * pools gives up idle segments of the others (exchange/responder_reply.c).
 *
 * Memory follows use: see memory/retirement.c.
 *
 * Invariants:
 * (1) A slice number is out if and only if it has holders; its bytes belong to
 *     nobody else.
 * (2) bytes is the sum of the sizes of all segments, and at most the limit.
 * (3) A segment's number is never used again; its index is, after it is destroyed,
 *     which frees tells to those who remember which segments a peer knows.
 *
 * All of this is the owner's private memory.  Peers name slices by their numbers; a caller
 * that calls pool_drop() for a peer has checked that this peer holds the slice.  The
 * channel of a dead peer drops the slices that the peer held.
 */
#include "memory/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "trace/counters.h"
#include "trace/probes.h"

uint32_t pool_free_index(const struct pool *pool)
{
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE && pool->segments[i].number; i++)
		;
	return i;
}

void pool_count(const struct pool *pool, uint64_t segments, uint64_t bytes)
{
	struct sluice_registry_counters *counters = pool->config.counters;

	counter_add(&counters->segments, segments);
	counter_add(&counters->segment_bytes, bytes);
	if (pool->config.all)
		allowance_count(pool->config.all, pool->config.peer, bytes);
}

uint64_t pool_room(const struct pool *pool)
{
	const struct pool_config *config = &pool->config;
	uint64_t room = config->limit - pool->bytes;

	return config->all ? min_u64(room, allowance_room(config->all, config->peer)) : room;
}

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
	uint64_t window = min_u64(SEGMENT_WINDOW, round_up(pool->config.limit, POOL_PAGE));

	return max_u64(window, size);
}

static int first_segment(struct pool *pool)
{
	const struct pool_config *config = &pool->config;
	uint64_t size = pool_first_size(config, config->slice_bytes), all;

	/* A size that is only preferred must not make a first loan fail. */
	if (!pool_kept_size(config))
		size = max_u64(min_u64(size, pool_room(pool)),
			       round_up(pool_slice_length(config, config->slice_bytes), POOL_PAGE));
	if (config->strategy != POOL_STATIC)
		return add_segment(pool, window_for(pool, size), size, false);
	all = pool_static_size(config);
	return add_segment(pool, all, min_u64(size, all), true);
}

/* Makes the table of slices longer, when no number in it is free. */
static int make_numbers(struct pool *pool, uint32_t count)
{
	struct pool_slice *slices = realloc(pool->slices, count * sizeof(*slices));
	uint32_t i;

	if (!slices)
		return fail(ENOMEM, "no memory for the table of slices");
	for (i = pool->count; i < count; i++)
		slices[i] = (struct pool_slice){
			.next = i + 1 < count ? i + 1 : POOL_NONE,
		};
	pool->first_free = pool->count;
	pool->slices = slices;
	pool->count = count;
	return reside(slices, count * sizeof(*slices), pool->config.residence);
}

int pool_init(struct pool *pool, const struct pool_config *config)
{
	int r;

	memset(pool, 0, sizeof(*pool));
	pool->config = *config;
	pool->first_free = POOL_NONE;
	pool->spare = POOL_NONE;
	pool->loans_to_judge = RETIRE_LOANS_MIN;
	r = pool_check(config);
	if (!r && config->residence != RESIDENCE_LAZY)
		r = make_numbers(pool, config->slices);
	if (!r)
		r = first_segment(pool);
	return r < 0 ? r : 0;
}

void pool_deinit(struct pool *pool)
{
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		if (!pool->segments[i].number)
			continue;
		probe(segment_free, pool->config.port, pool->segments[i].number,
		      pool->segments[i].size);
		pool_count(pool, UINT64_MAX, 0 - pool->segments[i].size);
		segment_destroy(&pool->segments[i]);
	}
	free(pool->slices);
	pool->slices = NULL;
	pool->bytes = 0;
}

/* ---- Loans ---- */

/* needed: bytes in service that would have been enough for the loan. */
static void note_growth(struct pool *pool, const struct segment *segment, uint64_t before,
			uint64_t needed)
{
	pool->growths++;
	counter_add(&pool->config.counters->growths, 1);
	if (pool->rebound && pool->loans_to_judge < RETIRE_LOANS_MAX)
		pool->loans_to_judge *= 2;
	pool->rebound = false;
	probe(growth, pool->config.port, pool->config.strategy, segment->number, before,
	      segment->size, pool_advice(&pool->config, needed));
}

static int take_from(struct pool *pool, uint64_t length, uint32_t *ret_segment,
		     uint64_t *ret_offset)
{
	struct segment *segment;
	int r = -ENOSPC;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE && r == -ENOSPC; i++) {
		segment = &pool->segments[i];
		if (!segment->number || segment->retired)
			continue;
		r = slab_take(&segment->slab, length, ret_offset);
		*ret_segment = i;
	}
	return r == -ENOMEM ? fail(ENOMEM, "no memory for the table of a segment") : r;
}

/* The size to grow to: as the strategy prefers, or else just enough. */
static int grow_in_place(struct pool *pool, struct segment *segment, uint64_t length)
{
	uint64_t needed = round_up(slab_size_for(&segment->slab, length), POOL_PAGE);
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
	return round_up(length, POOL_PAGE);
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
		size = round_up(slab_size_for(&segment->slab, length), POOL_PAGE);
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
static COLD int find_room(struct pool *pool, uint64_t length)
{
	bool had = pool_in_service(pool);
	int r;

	pool->shortage = POOL_SHORT_OF_OTHER;
	do {
		r = make_room(pool, length, had);
	} while (r < 0 && pool_give_up_idle(pool));
	return r;
}

/* The first free number stands for a slice from here on. */
static uint32_t number_slice(struct pool *pool, const struct pool_slice *slice)
{
	uint32_t number = pool->first_free;

	pool->first_free = pool->slices[number].next;
	pool->slices[number] = *slice;
	return number;
}

void pool_free(struct pool *pool, uint32_t number)
{
	struct pool_slice *slice = &pool->slices[number];
	struct segment *segment = &pool->segments[slice->segment];

	slab_give(&segment->slab, slice->offset, slice->length);
	slice->next = pool->first_free;
	pool->first_free = number;
	if (unlikely(segment->retired))
		pool_destroy_if_idle(pool, segment);
}

void pool_free_spares(struct pool *pool)
{
	uint32_t number;

	while (pool->spare != POOL_NONE) {
		number = pool->spare;
		pool->spare = pool->slices[number].next;
		pool_free(pool, number);
	}
	pool->spares = 0;
}

static int free_number(struct pool *pool)
{
	if (likely(pool->first_free != POOL_NONE))
		return 0;
	if (pool->spares) {
		pool_free_spares(pool);
		return 0;
	}
	return make_numbers(pool, pool->count ? 2 * pool->count : 16);
}

/*
 * Has slices of this length at hand, if the last loan was as long, and as many as there is
 * room for.
 */
static void keep_spares(struct pool *pool, uint64_t bytes, uint64_t length)
{
	struct pool_slice slice = { .length = length };

	if (length == pool->spare_length) {
		pool->spare_bytes = bytes;
	} else if (length != pool->last_length || length > POOL_SPARE_LENGTH) {
		pool->last_length = length;
		return;
	} else {
		pool_free_spares(pool);
		pool->spare_length = length;
		pool->spare_bytes = bytes;
	}
	while (pool->spares < POOL_SPARES && pool->first_free != POOL_NONE &&
	       !take_from(pool, length, &slice.segment, &slice.offset)) {
		slice.next = pool->spare;
		pool->spare = number_slice(pool, &slice);
		pool->spares++;
	}
}

/* Room in a segment for a slice; the pool grows if it must.  0 or -errno. */
static int find_slice(struct pool *pool, struct pool_slice *slice)
{
	int r = take_from(pool, slice->length, &slice->segment, &slice->offset);

	if (r == -ENOSPC && pool->spares) {
		pool_free_spares(pool);
		r = take_from(pool, slice->length, &slice->segment, &slice->offset);
	}
	if (r == -ENOSPC) {
		r = find_room(pool, slice->length);
		if (!r)
			r = take_from(pool, slice->length, &slice->segment, &slice->offset);
	}
	return r;
}

int pool_loan(struct pool *pool, uint64_t bytes)
{
	struct pool_slice slice = { .holders = 1 };
	int r;

	r = pool_find_length(&pool->config, bytes, &slice.length);
	if (r < 0)
		return r;
	if (unlikely(++pool->loans >= pool->loans_to_judge))
		pool_judge(pool);
	keep_spares(pool, bytes, slice.length);
	r = pool_loan_spare(pool, bytes);
	if (r >= 0)
		return r;
	r = free_number(pool);
	if (!r)
		r = find_slice(pool, &slice);
	if (r < 0)
		return r;
	pool->used += slice.length;
	pool->peak = max_u64(pool->peak, pool->used);
	return (int)number_slice(pool, &slice);
}

uint32_t pool_segments(const struct pool *pool)
{
	uint32_t i, count = 0;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		count += pool->segments[i].number != 0;
	return count;
}
