// SPDX-License-Identifier: MIT
/*
 * How a node waits.
 *
 * A node watches sockets (of channels, of its servers' listeners, of its own mailbox) and
 * sleeps on the doorbells of its channels.  It does so through io_uring (wait/wait_uring.c)
 * or through epoll (wait/wait_epoll.c); with epoll, doorbells are armed to be rung through
 * the sockets.
 *
 * The kernel knows a source by the index of its entry and the generation of that entry,
 * never by its address.  A completion that arrives after the source is gone finds another
 * generation and is dropped.
 *
 * Wakes of peers are made at once, unless the caller holds them back.  The wakes of a
 * request to several servers share one system call, and so does the wake of a peer with the
 * sleep that waits for its answer.
 *
 * ready() and woken() handlers may watch and forget any source, including their own.  A
 * hostile peer can make its own channel's source ready as often as it likes; each time
 * costs one handler call.
 */
#include "wait/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "wait/payer.h"
#include "wait/unmapping.h"
#include "wait/wait_modes.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/futex.h"

#define TAG_BITS	2u
#define TAG_MASK	3u

uint64_t wait_tag(const struct wait *wait, const struct wait_source *source,
		  enum wait_what what)
{
	return (uint64_t)wait->entries[source->index].generation << 32 |
	       (uint64_t)source->index << TAG_BITS | what;
}

enum wait_what wait_what(uint64_t tag)
{
	return (enum wait_what)(tag & TAG_MASK);
}

struct wait_source *wait_source(const struct wait *wait, uint64_t tag)
{
	uint32_t index = (uint32_t)tag >> TAG_BITS;

	if (index >= wait->count || wait->entries[index].generation != tag >> 32)
		return NULL;
	return wait->entries[index].source;
}

/* Only a system call tells what has happened, so a glance has to decide whether to make one. */
static const unsigned int always_news = URING_HAS_NEWS;

int wait_init(struct wait *wait, enum wait_mode mode)
{
	memset(wait, 0, sizeof(*wait));
	wait->mode = mode;
	wait->epoll = -1;
	wait->told = -1;
	wait->timer.fd = -1;
	wait->again = CLOCK_NEVER;
	if (mode == WAIT_URING)
		return uring_init(&wait->uring);
	wait->uring.kernel_flags = &always_news;
	wait->epoll = fd_own(epoll_create1(EPOLL_CLOEXEC));
	return wait->epoll < 0 ? fail_system("cannot make an epoll instance") : 0;
}

void wait_deinit(struct wait *wait)
{
	flights_close(&wait->flights);
	unmap_the_rest(&wait->turns);
	payers_forget(&wait->turns);
	wait_forget(wait, &wait->timer);
	wait->timer.fd = fd_close(wait->timer.fd);
	if (wait->mode == WAIT_URING)
		uring_deinit(&wait->uring);
	wait->epoll = fd_close(wait->epoll);
	wait->told = fd_close(wait->told);
	free(wait->entries);
	wait->entries = NULL;
	wait->count = 0;
}

int wait_adopt(struct wait *wait)
{
	return wait->mode == WAIT_URING ? uring_enable(&wait->uring) : 0;
}

int wait_move(struct wait *wait)
{
	return wait->mode == WAIT_URING ? wait_uring_move(wait) : 0;
}

/* ---- Sources ---- */

static int make_entries(struct wait *wait)
{
	uint32_t i, count = wait->count ? 2 * wait->count : 16;
	struct wait_entry *entries;

	entries = realloc(wait->entries, count * sizeof(*entries));
	if (!entries)
		return fail(ENOMEM, "no memory to watch a socket");
	for (i = wait->count; i < count; i++)
		entries[i] = (struct wait_entry){ .next = i + 1 };
	wait->entries = entries;
	wait->count = count;
	return 0;
}

