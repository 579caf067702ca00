// SPDX-License-Identifier: MIT
/*
 * How a node waits.
 *
 * A node watches sockets (of channels, of its servers' listeners, of its own
 * mailbox) and sleeps on the doorbells of its channels.  With io_uring each socket
 * has a multishot poll and each doorbell a futex wait in the node's ring; without,
 * an epoll instance watches the sockets, and doorbells are armed to be rung
 * through them.
 *
 * A source is known to the kernel by the index of its entry and the generation of
 * that entry, never by its address: a completion that arrives after the source is
 * gone finds another generation and is dropped.
 *
 * Invariants:
 * (1) source->queued is true from the time a futex wait is queued until its
 *     completion is reaped, whatever that completion says; so at most one wait is
 *     queued per source.  Disarming a doorbell leaves the wait where it is.
 * (2) A socket is polled from the first glance or sleep after wait_watch(), which
 *     the node's own thread makes; a multishot poll that ends is armed again.
 * (3) wait_forget() leaves nothing in the kernel that would keep the socket open.
 *
 * ready() handlers may watch and forget any source, their own included.  A hostile
 * peer can make its own channel's source ready as often as it likes; each time
 * costs one handler call.
 */
#include "link/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/fd.h"

/* The two low bits of a tag say what has completed. */
#define TAG_POLL	0u
#define TAG_FUTEX	1u
#define TAG_CANCEL	2u
#define TAG_BITS	2u
#define TAG_MASK	3u

#define EPOLL_BATCH	64

static uint64_t tag_of(const struct wait *wait, const struct wait_source *source,
		       unsigned int what)
{
	return (uint64_t)wait->entries[source->index].generation << 32 |
	       (uint64_t)source->index << TAG_BITS | what;
}

static struct wait_source *source_of(const struct wait *wait, uint64_t tag)
{
	uint32_t index = (uint32_t)tag >> TAG_BITS;

	if (index >= wait->count || wait->entries[index].generation != tag >> 32)
		return NULL;
	return wait->entries[index].source;
}

int wait_init(struct wait *wait, enum wait_mode mode)
{
	memset(wait, 0, sizeof(*wait));
	wait->mode = mode;
	wait->epoll = -1;
	if (mode == WAIT_URING)
		return uring_init(&wait->uring);
	wait->epoll = fd_own(epoll_create1(EPOLL_CLOEXEC));
	return wait->epoll < 0 ? fail_system("cannot make an epoll instance") : 0;
}

void wait_deinit(struct wait *wait)
{
	if (wait->mode == WAIT_URING)
		uring_deinit(&wait->uring);
	wait->epoll = fd_close(wait->epoll);
	free(wait->entries);
	wait->entries = NULL;
	wait->count = 0;
}

int wait_adopt(struct wait *wait)
{
	return wait->mode == WAIT_URING ? uring_enable(&wait->uring) : 0;
}

/* The index of a free entry, or -errno. */
static int free_entry(struct wait *wait)
{
	struct wait_entry *entries;
	uint32_t i, count;

	for (i = 0; i < wait->count; i++)
		if (!wait->entries[i].source)
			break;
	if (i == wait->count) {
		count = wait->count ? 2 * wait->count : 16;
		entries = realloc(wait->entries, count * sizeof(*entries));
		if (!entries)
			return fail(ENOMEM, "no memory to watch a socket");
		memset(entries + wait->count, 0, (count - wait->count) * sizeof(*entries));
		wait->entries = entries;
		wait->count = count;
	}
	return (int)i;
}

static int epoll_add(struct wait *wait, struct wait_source *source)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP,
		.data.u64 = tag_of(wait, source, TAG_POLL),
	};

	if (epoll_ctl(wait->epoll, EPOLL_CTL_ADD, source->fd, &event))
		return fail_system("cannot watch a socket");
	return 0;
}

int wait_watch(struct wait *wait, struct wait_source *source)
{
	int r, index;

	index = free_entry(wait);
	if (index < 0)
		return index;
	wait->entries[index].source = source;
	source->index = (uint32_t)index;
	source->armed = false;
	source->queued = false;
	if (wait->mode == WAIT_SOCKET) {
		r = epoll_add(wait, source);
		if (r < 0) {
			wait->entries[index].source = NULL;
			return r;
		}
		source->armed = true;
	} else {
		wait->unarmed++;
	}
	source->watched = true;
	return 0;
}

