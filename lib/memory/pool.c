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
 * A loan looks for room in the segments that are in use; then the pool grows
 * (memory/growth.c).  If a port has several pools, limits hold for them together
 * (memory/allowance.c); the owner of the pools gives up idle segments of the others
 * (exchange/responder_reply.c).
 *
 * Most programs loan slices of the same length again and again.  Eight of those are kept at
 * hand, if they are no longer than a page: a loan takes one, and a slice that comes home
 * goes there, without a look at the table of holes.  So a loan of the same bytes as before
 * costs some 20 instructions.  The second loan of a length in a row decides that it is that
 * one.  Slices at hand are free before anything depends on which bytes are free: a loan of
 * another length that finds no room, growth, and the retirement of segments.
 *
 * Memory follows use: see memory/retirement.c.
 *
 * Invariants:
 * (1) A slice number is out if and only if it has holders; its bytes belong to
 *     nobody else.  A slice at hand has none, so no peer can give it back.
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
	pool->spare_length = UINT64_MAX;
	pool->loans_to_judge = RETIRE_LOANS_MIN;
	pool->loans_left = RETIRE_LOANS_MIN;
	r = pool_check(config);
	if (!r && config->residence != RESIDENCE_LAZY)
		r = make_numbers(pool, config->slices);
	if (!r)
		r = pool_first_segment(pool);
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

/* Finds room for a slice of its length in a segment.  0, -ENOSPC or -ENOMEM. */
static int take_from(struct pool *pool, struct pool_slice *slice)
{
	struct segment *segment = NULL;
	int r = -ENOSPC;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE && r == -ENOSPC; i++) {
		segment = &pool->segments[i];
		if (!segment->number || segment->retired)
			continue;
		r = slab_take(&segment->slab, slice->length, &slice->offset);
		slice->segment = i;
	}
	if (r < 0)
		return r == -ENOMEM ? fail(ENOMEM, "no memory for the table of a segment") : r;
	slice->address = segment->mapping.base + slice->offset;
	slice->segment_number = segment->number;
	slice->kept_as = slice->length;
	pool->used += slice->length;
	return 0;
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
	pool->used -= slice->length;
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
	       !take_from(pool, &slice)) {
		slice.next = pool->spare;
		pool->spare = number_slice(pool, &slice);
		pool->spares++;
	}
}

/* Room in a segment for a slice; the pool grows if it must.  0 or -errno. */
static int find_slice(struct pool *pool, struct pool_slice *slice)
{
	int r = take_from(pool, slice);

	if (r == -ENOSPC && pool->spares) {
		pool_free_spares(pool);
		r = take_from(pool, slice);
	}
	if (r == -ENOSPC) {
		r = pool_find_room(pool, slice->length);
		if (!r)
			r = take_from(pool, slice);
	}
	return r;
}

/* Loans from the slices at hand are seen here when none is left. */
static void note_peak(struct pool *pool)
{
	pool->peak = max_u64(pool->peak, pool_out(pool));
}

int pool_loan(struct pool *pool, uint64_t bytes)
{
	struct pool_slice slice;
	int r;

	note_peak(pool);
	/* Some have come home since the caller looked. */
	r = pool_loan_spare(pool, bytes);
	if (likely(r >= 0))
		return r;
	slice = (struct pool_slice){ .length = pool->spare_length, .holders = 1 };
	r = likely(bytes == pool->spare_bytes && slice.length != UINT64_MAX) ? 0 :
	    pool_find_length(&pool->config, bytes, &slice.length);
	if (r < 0)
		return r;
	if (unlikely(!pool->loans_left))
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
	pool->loans_left--;
	note_peak(pool);
	return (int)number_slice(pool, &slice);
}

uint32_t pool_segments(const struct pool *pool)
{
	uint32_t i, count = 0;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		count += pool->segments[i].number != 0;
	return count;
}
