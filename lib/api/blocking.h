/* SPDX-License-Identifier: MIT */
/* How a call waits for what it wants. */
#ifndef SLUICE_API_BLOCKING_H
#define SLUICE_API_BLOCKING_H

#include "api/node.h"
#include "trace/counters.h"

/* Embedded in what one call wants. */
struct blocking {
	struct sluice_node *node;
	/* Looks what has happened, and tries.  1: done; 0: not yet; -errno: never. */
	int (*attempt)(struct blocking *blocking);
	/*
	 * Has the peers ring, and looks once more.  1 if an attempt may succeed now;
	 * 0; or -errno.  Sets alarm.
	 */
	int (*arm)(struct blocking *blocking);
	/* When to attempt again in any case; set by arm(). */
	int64_t alarm;
	bool slept;			/* before it was done, or not */
};

/*
 * Attempts until it is done, after a first attempt that was not, with this result.  1; what
 * attempt() or arm() failed with; -EAGAIN (SLUICE_NOWAIT; without a sentence), -ETIMEDOUT,
 * -EINTR or another -errno of the wait.  Wakes that were being held back are made.
 */
int block(struct blocking *blocking, int64_t timeout, int result) MUST_CHECK;

/* It was done: by polling, or after it had slept. */
static inline void blocking_count(const struct blocking *blocking,
				  struct sluice_registry_counters *counters)
{
	if (blocking->slept)
		counters_woken(counters);
	else
		counters_polled(counters);
}

/* The same with a deadline, CLOCK_NEVER for none. */
int block_until(struct blocking *blocking, int64_t deadline) MUST_CHECK;

#endif /* SLUICE_API_BLOCKING_H */
