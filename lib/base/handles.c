// SPDX-License-Identifier: MIT
/*
 * Tables of message handles.
 *
 * A handle that was sent or released is dead.  Dead handles wait in a queue, and the
 * one that has been dead for longest is used again first, but only when there are more
 * than HANDLES_SPARE of them; so a program that sends or releases a handle twice is
 * told so, unless it uses as many others in between.  Until then items are taken that
 * were never used, and their memory is not touched before; so a table takes as much as
 * is used of it at a time.  The table belongs to the port; taking and giving allocate
 * nothing.
 */
#include "base/handles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"

static struct handle *handle_of(const struct handles *handles, void *item)
{
	return (struct handle *)(void *)((unsigned char *)item + handles->offset);
}

static void *item_at(const struct handles *handles, uint32_t index)
{
	return handles->items + index * handles->size;
}

int handles_init(struct handles *handles, uint32_t limit, size_t size, size_t offset)
{
	uint32_t count = limit + HANDLES_SPARE;

	*handles = (struct handles){ .size = size, .offset = offset, .count = count, .limit = limit };
	handles->items = malloc(count * size);
	handles->queue = malloc(count * sizeof(*handles->queue));
	if (!handles->items || !handles->queue) {
		handles_deinit(handles);
		return fail(ENOMEM, "no memory for %u message handles", count);
	}
	return 0;
}

void handles_deinit(struct handles *handles)
{
	free(handles->items);
	free(handles->queue);
	memset(handles, 0, sizeof(*handles));
}

void *handles_take(struct handles *handles)
{
	uint32_t index;
	void *item;

	if (handles->live >= handles->limit)
		return NULL;
	if (handles->queued <= HANDLES_SPARE && handles->fresh < handles->count) {
		index = handles->fresh++;
	} else {
		index = handles->queue[handles->first];
		handles->first = (handles->first + 1) % handles->count;
		handles->queued--;
	}
	item = item_at(handles, index);
	handles->live++;
	handle_of(handles, item)->mark = HANDLE_LIVE;
	return item;
}

void handles_give(struct handles *handles, void *item)
{
	uint32_t index = (uint32_t)((size_t)((unsigned char *)item - handles->items) /
				    handles->size);

	handle_of(handles, item)->mark = HANDLE_DEAD;
	handles->queue[(handles->first + handles->queued) % handles->count] = index;
	handles->queued++;
	handles->live--;
}

void *handles_next(const struct handles *handles, uint32_t *index)
{
	void *item;

	while (handles->live && *index < handles->fresh) {
		item = item_at(handles, (*index)++);
		if (handle_is_live(handle_of(handles, item)))
			return item;
	}
	return NULL;
}
