// SPDX-License-Identifier: MIT
/*
 * Waiting through io_uring: a multishot poll for each socket and a futex wait for
 * each doorbell that is armed, all in the node's ring.
 *
 * Invariants:
 * (1) source->queued is true from the time a futex wait is queued until its
 *     completion is reaped, whatever that completion says; so at most one wait is
 *     queued per source.  Disarming a doorbell leaves the wait where it is.
 * (2) Every completion of a futex wait is told by woken(), since it may be the only
 *     sign that a doorbell was rung; and since it may also be a sign of nothing (the
 *     wait was cancelled with its thread, or of an earlier arming), it proves nothing.
 * (3) A socket is polled from the first glance or sleep after wait_watch(), which
 *     the node's own thread makes; a multishot poll that ends is armed again.
 * (4) wait_forget() leaves nothing in the kernel that would keep the socket open.
 *
 * Wakes of peers that share a system call with a sleep, or with each other, are queued in
 * the ring too.  A wake of a word that was unmapped meanwhile fails, and the failure is
 * ignored.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "wait/wait_modes.h"
#include "os/clock.h"
#include "os/futex.h"

static void arm_socket(struct wait *wait, struct wait_source *source)
{
	if (uring_poll(&wait->uring, source->fd, wait_tag(wait, source, WAIT_POLL)) < 0)
		return;
	source->armed = true;
	wait->unarmed--;
}

/* Polls the sockets that are not polled yet. */
static void arm_sockets(struct wait *wait)
{
	struct wait_source *source;
	uint32_t i;

	for (i = 0; i < wait->count && wait->unarmed; i++) {
		source = wait->entries[i].source;
		if (source && !source->armed)
			arm_socket(wait, source);
	}
}

void wait_uring_forget(struct wait *wait, struct wait_source *source)
{
	if (source->armed)
		(void)!uring_cancel(&wait->uring, wait_tag(wait, source, WAIT_POLL),
				    WAIT_OTHER);
	else
		wait->unarmed--;
	if (source->queued)
		(void)!uring_cancel(&wait->uring, wait_tag(wait, source, WAIT_FUTEX),
				    WAIT_OTHER);
	if (wait->uring.enabled)
		uring_flush(&wait->uring);
}

int wait_uring_on_word(struct wait *wait, struct wait_source *source)
{
	int r;

	/* The kernel works in this order: the peer gets up while it prepares our sleep. */
	wait_uring_queue_wakes(wait);
	r = uring_futex_wait(&wait->uring, source->word, source->value,
			     wait_tag(wait, source, WAIT_FUTEX));
	if (r < 0)
		return fail(ENOMEM, "the node's io_uring takes no more waits");
	source->queued = true;
	return 0;
}

/* ---- Completions ---- */

static void complete(struct wait *wait, const struct uring_event *event)
{
	struct wait_source *source = wait_source(wait, event->tag);
	enum wait_what what = wait_what(event->tag);

	if (!source || what == WAIT_OTHER)
		return;
	if (what == WAIT_FUTEX) {
		source->queued = false;
		source->woken(source);
		return;
	}
	if (!event->more) {
		source->armed = false;
		wait->unarmed++;
	}
	source->ready(source);
}

static void reap(struct wait *wait)
{
	struct uring_event event;

	while (uring_next(&wait->uring, &event))
		complete(wait, &event);
	if (wait->unarmed)
		arm_sockets(wait);
}

void wait_uring_glance(struct wait *wait)
{
	if (unlikely(wait->unarmed))
		arm_sockets(wait);
	if (likely(!uring_busy(&wait->uring)))
		return;
	uring_flush(&wait->uring);
	reap(wait);
}

int wait_uring_block(struct wait *wait, int64_t end, bool alarm)
{
	sigset_t *mask = signals_mask(&wait->signals);
	int r;

	if (wait->unarmed)
		arm_sockets(wait);
	/*
	 * Sources whose poll the ring has not taken: the node does not sleep on them for
	 * long.
	 */
	if (unlikely(wait->unarmed))
		end = min_i64(end, clock_now() + RETRY_FIRST_NS);
	wait_uring_queue_wakes(wait);
	/* A wait that submits nothing returns what ended it, an alarm or a signal as late. */
	if (mask && alarm && uring_busy(&wait->uring))
		uring_flush(&wait->uring);
	wait->wakes_queued = false;
	r = uring_wait(&wait->uring, end, mask);
	reap(wait);
	if (r == -ETIME)
		return -ETIMEDOUT;
	if (r == -EINTR)
		return fail_quietly(EINTR, "a signal has ended the wait");
	/* EAGAIN would tell our callers that nothing has come. */
	if (r == -EAGAIN || r == -EBUSY)
		r = -ENOMEM;
	if (r < 0)
		return fail(-r, "cannot wait with io_uring: %s", strerror(-r));
	return 0;
}

void wait_uring_queue_wakes(struct wait *wait)
{
	uint32_t i;

	for (i = 0; i < wait->held; i++)
		if (uring_futex_wake(&wait->uring, wait->wakes[i], WAIT_OTHER) < 0)
			futex_wake(wait->wakes[i]);
	wait->wakes_queued |= wait->held > 0;
	wait->held = 0;
}

/* ---- Another thread ---- */

/* Waits of a ring that is gone are armed again in its successor. */
static void arm_again(struct wait *wait)
{
	struct wait_source *source;
	uint32_t i;

	for (i = 0; i < wait->count; i++) {
		source = wait->entries[i].source;
		if (!source)
			continue;
		if (source->armed)
			wait->unarmed++;
		source->armed = false;
		if (!source->queued)
			continue;
		/* The word may have changed meanwhile; then the wait ends at once. */
		source->queued = false;
		if (wait_uring_on_word(wait, source) < 0)
			source->woken(source);
	}
}

int wait_uring_move(struct wait *wait)
{
	struct uring fresh, old = wait->uring;
	int r;

	r = uring_init(&fresh);
	if (r < 0)
		return r;
	r = uring_enable(&fresh);
	if (!r && wait->told >= 0)
		r = uring_tell(&fresh, wait->told);
	if (r < 0) {
		uring_deinit(&fresh);
		return r;
	}
	wait->uring = fresh;
	uring_deinit(&old);
	arm_again(wait);
	return 0;
}
