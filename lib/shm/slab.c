// SPDX-License-Identifier: MIT
/*
 * The book of a segment: which parts of it are free.
 *
 * Free space is a table of extents ordered by offset, in the heap of the
 * segment's owner; nothing of it is shared, so there is nothing here for a peer
 * to damage.  A slice takes the beginning of the shortest extent that is long
 * enough, the lowest of several, and comes back as an extent that at once merges
 * with its neighbours.  So one long slice does not make later short ones long,
 * and what many short ones leave becomes one long extent again; an extent that
 * ends at the end of the segment is completed by growing the segment.
 *
 * The table has at most one extent more than there are slices out.  Those are
 * bounded by the limits of the port, so a scan of the table is short; and room
 * for the extent that giving a slice back may make is set aside when the slice
 * is taken, so that giving back cannot fail.
 *
 * Invariants:
 * (1) Extents do not overlap, do not touch and lie inside the segment.
 * (2) size == used + the sum of all extents.
 * (3) room >= taken + 1 >= count.
 */
#include "shm/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void slab_init(struct slab *slab)
{
	memset(slab, 0, sizeof(*slab));
}

void slab_deinit(struct slab *slab)
{
	free(slab->free);
	slab_init(slab);
}

static int make_room(struct slab *slab, size_t room)
{
	struct slab_extent *extents;

	if (room <= slab->room)
		return 0;
	room = pow2_at_least(max_u64(room, 16));
	extents = realloc(slab->free, room * sizeof(*extents));
	if (!extents)
		return -ENOMEM;
	slab->free = extents;
	slab->room = room;
	return 0;
}

/* The index of the first extent at or behind offset. */
static size_t find(const struct slab *slab, uint64_t offset)
{
	size_t low = 0, high = slab->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (slab->free[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remove_at(struct slab *slab, size_t i)
{
	slab->count--;
	memmove(&slab->free[i], &slab->free[i + 1],
		(slab->count - i) * sizeof(slab->free[0]));
}

static void insert_at(struct slab *slab, size_t i, uint64_t offset, uint64_t length)
{
	memmove(&slab->free[i + 1], &slab->free[i],
		(slab->count - i) * sizeof(slab->free[0]));
	slab->free[i] = (struct slab_extent){ offset, length };
	slab->count++;
}

/* Makes an extent free, merging it with the neighbours that it touches. */
static void put(struct slab *slab, uint64_t offset, uint64_t length)
{
	size_t i = find(slab, offset);
	bool before = i > 0 && slab->free[i - 1].offset + slab->free[i - 1].length == offset;
	bool behind = i < slab->count && offset + length == slab->free[i].offset;

	if (before && behind) {
		slab->free[i - 1].length += length + slab->free[i].length;
		remove_at(slab, i);
	} else if (before) {
		slab->free[i - 1].length += length;
	} else if (behind) {
		slab->free[i].offset = offset;
		slab->free[i].length += length;
	} else {
		insert_at(slab, i, offset, length);
	}
}

int slab_reserve(struct slab *slab, size_t slices)
{
	return make_room(slab, slices + 1);
}

int slab_extend(struct slab *slab, uint64_t size)
{
	if (size <= slab->size)
		return 0;
	if (make_room(slab, slab->taken + 1))
		return -ENOMEM;
	put(slab, slab->size, size - slab->size);
	slab->size = size;
	return 0;
}

int slab_take(struct slab *slab, uint64_t length, uint64_t *ret_offset)
{
	size_t i, best = slab->count;

	for (i = 0; i < slab->count; i++)
		if (slab->free[i].length >= length &&
		    (best == slab->count || slab->free[i].length < slab->free[best].length))
			best = i;
	if (best == slab->count)
		return -ENOSPC;
	if (make_room(slab, slab->taken + 2))
		return -ENOMEM;

	*ret_offset = slab->free[best].offset;
	slab->free[best].offset += length;
	slab->free[best].length -= length;
	if (!slab->free[best].length)
		remove_at(slab, best);
	slab->used += length;
	slab->taken++;
	return 0;
}

void slab_give(struct slab *slab, uint64_t offset, uint64_t length)
{
	put(slab, offset, length);
	slab->used -= length;
	slab->taken--;
}

uint64_t slab_size_for(const struct slab *slab, uint64_t length)
{
	const struct slab_extent *last = slab->count ? &slab->free[slab->count - 1] : NULL;

	if (last && last->offset + last->length == slab->size)
		return last->offset + max_u64(length, last->length);
	return slab->size + length;
}
