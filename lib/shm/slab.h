/* SPDX-License-Identifier: MIT */
/* Which parts of a segment are free: the owner's private book. */
#ifndef SLUICE_SHM_SLAB_H
#define SLUICE_SHM_SLAB_H

#include <stdbool.h>

#include "base/compiler.h"

struct slab_extent {
	uint64_t offset;
	uint64_t length;
};

struct slab {
	struct slab_extent *free;	/* by offset; no two touch each other */
	size_t count, room;
	uint64_t size;			/* of the segment */
	uint64_t used;			/* bytes handed out */
	size_t taken;			/* slices handed out */
};

void slab_init(struct slab *slab);
void slab_deinit(struct slab *slab);

/* Has the table be large enough for so many slices.  0 or -ENOMEM. */
int slab_reserve(struct slab *slab, size_t slices) MUST_CHECK;

/* The segment has grown to size bytes.  0 or -ENOMEM. */
int slab_extend(struct slab *slab, uint64_t size) MUST_CHECK;

/*
 * Takes length bytes, a multiple of the alignment of all offsets.  0, -ENOSPC (no
 * extent is long enough) or -ENOMEM.
 */
int slab_take(struct slab *slab, uint64_t length, uint64_t *ret_offset) MUST_CHECK;

/* Gives back what slab_take() took.  Never fails. */
void slab_give(struct slab *slab, uint64_t offset, uint64_t length);

/* How large the segment must become for slab_take() of length to succeed. */
uint64_t slab_size_for(const struct slab *slab, uint64_t length);

#endif /* SLUICE_SHM_SLAB_H */