void wait_forget(struct wait *wait, struct wait_source *source)
{
	if (!source->watched)
		return;
	if (wait->mode == WAIT_SOCKET) {
		epoll_ctl(wait->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	} else {
		if (source->armed)
			(void)!uring_cancel(&wait->uring, tag_of(wait, source, TAG_POLL),
					    TAG_CANCEL);
		else
			wait->unarmed--;
		if (source->queued)
			(void)!uring_cancel(&wait->uring, tag_of(wait, source, TAG_FUTEX),
					    TAG_CANCEL);
		if (wait->uring.enabled)
			uring_flush(&wait->uring);
	}
	wait->entries[source->index].source = NULL;
	wait->entries[source->index].generation++;
	source->watched = false;
	source->armed = false;
	source->queued = false;
}

int wait_on_word(struct wait *wait, struct wait_source *source, uint32_t *word,
		 uint32_t value)
{
	int r;

	if (wait->mode == WAIT_SOCKET || source->queued)
		return 0;
	r = uring_futex_wait(&wait->uring, word, value, tag_of(wait, source, TAG_FUTEX));
	if (r < 0)
		return fail(-r, "the node's io_uring takes no more waits");
	source->queued = true;
	return 0;
}

/* Polls the sockets that are not polled yet. */
static void arm_sockets(struct wait *wait)
{
	struct wait_source *source;
	uint32_t i;

	for (i = 0; i < wait->count && wait->unarmed; i++) {
		source = wait->entries[i].source;
		if (!source || source->armed)
			continue;
		if (uring_poll(&wait->uring, source->fd, tag_of(wait, source, TAG_POLL)) < 0)
			return;
		source->armed = true;
		wait->unarmed--;
	}
}

static void complete(struct wait *wait, const struct uring_event *event)
{
	struct wait_source *source;

	if ((event->tag & TAG_MASK) == TAG_CANCEL)
		return;
	source = source_of(wait, event->tag);
	if (!source)
		return;
	if ((event->tag & TAG_MASK) == TAG_FUTEX) {
		source->queued = false;
		return;
	}
	if (!event->more) {
		source->armed = false;
		wait->unarmed++;
	}
	source->ready(source);
}

static void reap_ring(struct wait *wait)
{
	struct uring_event event;

	while (uring_next(&wait->uring, &event))
		complete(wait, &event);
	if (wait->unarmed)
		arm_sockets(wait);
}

static void handle_epoll(struct wait *wait, const struct epoll_event *events, int count)
{
	struct wait_source *source;
	int i;

	for (i = 0; i < count; i++) {
		source = source_of(wait, events[i].data.u64);
		if (source)
			source->ready(source);
	}
}

static void glance_at_sockets(struct wait *wait)
{
	struct epoll_event events[EPOLL_BATCH];
	int64_t now = clock_now();

	if (now < wait->next_glance)
		return;
	wait->next_glance = now + SOCKET_GLANCE_NS;
	handle_epoll(wait, events, epoll_wait(wait->epoll, events, EPOLL_BATCH, 0));
}

void wait_glance(struct wait *wait)
{
	if (wait->mode == WAIT_SOCKET) {
		glance_at_sockets(wait);
		return;
	}
	if (unlikely(wait->unarmed))
		arm_sockets(wait);
	if (likely(!uring_busy(&wait->uring)))
		return;
	uring_flush(&wait->uring);
	reap_ring(wait);
}

static int block_on_ring(struct wait *wait, int64_t deadline)
{
	int r;

	if (wait->unarmed)
		arm_sockets(wait);
	r = uring_wait(&wait->uring, deadline);
	reap_ring(wait);
	if (r == -ETIME)
		return -ETIMEDOUT;
	if (r == -EINTR)
		return fail_quietly(EINTR, "a signal has ended the wait");
	if (r < 0)
		return fail(-r, "cannot wait with io_uring: %s", strerror(-r));
	return 0;
}

/* Linux 5.11 waits in nanoseconds; before that the wait is rounded up. */
static int epoll_until(int epoll, struct epoll_event *events, int64_t deadline)
{
	struct timespec ts, *timeout = NULL;
	int64_t left = -1;
	int n;

	if (deadline != CLOCK_NEVER) {
		left = deadline - clock_now();
		if (left < 0)
			left = 0;
		ts = clock_timespec(left);
		timeout = &ts;
	}
	n = epoll_pwait2(epoll, events, EPOLL_BATCH, timeout, NULL);
	if (n < 0 && errno == ENOSYS) {
		left = left < 0 ? -1 : (left + 999999) / 1000000;
		n = epoll_wait(epoll, events, EPOLL_BATCH, left > INT32_MAX ? INT32_MAX : (int)left);
	}
	return n;
}

static int block_on_sockets(struct wait *wait, int64_t deadline)
{
	struct epoll_event events[EPOLL_BATCH];
	int n = epoll_until(wait->epoll, events, deadline);

	if (n < 0 && errno == EINTR)
		return fail_quietly(EINTR, "a signal has ended the wait");
	if (n < 0)
		return fail_system("cannot wait with epoll");
	if (!n)
		return -ETIMEDOUT;
	handle_epoll(wait, events, n);
	return 0;
}

int wait_check(int64_t deadline)
{
	if (deadline != CLOCK_NEVER && clock_now() >= deadline)
		return fail_quietly(ETIMEDOUT, "the timeout has passed");
	return 0;
}

int wait_until(struct wait *wait, int64_t deadline, int64_t alarm)
{
	int64_t end = alarm < deadline ? alarm : deadline;
	int r;

	r = wait->mode == WAIT_URING ? block_on_ring(wait, end) : block_on_sockets(wait, end);
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	/* A peer that makes its source ready over and over holds off no deadline. */
	return wait_check(deadline);
}
