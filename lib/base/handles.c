// SPDX-License-Identifier: MIT
/*
 * Tables of message handles.
 *
 * A handle that was sent or released is dead.  Dead handles are a list, in the order in which
 * they died.  The one that has been dead for longest is used again first, but only if there
 * are more than HANDLES_SPARE of them.  So a program that sends or releases a handle twice is
 * told so, unless it sends or releases as many others in between.  Until then items are taken
 * that were never used, and their memory is not touched before.  So the memory of a table is
 * as large as the largest part of it that was in use.  The table belongs to the port; taking
 * and giving back allocate nothing.
 *
 * spare is the number of dead handles above HANDLES_SPARE; below 0 it says how many are
 * missing.  There are HANDLES_SPARE more items than may be live.  When all have been used,
 * spare is therefore the number of handles that may still be taken before the limit, and the
 * test of spare is the test of the limit too, in a table of one kind of message.
 *
 * A table may have two kinds of message in turn: a handle is taken as the first, and may become the
 * second, which its mark says.  A handle that the program has seen as the second kind must not
 * become that again too soon, however many of the first kind come and go meanwhile.  So those
 * that die as the first kind have a list of their own, in which the same rules hold.  They are
 * used again if the other list has none to spare.
 *
 * Invariants:
 * (1) A handle that the program has seen is used again only after HANDLES_SPARE others
 *     that the program has seen were given behind it.
 * (2) So a call that fails moves nothing in the list.  It takes no handle before it has
 *     something to put into it; or, where others have to point to the handle meanwhile,
 *     it puts it back to the front (handles_untake()).
 * (3) If spare is above 0 the list is not empty, not even after one was taken.
 */
#include "base/handles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int handles_init(struct handles *handles, uint32_t limit, uint32_t kinds, size_t size,
		 size_t offset)
{
	uint32_t count = limit + kinds * HANDLES_SPARE;

	*handles = (struct handles){
		.end = &handles->oldest,
		.spare = -(int32_t)HANDLES_SPARE,
		.early_end = &handles->early,
		.early_spare = -(int32_t)HANDLES_SPARE,
		.count = count,
		.limit = limit,
		.size = size,
		.offset = offset,
		.items = malloc(count * size),
	};
	return handles->items ? 0 : fail(ENOMEM, "no memory for %u message handles", count);
}

void handles_deinit(struct handles *handles)
{
	free(handles->items);
	memset(handles, 0, sizeof(*handles));
}

static struct handle *handle_at(const struct handles *handles, uint32_t index)
{
	return (struct handle *)(void *)(handles->items + index * handles->size + handles->offset);
}

/* If all have been used, no more than HANDLES_SPARE are dead at the limit, and only there. */
struct handle *handles_take_fresh(struct handles *handles, uint64_t mark)
{
	struct handle *handle;

	handles->spare++;
	if (!handles->items || handles_at_limit(handles))
		return NULL;
	if (handles->early_spare > 0) {
		handles->early_spare--;
		handle = handles->early;
		handles->early = handle->next;
	} else {
		handle = handle_at(handles, handles->fresh++);
	}
	handle->mark = mark;
	return handle;
}

void handles_give_early(struct handles *handles, struct handle *handle)
{
	handle->mark = HANDLE_DEAD;
	*handles->early_end = handle;
	handles->early_end = &handle->next;
	handles->early_spare++;
}

void handles_untake(struct handles *handles, struct handle *handle)
{
	handle->mark = HANDLE_DEAD;
	/* The newest of those that were used, so that failures touch no memory after it. */
	if (handle == handle_at(handles, handles->fresh - 1)) {
		handles->fresh--;
		return;
	}
	handle->next = handles->oldest;
	if (handles->end == &handles->oldest)
		handles->end = &handle->next;
	handles->oldest = handle;
	handles->spare++;
}

void *handles_next(const struct handles *handles, uint32_t *index)
{
	struct handle *handle;

	while (handles->items && handles_live(handles) && *index < handles->fresh) {
		handle = handle_at(handles, (*index)++);
		if (handle_is_live(handle))
			return (unsigned char *)handle - handles->offset;
	}
	return NULL;
}

void handles_ask(struct handles *handles)
{
	struct handle *handle;
	uint32_t i;

	for (i = 0; i < handles->fresh; i++) {
		handle = handle_at(handles, i);
		if (handle_is_live(handle))
			handle->mark = THREAD_PATTERN | (handle->mark & HANDLE_SECOND);
	}
}