int wait_watch(struct wait *wait, struct wait_source *source)
{
	struct wait_entry *entry;
	int r = 0;

	if (wait->free == wait->count)
		r = make_entries(wait);
	if (r < 0)
		return r;
	source->index = wait->free;
	source->queued = false;
	source->armed = wait->mode == WAIT_SOCKET;
	if (wait->mode == WAIT_SOCKET)
		r = wait_epoll_watch(wait, source);
	else
		wait->unarmed++;
	if (r < 0)
		return r;
	entry = &wait->entries[source->index];
	entry->source = source;
	wait->free = entry->next;
	source->watched = true;
	return 0;
}

void wait_forget(struct wait *wait, struct wait_source *source)
{
	struct wait_entry *entry;

	if (!source->watched)
		return;
	entry = &wait->entries[source->index];
	if (wait->mode == WAIT_SOCKET)
		epoll_ctl(wait->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	else
		wait_uring_forget(wait, source);
	entry->source = NULL;
	entry->generation++;
	entry->next = wait->free;
	wait->free = source->index;
	source->watched = false;
	source->armed = false;
	source->queued = false;
}

/* A poll of io_uring reports new events only, and a peer's socket becomes full. */
void wait_mute(struct wait *wait, struct wait_source *source)
{
	if (source->watched && wait->mode == WAIT_SOCKET)
		wait_epoll_mute(wait, source);
}

void wait_unmute(struct wait *wait, struct wait_source *source)
{
	if (source->watched && wait->mode == WAIT_SOCKET)
		wait_epoll_unmute(wait, source);
}

int wait_on_word(struct wait *wait, struct wait_source *source, uint32_t *word,
		 uint32_t value)
{
	source->word = word;
	source->value = value;
	if (wait->mode == WAIT_SOCKET || source->queued)
		return 0;
	return wait_uring_on_word(wait, source);
}

/* ---- Sleeping ---- */

void wait_handle(struct wait *wait, bool to_send)
{
	if (wait->mode == WAIT_URING)
		wait_uring_glance(wait);
	else if (to_send)
		wait_epoll_glance_to_send(wait);
	else
		wait_epoll_glance(wait);
	if (wait->turns.first)
		turns_run(&wait->turns);
}

bool wait_look(struct wait *wait)
{
	if (likely(!wait->stale))
		return false;
	wait_want_look(wait);
	wait_epoll_glance(wait);
	return true;
}

void wait_want_look(struct wait *wait)
{
	wait->next_glance = 0;
}

int wait_check(int64_t deadline)
{
	if (deadline != CLOCK_NEVER && clock_now() >= deadline)
		return fail_quietly(ETIMEDOUT, "the timeout has passed");
	return 0;
}

void wait_look_again(struct wait *wait, int64_t time)
{
	wait->again = min_i64(wait->again, time);
}

int64_t wait_next_look(const struct wait *wait)
{
	return min_i64(wait->again, turns_alarm(&wait->turns));
}

int wait_until(struct wait *wait, int64_t deadline, int64_t alarm)
{
	int64_t end = min_i64(min_i64(alarm, wait_next_look(wait)), deadline);
	int r;

	wait->again = CLOCK_NEVER;
	r = wait->mode == WAIT_URING ? wait_uring_block(wait, end, end < deadline) :
				       wait_epoll_block(wait, end);
	turns_run(&wait->turns);
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	/* A peer that makes its source ready again and again delays no deadline. */
	return wait_check(deadline);
}

/* ---- Waking peers ---- */

void wait_wake(struct wait *wait, uint32_t *word)
{
	if (wait->holding && wait->held < WAKES_HELD_MAX)
		wait->wakes[wait->held++] = word;
	else
		futex_wake(word);
}

void wait_make_held_wakes(struct wait *wait)
{
	wait->holding = false;
	if (wait->held > 1 || wait->wakes_queued) {
		wait_uring_queue_wakes(wait);
		wait->wakes_queued = false;
		uring_flush(&wait->uring);
	} else if (wait->held) {
		futex_wake(wait->wakes[0]);
		wait->held = 0;
	}
}
