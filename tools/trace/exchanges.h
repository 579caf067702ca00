/* SPDX-License-Identifier: MIT */
/* Requests that have not ended yet, and where the arrows of messages begin. */
#ifndef TRACE_EXCHANGES_H
#define TRACE_EXCHANGES_H

#include "tools/trace/tracks.h"

struct exchanges {
	struct tracks *tracks;
	struct table requests, deliveries;
	TAILQ_HEAD(, request) all;
	unsigned int replies;
};

void exchanges_init(struct exchanges *exchanges, struct tracks *tracks);

/* Ends all. */
void exchanges_deinit(struct exchanges *exchanges, uint64_t time);

/* request_send; from is a point in the build, or none if that ended before. */
void exchange_sent(struct exchanges *exchanges, const struct event_record *event,
		   const struct point *from, uint64_t time);

/* A handle, when it begins. */
void exchange_received(struct exchanges *exchanges, struct span *handle);

/* reply_send; from is a point in the build, or none. */
void exchange_replied(struct exchanges *exchanges, const struct event_record *event,
		      const struct point *from);

/* A hold, when it begins. */
void exchange_responded(struct exchanges *exchanges, struct span *hold);

/* reply_overflow: the oldest was taken back.  A request that was is just not received. */
void exchange_reply_lost(struct exchanges *exchanges, const struct event_record *event);

/* The event's request has ended, or all requests of a client have. */
void exchange_end(struct exchanges *exchanges, const struct event_record *event, uint64_t time);
void exchange_end_all(struct exchanges *exchanges, uint64_t client, uint64_t time);

#endif /* TRACE_EXCHANGES_H */
