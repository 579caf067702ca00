/* SPDX-License-Identifier: MIT */
/* A segment, as its owner sees it. */
#ifndef SLUICE_MEMORY_SEGMENT_H
#define SLUICE_MEMORY_SEGMENT_H

#include <stdbool.h>

#include "os/mapping.h"
#include "shm/slab.h"

struct segment {
	uint32_t number;	/* 0: there is none here */
	int fd;
	struct mapping mapping;
	uint64_t size;		/* bytes that are populated */
	struct slab slab;
	bool retired;
	bool huge;
};

struct segment_how {
	bool fixed;		/* has its size from the start, and is sealed against growth */
	bool locked;		/* what is populated is kept from being swapped out */
	bool huge;		/* in huge pages, if the kernel has them */
};

/*
 * Makes a segment that can grow to window bytes, or to less, but no less than
 * size, if there is not as much address space; a fixed one has exactly window
 * bytes.  It is empty: segment_grow() populates it.  0 or -errno.
 */
int segment_create(struct segment *segment, const char *name, uint32_t number,
		   uint64_t window, uint64_t size, struct segment_how how) MUST_CHECK;

/* Populates the segment up to size, at most its window.  0, -ENOMEM or -errno. */
int segment_grow(struct segment *segment, uint64_t size) MUST_CHECK;

void segment_destroy(struct segment *segment);

#endif /* SLUICE_MEMORY_SEGMENT_H */
