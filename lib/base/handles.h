/* SPDX-License-Identifier: MIT */
/* Tables of message handles, which are used again oldest first. */
#ifndef SLUICE_BASE_HANDLES_H
#define SLUICE_BASE_HANDLES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/limits.h"

/* The first member of the items of such a table, behind the public head. */
struct handle {
	uint32_t mark;		/* HANDLE_LIVE, or anything else */
	uint32_t index;		/* in the table */
};

#define HANDLE_LIVE	0x4c495645u	/* "LIVE" */
#define HANDLE_DEAD	0u		/* as fresh memory is */

struct handles {
	unsigned char *items;
	size_t size;		/* of an item */
	size_t offset;		/* offset of its struct handle */
	uint32_t *queue;	/* indices of dead handles, oldest first; a circle */
	uint32_t count;
	uint32_t fresh;		/* items below this have been used */
	uint32_t first, last;	/* of the queue, and behind its end */
	uint32_t queued;
	uint32_t live;
	uint32_t limit;		/* of the live */
};

/* Room for limit live handles, and some more so that stale ones are noticed. */
int handles_init(struct handles *handles, uint32_t limit, size_t size, size_t offset) MUST_CHECK;
void handles_deinit(struct handles *handles);

/* Has the number of live handles reached the limit? */
static inline bool handles_at_limit(const struct handles *handles)
{
	return handles->live >= handles->limit;
}

static inline struct handle *handles_handle(const struct handles *handles, void *item)
{
	return (struct handle *)(void *)((unsigned char *)item + handles->offset);
}

/*
 * The handle that has been dead for longest, now live; NULL at the limit.  Take it when
 * there is something to put into it.
 */
static inline void *handles_take(struct handles *handles)
{
	struct handle *handle;
	uint32_t index;
	void *item;

	if (unlikely(handles->live >= handles->limit))
		return NULL;
	if (unlikely(handles->queued <= HANDLES_SPARE && handles->fresh < handles->count)) {
		index = handles->fresh++;
	} else {
		index = handles->queue[handles->first];
		if (++handles->first == handles->count)
			handles->first = 0;
		handles->queued--;
	}
	item = handles->items + index * handles->size;
	handle = handles_handle(handles, item);
	handle->mark = HANDLE_LIVE;
	handle->index = index;
	handles->live++;
	return item;
}

/* It is dead now, and used again after all that are dead already. */
static inline void handles_give(struct handles *handles, void *item)
{
	struct handle *handle = handles_handle(handles, item);

	handle->mark = HANDLE_DEAD;
	handles->queue[handles->last] = handle->index;
	if (++handles->last == handles->count)
		handles->last = 0;
	handles->queued++;
	handles->live--;
}

/* Gives back a handle that the program has never seen: it is the next to be used. */
void handles_untake(struct handles *handles, void *item);

/* The next live item at or behind *index, which moves on; NULL at the end. */
void *handles_next(const struct handles *handles, uint32_t *index);

static inline bool handle_is_live(const struct handle *handle)
{
	return handle->mark == HANDLE_LIVE;
}

#endif /* SLUICE_BASE_HANDLES_H */
