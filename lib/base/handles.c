// SPDX-License-Identifier: MIT
/*
 * Tables of message handles.
 *
 * A handle that was sent or released is dead.  Dead handles wait in a queue.  The one that
 * has been dead for longest is used again first, but only if there are more than
 * HANDLES_SPARE of them.  So a program that sends or releases a handle twice is told so,
 * unless it sends or releases as many others in between.  Until then items are taken that
 * were never used, and their memory is not touched before.  So the memory of a table is as
 * large as the largest part of it that was in use.  The table belongs to the port; taking
 * and giving back allocate nothing.
 *
 * Invariants:
 * (1) A handle that the program has seen is used again only after HANDLES_SPARE others
 *     that the program has seen were given behind it.
 * (2) So a call that fails moves nothing in the queue.  It takes no handle before it has
 *     something to put into it; or, where others have to point to the handle meanwhile,
 *     it puts it back to the front (handles_untake()).
 */
#include "base/handles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

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

void handles_untake(struct handles *handles, void *item)
{
	struct handle *handle = handles_handle(handles, item);
	uint32_t index = handle->index;

	handle->mark = HANDLE_DEAD;
	handles->live--;
	/* The newest of those that were used, so that failures touch no memory after it. */
	if (index == handles->fresh - 1) {
		handles->fresh--;
		return;
	}
	handles->first = (handles->first ? handles->first : handles->count) - 1;
	handles->queue[handles->first] = index;
	handles->queued++;
}

void *handles_next(const struct handles *handles, uint32_t *index)
{
	void *item;

	while (handles->live && *index < handles->fresh) {
		item = handles->items + (*index)++ * handles->size;
		if (handle_is_live(handles_handle(handles, item)))
			return item;
	}
	return NULL;
}
