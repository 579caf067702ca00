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
	struct handle *next;	/* of a dead one: the one that has been dead for less long */
};

#define HANDLE_DEAD	0u		/* as fresh memory is */

/* Beside the number, in the mark of a handle that has become the second kind of its table. */
#define HANDLE_SECOND	(UINT64_C(1) << 30)

struct handles {
	struct handle *oldest;	/* of the dead, or NULL */
	struct handle **end;	/* of their list */
	int32_t spare;		/* how many of the dead may be used again */
	struct handle *early;	/* the same list of those that died as the first kind */
	struct handle **early_end;
	int32_t early_spare;
	uint32_t fresh;		/* items below this have been used */
	uint32_t count;
	uint32_t limit;		/* of the live */
	size_t size;		/* of an item */
	size_t offset;		/* of its struct handle */
	unsigned char *items;
	/* A handle died of which the program has not said so, and which it may still release. */
	bool voided;
};

/* A list of tables that have gone, whose handles the program may still release; NULL: none. */
struct handles_kept;

/*
 * Room for limit live handles, of one kind or two, and some more so that stale ones are noticed.
 * In a table of two kinds the caller keeps the limits of each.
 */
int handles_init(struct handles *handles, uint32_t limit, uint32_t kinds, size_t size,
		 size_t offset) MUST_CHECK;
void handles_deinit(struct handles *handles);

/* Ends a table: it is put into the list if a handle was voided, and freed otherwise. */
void handles_end(struct handles *handles, struct handles_kept **kept);

/*
 * Takes a table for limit live handles out of the list, as it was when it was ended; all tables
 * of a list have items of one type.  False: there is none.
 */
bool handles_revive(struct handles *handles, struct handles_kept **kept,
		    uint32_t limit) MUST_CHECK;

/* Frees all of them. */
void handles_forget(struct handles_kept **kept);

/* How many are live, of a table that was made. */
static inline uint32_t handles_live_(const struct handles *handles)
{
	return handles->fresh - (uint32_t)(handles->spare + (int32_t)HANDLES_SPARE) -
	       (uint32_t)(handles->early_spare + (int32_t)HANDLES_SPARE);
}

static inline uint32_t handles_live(const struct handles *handles)
{
	return handles->items ? handles_live_(handles) : 0;
}

/* Has the number of live handles reached the limit?  A table that was not made is at its limit. */
static inline bool handles_at_limit(const struct handles *handles)
{
	return handles_live_(handles) >= handles->limit;
}

/*
 * The part of handles_take() that is seldom needed: one that was never used; or NULL.  A dead
 * one was counted as taken, and was not.
 */
struct handle *handles_take_fresh(struct handles *handles, uint64_t mark) COLD;

/*
 * The handle that has been dead for longest, now live for the thread of this number; NULL
 * at the limit.  Take it when there is something to put into it.
 */
INLINE struct handle *handles_take(struct handles *handles, uint64_t mark)
{
	struct handle *handle = handles->oldest;

	if (unlikely(--handles->spare < 0))
		return handles_take_fresh(handles, mark);
	handles->oldest = handle->next;
	handle->mark = mark;
	return handle;
}

/* The same where the caller has seen that there is one to spare. */
INLINE struct handle *handles_take_spare(struct handles *handles, uint64_t mark)
{
	struct handle *handle = handles->oldest;

	handles->spare--;
	handles->oldest = handle->next;
	handle->mark = mark;
	return handle;
}

/* It is dead now, and used again after all that are dead already. */
INLINE void handles_give(struct handles *handles, struct handle *handle)
{
	handle->mark = HANDLE_DEAD;
	*handles->end = handle;
	handles->end = &handle->next;
	handles->spare++;
}

/*
 * The same of a handle that dies as the first kind of a table that has two.  Such a death does
 * not count for the handles that have died as the second kind.
 */
void handles_give_early(struct handles *handles, struct handle *handle) COLD;

/* Gives back a handle that the program has never seen: it is the next to be used. */
void handles_untake(struct handles *handles, struct handle *handle);

/* The next live item at or behind *index, which moves on; NULL at the end. */
void *handles_next(const struct handles *handles, uint32_t *index);

/* The node is asked from now on which thread may use those that are live. */
void handles_ask(struct handles *handles);

/* Of a live one. */
static inline bool handle_is_second(const struct handle *handle)
{
	return handle->mark & HANDLE_SECOND;
}

static inline bool handle_is_live(const struct handle *handle)
{
	return handle->mark >= THREAD_PATTERN && handle->mark - THREAD_PATTERN <= UINT32_MAX;
}

#endif /* SLUICE_BASE_HANDLES_H */
