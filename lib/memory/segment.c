// SPDX-License-Identifier: MIT
/*
 * A segment, as its owner sees it: a memfd, an address window over it, and the table of its
 * free space.
 *
 *	segment_create()	memfd, mapping, seals; nothing allocated
 *	segment_grow()		allocate, populate, enter in the book
 *	segment_destroy()	when no slice of it is out
 *
 * The window is mapped once, beyond the end of the file, so that growing needs no new
 * mapping and moves nothing.  The seals come after the mapping: from then on nobody can
 * make another writable one, not even the owner.  A fixed segment has its size from the
 * start, sealed against growth, and is populated from its beginning as it is used.  If
 * memory is to be locked, memory that cannot be locked is not used.  Huge pages are
 * requested before anything is allocated.
 *
 * Invariants:
 * (1) Bytes below size are allocated and populated; no slice lies above.
 * (2) size only grows, and is at most the window.
 *
 * Peers map the memfd read-only; nothing they do shows here.
 */
#include "memory/segment.h"

#include <errno.h>
#include <unistd.h>

#include <sluice/segment.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/memfd.h"
#include "os/page.h"

static int map_window(struct segment *segment, uint64_t window, uint64_t least)
{
	const uint64_t page = page_size();
	int r;

	for (;;) {
		r = mapping_window(&segment->mapping, segment->fd, window, true);
		if (r != -ENOMEM || window / 2 < least + page)
			return r;
		window = window / 2 & ~(page - 1);
	}
}

static int map_and_seal(struct segment *segment, uint64_t window, uint64_t size,
			struct segment_how how)
{
	int r;

	r = map_window(segment, window, how.fixed ? window : size);
	if (!r && how.huge)
		mapping_want_huge(&segment->mapping);
	if (!r && how.fixed)
		r = memfd_set_size(segment->fd, window);
	if (r < 0)
		return r;
	return memfd_seal(segment->fd, SLUICE_SEGMENT_SEALS | (how.fixed ? SLUICE_SEAL_GROW : 0));
}

int segment_create(struct segment *segment, const char *name, uint32_t number,
		   uint64_t window, uint64_t size, struct segment_how how)
{
	int r;

	*segment = (struct segment){ .fd = -1 };
	slab_init(&segment->slab);
	segment->fd = memfd_create_sealable(name);
	if (segment->fd < 0)
		return segment->fd;
	r = map_and_seal(segment, window, size, how);
	if (r < 0) {
		segment_destroy(segment);
		return r;
	}
	segment->mapping.locked |= how.locked;
	segment->huge = how.huge;
	segment->number = number;
	return 0;
}

/*
 * The size of a page depends on how it is allocated: fallocate() knows nothing of the
 * mapping that was advised, and a write through it does.  The call below allocates what
 * this leaves out.
 */
static int allocate_huge(struct segment *segment, uint64_t size)
{
	uint64_t old = segment->size;
	int r = memfd_extend(segment->fd, old, size - old);

	if (!r)
		mapping_allocate(&segment->mapping, old, size - old);
	return r;
}

int segment_grow(struct segment *segment, uint64_t size)
{
	uint64_t old = segment->size;
	int r = 0;

	if (segment->huge)
		r = allocate_huge(segment, size);
	if (!r)
		r = memfd_allocate(segment->fd, old, size - old);
	if (!r)
		r = mapping_populate(&segment->mapping, old, size - old, true);
	if (r < 0)
		return r;
	if (slab_extend(&segment->slab, size) < 0)
		return fail(ENOMEM, "no memory for the table of a segment");
	segment->size = size;
	return 0;
}

void segment_destroy(struct segment *segment)
{
	mapping_unmap(&segment->mapping);
	slab_deinit(&segment->slab);
	segment->fd = fd_close(segment->fd);
	segment->number = 0;
	segment->size = 0;
}
