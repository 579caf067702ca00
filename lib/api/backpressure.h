/* SPDX-License-Identifier: MIT */
/* What becomes of a message for which a peer has no room. */
#ifndef SLUICE_API_BACKPRESSURE_H
#define SLUICE_API_BACKPRESSURE_H

#include <stdbool.h>

#include <sluice.h>

#include "base/compiler.h"


/* As a port's options say. */
struct backpressure {
	uint32_t when_full;
	sluice_full_fn ask;
	void *context;
	uint64_t port;
};

/* What was asked of a message that a peer has no room for. */
struct patience {
	uint64_t request;		/* its number */
	uint64_t retries;		/* how often was asked what to do */
	int64_t since;			/* when it was asked first */
	bool without;			/* the request does not go there */
};

/* How long to wait until the program is asked again, in one call that sends. */
struct backpressure_pace {
	int64_t ask_at;			/* 0: at once */
	int64_t pause;
};

enum backpressure_verdict {
	BACKPRESSURE_WAIT,
	BACKPRESSURE_WITHOUT,	/* the peer does not get the message */
	BACKPRESSURE_FAIL,
};

/* 0 or -EINVAL.  The port is known later. */
int backpressure_init(struct backpressure *pressure,
		      const struct sluice_port_opts *opts) MUST_CHECK;

/*
 * What to do about a message to a peer, whose patience belongs to that message or to an
 * earlier one.  Asks the program if it is time to.
 */
enum backpressure_verdict backpressure_decide(const struct backpressure *pressure,
					      const struct backpressure_pace *pace,
					      struct patience *patience, uint64_t request,
					      uint64_t peer);

/* All peers have been asked; when to ask again, CLOCK_NEVER if nobody is to be. */
void backpressure_go_on(const struct backpressure *pressure, struct backpressure_pace *pace);
int64_t backpressure_alarm(const struct backpressure *pressure,
			   const struct backpressure_pace *pace);

#endif /* SLUICE_API_BACKPRESSURE_H */
