/* SPDX-License-Identifier: MIT */
/* The choice for a message that finds no room at a peer. */
#ifndef SLUICE_API_BACKPRESSURE_H
#define SLUICE_API_BACKPRESSURE_H

#include <stdbool.h>

#include <sluice.h>

#include "base/compiler.h"

/* The choice that the options of a port make. */
struct backpressure {
	uint32_t when_full;
	sluice_full_fn ask;
	void *context;
	uint64_t port;
};

/* The questions about a message that finds no room at a peer. */
struct patience {
	uint64_t request;		/* its number */
	uint64_t retries;		/* how often the program was asked */
	int64_t since;			/* when it was asked first */
	bool without;			/* the request does not go to this peer */
};

/* When the program is asked again, during one call that sends. */
struct backpressure_pace {
	int64_t ask_at;			/* 0: at once */
	int64_t pause;
};

enum backpressure_verdict {
	BACKPRESSURE_WAIT,
	BACKPRESSURE_WITHOUT,	/* the peer does not get the message */
	BACKPRESSURE_FAIL,
};

/* 0 or -EINVAL.  The port is set later. */
int backpressure_init(struct backpressure *pressure,
		      const struct sluice_port_opts *opts) MUST_CHECK;

/*
 * Decides about a message to a peer.  The patience of the peer is about that message, or about
 * an earlier one.  Asks the program if it is time to.
 */
enum backpressure_verdict backpressure_decide(const struct backpressure *pressure,
					      const struct backpressure_pace *pace,
					      struct patience *patience, uint64_t request,
					      uint64_t peer);

/* All peers have been asked.  Writes when to ask again; CLOCK_NEVER: nobody is to be asked. */
void backpressure_go_on(const struct backpressure *pressure, struct backpressure_pace *pace);
int64_t backpressure_alarm(const struct backpressure *pressure,
			   const struct backpressure_pace *pace);

#endif /* SLUICE_API_BACKPRESSURE_H */
