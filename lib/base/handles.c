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
 * The library may also void a handle: that of a loan whose request was released, or whose port was
 * destroyed.  The program does not need to release it, and may do so: a C++ object does, and is
 * destroyed whenever its scope ends.  So the memory of a table with a voided handle is never
 * freed as long as the node is there.  When the table ends it is kept in a list of the node, and
 * the next table of the same type and limit takes its place, with the order of its dead handles.
 * So there are never more tables than were in use at a time, whatever peers do.
 *
 * Invariants:
 * (1) A handle that the program has seen is used again only after HANDLES_SPARE others
 *     that the program has seen were given behind it.
 * (2) So a call that fails moves nothing in the list.  It takes no handle before it has
 *     something to put into it; or, where others have to point to the handle meanwhile,
 *     it puts it back to the front (handles_untake()).
 * (3) If spare is above 0 the list is not empty, not even after one was taken.
 * (4) The memory of a voided handle is a handle of the same type until the node goes.
 */
#include "base/handles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* In front of the items of each table; of use only in a list. */
struct handles_kept {
	struct handles_kept *next;
	struct handles handles;
};

#define KEPT_SIZE	((sizeof(struct handles_kept) + 15) / 16 * 16)

static struct handles_kept *front_of(const struct handles *handles)
{
	return (struct handles_kept *)(void *)(handles->items - KEPT_SIZE);
}

int handles_init(struct handles *handles, uint32_t limit, uint32_t kinds, size_t size,
		 size_t offset)
{
	uint32_t count = limit + kinds * HANDLES_SPARE;
	unsigned char *front = malloc(KEPT_SIZE + count * size);

	*handles = (struct handles){
		.end = &handles->oldest,
		.spare = -(int32_t)HANDLES_SPARE,
		.early_end = &handles->early,
		.early_spare = -(int32_t)HANDLES_SPARE,
		.count = count,
		.limit = limit,
		.size = size,
		.offset = offset,
		.items = front ? front + KEPT_SIZE : NULL,
	};
	return handles->items ? 0 : fail(ENOMEM, "no memory for %u message handles", count);
}

void handles_deinit(struct handles *handles)
{
	if (handles->items)
		free(front_of(handles));
	memset(handles, 0, sizeof(*handles));
}

void handles_end(struct handles *handles, struct handles_kept **kept)
{
	struct handles_kept *front;

	if (!handles->voided) {
		handles_deinit(handles);
		return;
	}
	front = front_of(handles);
	front->handles = *handles;
	front->next = *kept;
	*kept = front;
	memset(handles, 0, sizeof(*handles));
}

bool handles_revive(struct handles *handles, struct handles_kept **kept, uint32_t limit)
{
	struct handles_kept *front;

	while ((front = *kept) && front->handles.limit != limit)
		kept = &front->next;
	if (!front)
		return false;
	*kept = front->next;
	*handles = front->handles;
	/* A list that is not empty stays so (3). */
	if (!handles->oldest)
		handles->end = &handles->oldest;
	if (!handles->early)
		handles->early_end = &handles->early;
	return true;
}

void handles_forget(struct handles_kept **kept)
{
	struct handles_kept *front;

	while ((front = *kept)) {
		*kept = front->next;
		free(front);
	}
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
