/* SPDX-License-Identifier: MIT */
/* Trying again later, after pauses that grow. */
#ifndef SLUICE_WAIT_RETRY_H
#define SLUICE_WAIT_RETRY_H

#include <stdbool.h>

#include "base/compiler.h"
#include "os/clock.h"

/* Embedded in the object that tries; zeroed, nothing is to be tried. */
struct retry {
	uint64_t wanted;	/* or 0: a whole word, so that several are tested together */
	int64_t at;		/* when to try; or when was tried last */
	int64_t pause;
	bool firm;		/* the pause grows whatever happens meanwhile */
};

/* A try failed for lack of something: try again after a pause. */
void retry_later(struct retry *retry);

/* The same, since a peer has broken the protocol; retry_afresh() does not shorten the pauses. */
void retry_later_firmly(struct retry *retry);

/* The missing resource may be there: try again at once. */
void retry_now(struct retry *retry);

/* It is to be tried at that time, whatever was wanted before; pauses grow as before. */
void retry_at(struct retry *retry, int64_t at);

/* There is a new reason to try: the next pause is the shortest again. */
void retry_afresh(struct retry *retry);

/* It is being tried, or is no longer wanted. */
static inline void retry_stop(struct retry *retry)
{
	retry->wanted = false;
}

static inline bool retry_is_due(const struct retry *retry)
{
	return unlikely(retry->wanted) && clock_now() >= retry->at;
}

/* The time when it is due; CLOCK_NEVER. */
static inline int64_t retry_alarm(const struct retry *retry)
{
	return retry->wanted ? retry->at : CLOCK_NEVER;
}

#endif /* SLUICE_WAIT_RETRY_H */
