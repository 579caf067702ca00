/* SPDX-License-Identifier: MIT */
/* How a node waits for sockets and for the doorbells of its channels. */
#ifndef SLUICE_WAIT_WAIT_H
#define SLUICE_WAIT_WAIT_H

#include <stdbool.h>

#include "base/limits.h"
#include "wait/budget.h"
#include "wait/flight.h"
#include "os/signals.h"
#include "os/uring.h"

enum wait_mode {
	WAIT_URING,
	WAIT_SOCKET,
};

struct wait_source;

/* Something with a descriptor; embedded in the object that handles its events. */
struct wait_source {
	/* The socket may have something to read, or has hung up. */
	void (*ready)(struct wait_source *source);
	/* The sleep on a word has ended, for any reason; needed for wait_on_word(). */
	void (*woken)(struct wait_source *source);
	int fd;
	uint32_t index;		/* of its entry */
	bool watched;
	bool armed;		/* the socket is polled */
	bool queued;		/* a futex wait is queued in the ring, on this word */
	uint32_t *word;
	uint32_t value;
};

struct wait_entry {
	struct wait_source *source;	/* NULL: free */
	uint32_t generation;
	uint32_t next;			/* free one */
};

struct wait {
	enum wait_mode mode;
	struct uring uring;
	int epoll;
	/* In socket mode; see wait/wait_epoll.c. */
	int64_t next_glance;		/* the next look of a loop that spins */
	int64_t glanced;		/* the last glance, whether it looked or not */
	bool stale;			/* the last glance did not look */
	bool paused;			/* the loop was left since the last look */
	struct wait_entry *entries;
	uint32_t count;
	uint32_t free;			/* the first free entry; count if there is none */
	uint64_t unarmed;		/* sources whose socket is not polled yet */
	int64_t again;			/* when a port must be looked at */
	struct turns turns;		/* work of peers that want more than their share */
	struct flights flights;		/* descriptors on their way to all peers */
	struct held_signals signals;
	/* Wakes that are held back, to be made together. */
	uint32_t *wakes[WAKES_HELD_MAX];
	uint32_t held;
	bool holding;
	bool wakes_queued;		/* some are in the ring, for the sleep that is prepared */
	/* For a foreign event loop; see wait/wait_foreign.c. */
	int told;			/* the eventfd of the ring, or -1 */
	struct wait_source timer;
	int64_t alarm;
};

/* 0, -ENOSYS or -EPERM (io_uring asked for and not to be had), or -errno. */
int wait_init(struct wait *wait, enum wait_mode mode) MUST_CHECK;
void wait_deinit(struct wait *wait);

/* The calling thread takes the node, as the first one.  0 or -errno. */
int wait_adopt(struct wait *wait) MUST_CHECK;

/* The calling thread takes it from another thread; everything is armed again.  0 or -errno. */
int wait_move(struct wait *wait) MUST_CHECK;

/* Begins to watch source->fd, which source->ready will read until it is empty. */
int wait_watch(struct wait *wait, struct wait_source *source) MUST_CHECK;

/* Ends that, before the descriptor is closed.  Harmless if it is not watched. */
void wait_forget(struct wait *wait, struct wait_source *source);

/*
 * Stops a source that is not read at the moment from ending sleeps; and undoes that.  It
 * may be ready once more after the first, and may have been in between.
 */
void wait_mute(struct wait *wait, struct wait_source *source);
void wait_unmute(struct wait *wait, struct wait_source *source);

/* Will a peer's futex wake end this node's sleep, or must it send a byte? */
static inline bool wait_by_futex(const struct wait *wait)
{
	return wait->mode == WAIT_URING;
}

/* Sleep on a word too, from the next wait_until() or glance on.  0 or -errno. */
int wait_on_word(struct wait *wait, struct wait_source *source, uint32_t *word,
		 uint32_t value) MUST_CHECK;

/* Has a glance anything to hand to the kernel, or to take from it? */
static inline bool wait_is_busy(const struct wait *wait)
{
	return wait->mode == WAIT_URING && (wait->unarmed || uring_busy(&wait->uring));
}

/*
 * May something have happened that a glance handles?  One test of all that is known here,
 * and one of the kernel's flags.  In socket mode the flags are ours, and say so always.
 */
static inline uint64_t wait_may_handle(const struct wait *wait)
{
	return wait->unarmed | wait->uring.unsettled |
	       (uint64_t)(uintptr_t)wait->turns.first |
	       (load_relaxed(wait->uring.kernel_flags) & URING_HAS_NEWS);
}

/* The next sleep ends at this time at the latest. */
void wait_look_again(struct wait *wait, int64_t time);

/* Handles what has happened, for a glance; or also, for one before a send. */
void wait_handle(struct wait *wait, bool to_send) COLD;

/*
 * Handles what has happened, without waiting; cheap when nothing has.  In socket mode it
 * asks the kernel only now and then.  So a caller that is about to report that there is
 * nothing, or a number of things, calls wait_look() too.
 */
static inline void wait_glance(struct wait *wait)
{
	if (unlikely(wait_may_handle(wait)))
		wait_handle(wait, false);
}

/* Handles what the last glance has left out.  Did it leave anything out? */
bool wait_look(struct wait *wait);

/* The next glance leaves nothing out. */
void wait_want_look(struct wait *wait);

/* A glance that leaves nothing out, except in a loop of sends and receipts that spins. */
static inline void wait_glance_to_send(struct wait *wait)
{
	if (unlikely(wait_may_handle(wait)))
		wait_handle(wait, true);
}

/*
 * Sleeps until something happens, and handles it, or until the alarm, which is for the
 * caller to use.  Wakes that were held back are made first, in the same system call.  0;
 * -ETIMEDOUT (the deadline has passed, whatever else has happened), -EINTR or another
 * -errno.
 */
int wait_until(struct wait *wait, int64_t deadline, int64_t alarm) MUST_CHECK;

/*
 * A signal that comes between two sleeps ends the second one from now on, until
 * wait_release_signals().  It costs two system calls, so it is for callers that have slept
 * in vain.
 */
static inline void wait_hold_signals(struct wait *wait)
{
	signals_hold(&wait->signals);
}

static inline void wait_release_signals(struct wait *wait)
{
	signals_release(&wait->signals);
}

/* 0, or -ETIMEDOUT if the deadline has passed. */
int wait_check(int64_t deadline) MUST_CHECK;

/* Wakes threads that sleep on a word: now, or later if wakes are being held back. */
void wait_wake(struct wait *wait, uint32_t *word);

/* Holds wakes back from here on, until wait_send_wakes() makes them all at once. */
static inline void wait_hold_wakes(struct wait *wait)
{
	wait->holding = wait->mode == WAIT_URING;
}

void wait_make_held_wakes(struct wait *wait) COLD;

static inline void wait_send_wakes(struct wait *wait)
{
	if (unlikely(wait->holding))
		wait_make_held_wakes(wait);
}

/* A descriptor for a foreign event loop, the same in each call, or -errno. */
int wait_descriptor(struct wait *wait) MUST_CHECK;

/*
 * Makes it readable, from any thread and from signal handlers; keeps errno.  Does nothing
 * if no caller has asked for it, or if it is an epoll instance.
 */
void wait_tell(const struct wait *wait);

/* That descriptor becomes readable again only for later events. */
void wait_quieten(struct wait *wait);

/* It also becomes readable at this time, or when a port must be looked at. */
void wait_set_alarm(struct wait *wait, int64_t alarm);

#endif /* SLUICE_WAIT_WAIT_H */
