// SPDX-License-Identifier: MIT
/*
 * How a call waits for what it wants: attempt; poll for a while; then have the peers
 * ring, look once more, and sleep.
 *
 *	attempt ---- done ----------------------------------------> return
 *	   | not yet
 *	poll, for as long as it has paid lately (wait/spin.c) ----> return
 *	   |
 *	arm, attempt again if something came meanwhile
 *	   |
 *	sleep; handle what has happened; attempt -----------------> return
 *
 * A signal ends a sleep.  One that comes while the call is awake between two sleeps would
 * leave no trace, so signals are held back then, and let through by the sleep alone.  That
 * costs two system calls, which are much for a wait that ends at once and nothing for one
 * that is long.  So it is left out for two sleeps if the node's last wait was short.  Then a
 * signal is overlooked if it comes at the very moment at which something else ends one of
 * these sleeps; who waits briefly has something else to do soon.
 *
 * After each sleep there is an attempt, before the reason for its end counts.  So a deadline,
 * a signal or an interruption loses nothing.
 *
 * Wakes of peers may have been held back by the caller (wait/wait.c), so that they
 * share a system call with the sleep.  They are made before anything else takes time.
 *
 * A hostile peer can make sleeps end for nothing; each round looks at the clock, so it
 * holds off no deadline.
 */
#include "api/blocking.h"

#include <errno.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

/* 1, 0 (the time is over) or -errno. */
static int poll_until(struct blocking *blocking, int64_t end)
{
	unsigned int i;
	int r;

	do {
		for (i = 0; i < SPIN_BATCH; i++) {
			r = blocking->attempt(blocking);
			if (r)
				return r;
			spin_hint();
		}
		r = node_check_interruption(blocking->node);
		if (r < 0)
			return r;
	} while (clock_now() < end);
	return 0;
}

/* 0: attempt again; or -errno: the wait is over, if there is nothing. */
static int sleep_once(struct blocking *blocking, int64_t deadline)
{
	struct sluice_node *node = blocking->node;
	int r;

	if (unlikely(node->registration.look_at != CLOCK_NEVER))
		node_registration_tend(node);
	blocking->alarm = CLOCK_NEVER;
	r = blocking->arm(blocking);
	if (r < 0)
		return r;
	if (r > 0) {
		/* However often that happens: peers are woken, and the end is kept. */
		wait_send_wakes(&node->wait);
		r = wait_check(deadline);
		return r < 0 ? r : node_check_interruption(node);
	}
	r = node_check_interruption(node);
	if (r < 0)
		return r;
	blocking->slept = true;
	store_relaxed(&node->asleep, true);
	r = wait_until(&node->wait, deadline,
		       min_i64(blocking->alarm, node_alarm(node)));
	store_relaxed(&node->asleep, false);
	return r < 0 ? r : node_check_interruption(node);
}

/* The sentence once more: handlers may have had other failures meanwhile. */
static int end_of_wait(int slept)
{
	if (slept == -ETIMEDOUT)
		return fail_quietly(ETIMEDOUT, "the timeout has passed");
	if (slept == -EINTR)
		return fail_quietly(EINTR, "a signal, or somebody else, has ended the wait");
	return fail_again(slept);
}

/* Polls, if that has paid lately.  1, 0 or -errno. */
static int poll_first(struct blocking *blocking, int64_t begun, int64_t deadline)
{
	struct sluice_node *node = blocking->node;

	if (!node->spin.most || !node->spin.window)
		return 0;
	wait_send_wakes(&node->wait);
	return poll_until(blocking, min_i64(begun + node->spin.window, deadline));
}

static int wait_for(struct blocking *blocking, int64_t deadline)
{
	struct sluice_node *node = blocking->node;
	unsigned int rounds = node->waits_briefly ? 0 : SLEEPS_UNHELD;
	int64_t begun = clock_now(), took;
	int r, slept;

	r = poll_first(blocking, begun, deadline);
	while (!r) {
		if (rounds++ >= SLEEPS_UNHELD)
			wait_hold_signals(&node->wait);
		slept = sleep_once(blocking, deadline);
		r = blocking->attempt(blocking);
		if (!r && slept < 0)
			r = end_of_wait(slept);
	}
	wait_release_signals(&node->wait);
	if (r == -EINTR)
		node_end_interruption(node);
	took = clock_now() - begun;
	node->waits_briefly = took < BRIEF_WAIT_NS;
	if (node->spin.most && r > 0)
		spin_learn(&node->spin, took);
	return r;
}

int block_until(struct blocking *blocking, int64_t deadline)
{
	int r = blocking->attempt(blocking);

	if (!r)
		r = wait_for(blocking, deadline);
	wait_send_wakes(&blocking->node->wait);
	return r;
}

int block(struct blocking *blocking, int64_t timeout, int result)
{
	bool waits = timeout != SLUICE_NOWAIT;
	int r = result;

	/* A caller that does not wait, or is told of a limit, is told what is so now. */
	if (((!r && !waits) || r == -ENOBUFS) && wait_look(&blocking->node->wait))
		r = blocking->attempt(blocking);
	if (!r)
		r = waits ? wait_for(blocking, clock_deadline(timeout)) : -EAGAIN;
	wait_send_wakes(&blocking->node->wait);
	return r;
}

int64_t sluice_deadline(int64_t timeout)
{
	return clock_deadline(timeout);
}
