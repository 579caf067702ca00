/* SPDX-License-Identifier: MIT */
/* A private io_uring that polls sockets and sleeps on futex words. */
#ifndef SLUICE_OS_URING_H
#define SLUICE_OS_URING_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#include "base/atomic.h"
#include "base/compiler.h"

struct uring {
	struct io_uring ring;
	/* By these flags the kernel tells of completions that our next system call would run. */
	const unsigned int *kernel_flags;
	uint64_t unsettled;	/* entries were queued, or completions not taken: known without it */
	bool enabled;
};

/* Of the kernel's flags. */
#define URING_HAS_NEWS	(IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)

/* The result of a completion. */
struct uring_event {
	uint64_t tag;
	int result;
	bool more;		/* a multishot poll stays armed */
};

/*
 * Makes a ring that belongs to no thread yet.  0; -ENOSYS (the kernel has no
 * io_uring or no futex waits in it), -EPERM (refused) or another -errno.
 */
int uring_init(struct uring *uring) MUST_CHECK;
void uring_deinit(struct uring *uring);

/* Gives the ring to the calling thread, once and for all.  0 or -errno. */
int uring_enable(struct uring *uring) MUST_CHECK;

/* Queue an entry, to be submitted with the next flush or wait.  0 or -errno. */
int uring_poll(struct uring *uring, int fd, uint64_t tag) MUST_CHECK;
int uring_futex_wait(struct uring *uring, uint32_t *word, uint32_t value,
		     uint64_t tag) MUST_CHECK;
int uring_cancel(struct uring *uring, uint64_t tag, uint64_t own_tag) MUST_CHECK;
/* Completes only if it fails. */
int uring_futex_wake(struct uring *uring, uint32_t *word, uint64_t tag) MUST_CHECK;

/* Makes an eventfd readable with each completion.  0 or -errno. */
int uring_tell(struct uring *uring, int eventfd) MUST_CHECK;

/* Is there anything to submit or to reap?  Two loads, no system call. */
static inline bool uring_busy(const struct uring *uring)
{
	return uring->unsettled || (load_relaxed(uring->kernel_flags) & URING_HAS_NEWS);
}

/* Submits queued entries and runs completions that are ready, without waiting. */
int uring_flush(struct uring *uring);

/*
 * Submits and waits for a completion, with this signal mask unless it is NULL.  0,
 * -ETIME, -EINTR or another -errno.
 */
int uring_wait(struct uring *uring, int64_t deadline, sigset_t *mask) MUST_CHECK;

/* Takes the next completion, if there is one. */
bool uring_next(struct uring *uring, struct uring_event *ret_event);

#endif /* SLUICE_OS_URING_H */
