/* SPDX-License-Identifier: MIT */
/* Tables of message handles, which are used again oldest first. */
#ifndef SLUICE_BASE_HANDLES_H
#define SLUICE_BASE_HANDLES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/limits.h"

/* Embedded in the items of such a table, behind the public head. */
struct handle {
	/*
	 * The number of the thread that may use it; THREAD_PATTERN, if its node is to be asked;
	 * or HANDLE_DEAD.  So one comparison tells whether a call may go on.
	 */
	uint64_t mark;
};

#define HANDLE_DEAD	0u		/* as fresh memory is */

struct handles {
	unsigned char *items;
	void **queue;		/* dead items, oldest first; a circle */
	uint32_t mask;		/* of positions in it */
	uint32_t first, last;	/* positions of the oldest, and behind the newest */
	uint32_t fresh;		/* items below this have been used */
	uint32_t count;
	uint32_t limit;		/* of the live */
	size_t size;		/* of an item */
	size_t offset;		/* of its struct handle */
};

/* Room for limit live handles, and some more so that stale ones are noticed. */
int handles_init(struct handles *handles, uint32_t limit, size_t size, size_t offset) MUST_CHECK;
void handles_deinit(struct handles *handles);

static inline uint32_t handles_live(const struct handles *handles)
{
	return handles->fresh - (handles->last - handles->first);
}

/* Has the number of live handles reached the limit? */
static inline bool handles_at_limit(const struct handles *handles)
{
	return handles_live(handles) >= handles->limit;
}

/* The part of handles_take() that is seldom needed: an item that was never used; or NULL. */
void *handles_take_fresh(struct handles *handles, uint64_t mark) COLD;

/*
 * The handle that has been dead for longest, now live for the thread of this number; NULL
 * at the limit.  Take it when there is something to put into it.
 */
static inline void *handles_take(struct handles *handles, uint64_t mark)
{
	unsigned char *item;

	if (unlikely(handles->last - handles->first <= HANDLES_SPARE))
		return handles_take_fresh(handles, mark);
	item = handles->queue[handles->first++ & handles->mask];
	((struct handle *)(void *)(item + handles->offset))->mark = mark;
	return item;
}

/* It is dead now, and used again after all that are dead already. */
static inline void handles_give(struct handles *handles, struct handle *handle)
{
	handle->mark = HANDLE_DEAD;
	handles->queue[handles->last++ & handles->mask] = (unsigned char *)handle - handles->offset;
}

/* Gives back a handle that the program has never seen: it is the next to be used. */
void handles_untake(struct handles *handles, struct handle *handle);

/* The next live item at or behind *index, which moves on; NULL at the end. */
void *handles_next(const struct handles *handles, uint32_t *index);

/* The node is asked from now on which thread may use those that are live. */
void handles_ask(struct handles *handles);

static inline bool handle_is_live(const struct handle *handle)
{
	return handle->mark >= THREAD_PATTERN && handle->mark - THREAD_PATTERN <= UINT32_MAX;
}

#endif /* SLUICE_BASE_HANDLES_H */
