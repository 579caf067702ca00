/* SPDX-License-Identifier: MIT */
/* A peer's segments, mapped read-only. */
#ifndef SLUICE_MEMORY_VIEW_H
#define SLUICE_MEMORY_VIEW_H

#include <stdbool.h>

#include <sluice/segment.h>
#include <sluice/wire.h>

#include "base/compiler.h"
#include "wait/budget.h"
#include "os/mapping.h"
#include "shm/bounds.h"

struct view_segment {
	uint32_t number;	/* 0: there is none here */
	uint32_t held;		/* slices that are held by their address */
	bool retired;
	uint64_t size;		/* bytes that may be named; 0 if it is retired, or not there */
	uint64_t told;		/* bytes that the peer has announced, and that exist */
	uint64_t populated;	/* bytes of those that are populated */
	uint64_t inode;
	struct mapping mapping;
};

struct view {
	struct view_segment segments[SLUICE_SEGMENTS_ALIVE];
	struct view_segment *recent;	/* the one that was named last, or any */
	struct turns *turns;	/* of the node: large segments are unmapped in turns */
	const struct turn *turn;	/* of the peer, which is charged for that */
	bool locked;		/* mapped memory is kept from being swapped out */
	bool whole;		/* bytes that may be named are populated */
};

/*
 * A peer announces a segment, new or grown. fd is borrowed.  It is mapped now, and
 * populated later.  0, -EPROTO (the peer broke the protocol), -ENOMEM or another -errno.
 */
int view_accept(struct view *view, const struct sluice_wire_segment *packet, int fd) MUST_CHECK;

/* Populates POPULATE_TURN bytes more.  1; 0 (there is nothing left to populate) or -errno. */
int view_populate(struct view *view) MUST_CHECK;

/* A peer will not name this segment again.  0 or -EPROTO. */
int view_retire(struct view *view, uint32_t number) MUST_CHECK;

/* Finds a segment, as the one that is named now; or NULL. */
struct view_segment *view_find(struct view *view, uint32_t number) COLD;

/*
 * The segment that was named last, if these bytes lie in it; or NULL.  It is not held: see
 * view_hold().
 */
INLINE struct view_segment *view_recent(const struct view *view, uint32_t number,
					uint64_t offset, uint64_t length)
{
	struct view_segment *segment = view->recent;

	return likely(segment->number == number &&
		      bounds_begin_within(offset, length, segment->size)) ? segment : NULL;
}

/*
 * Turns a descriptor into an address, which stays valid until view_drop(): a segment of
 * which slices are held is not unmapped, whatever the peer says.  There is no other way to
 * an address in a peer's segment.  The segment; NULL (unknown, or not known to be as long:
 * the socket may have news).
 */
INLINE struct view_segment *view_hold(struct view *view, uint32_t number, uint64_t offset,
				      uint64_t length)
{
	struct view_segment *segment = view_recent(view, number, offset, length);

	if (unlikely(!segment)) {
		segment = view_find(view, number);
		if (!segment || !bounds_begin_within(offset, length, segment->size))
			return NULL;
	}
	segment->held++;
	return segment;
}

/* The segment was retired, and nothing of it is held any more. */
void view_unmap_unused(struct view *view, struct view_segment *segment) COLD;

/* Releases a slice in a segment. */
INLINE void view_drop(struct view *view, struct view_segment *segment)
{
	if (unlikely(!--segment->held && segment->retired))
		view_unmap_unused(view, segment);
}

void view_deinit(struct view *view);

#endif /* SLUICE_MEMORY_VIEW_H */
