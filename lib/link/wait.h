/* SPDX-License-Identifier: MIT */
/* How a node waits: for sockets, and for the doorbells of its channels. */
#ifndef SLUICE_LINK_WAIT_H
#define SLUICE_LINK_WAIT_H

#include <stdbool.h>

#include "os/uring.h"

enum wait_mode {
	WAIT_URING,
	WAIT_SOCKET,
};

struct wait_source;

/* Something with a descriptor; embedded in what handles its events. */
struct wait_source {
	/* The socket may have something to read, or has hung up. */
	void (*ready)(struct wait_source *source);
	int fd;
	uint32_t index;		/* of its entry */
	bool watched;
	bool armed;		/* the socket is polled */
	bool queued;		/* a futex wait is queued in the ring */
};

struct wait_entry {
	struct wait_source *source;	/* NULL: free */
	uint32_t generation;
};

struct wait {
	enum wait_mode mode;
	struct uring uring;
	int epoll;
	int64_t next_glance;
	struct wait_entry *entries;
	uint32_t count;
	uint32_t unarmed;	/* sources whose socket is not polled yet */
};

/* 0, -ENOSYS or -EPERM (io_uring asked for and not to be had), or -errno. */
int wait_init(struct wait *wait, enum wait_mode mode) MUST_CHECK;
void wait_deinit(struct wait *wait);

/* The calling thread takes the node.  0 or -errno. */
int wait_adopt(struct wait *wait) MUST_CHECK;

/* Begins to watch source->fd, which source->ready will read until it is empty. */
int wait_watch(struct wait *wait, struct wait_source *source) MUST_CHECK;

/* Ends that, before the descriptor is closed.  Harmless if it is not watched. */
void wait_forget(struct wait *wait, struct wait_source *source);

/* Will a peer's futex wake end this node's sleep, or must it send a byte? */
static inline bool wait_by_futex(const struct wait *wait)
{
	return wait->mode == WAIT_URING;
}

/* Sleep on a word too, from the next wait_until() on.  0 or -errno. */
int wait_on_word(struct wait *wait, struct wait_source *source, uint32_t *word,
		 uint32_t value) MUST_CHECK;

/* Handles what has happened, without waiting; cheap when nothing has. */
void wait_glance(struct wait *wait);

/*
 * Sleeps until something happens, and handles it, or until the alarm, for which the
 * caller has a use of its own.  0; -ETIMEDOUT (the deadline has passed, whatever else
 * has happened), -EINTR or another -errno.
 */
int wait_until(struct wait *wait, int64_t deadline, int64_t alarm) MUST_CHECK;

/* 0, or -ETIMEDOUT if the deadline has passed. */
int wait_check(int64_t deadline) MUST_CHECK;

#endif /* SLUICE_LINK_WAIT_H */
