/* SPDX-License-Identifier: MIT */
/* The responses to one request from all the servers it reached. */
#ifndef SLUICE_EXCHANGE_STREAM_H
#define SLUICE_EXCHANGE_STREAM_H

#include "exchange/requester.h"

/* A response that stream_receive() has found. */
struct response_found {
	struct inlet_message message;		/* its number is for inlet_give_back() */
	struct requester *requester;
	const struct ring_consumer *ring;	/* that it came from */
};

/*
 * The next response of any server, in turn.  1; 0 (none yet); or -errno: the stream has
 * ended, and this is why.
 */
int stream_receive(struct stream *stream, struct response_found *ret_found) MUST_CHECK;

/*
 * The common case of it (channel/inlet.h): of the only server, whose responses nobody traces.  The
 * caller sees to it that one more may be held.  False: it is not so, and nothing has changed.
 */
bool stream_receive_plain(struct stream *stream, struct inlet_plain *ret_plain,
			  struct requester **ret_requester) MUST_CHECK;

/* The same, but a response stays where it is. */
int stream_look(struct stream *stream) MUST_CHECK;

/* Has anything come, be it only the end of what one of several servers sends? */
bool stream_ready(const struct stream *stream);

/* May more responses come? */
bool stream_is_connected(const struct stream *stream);

/* Is there a response, and not just an end?  Ordered; see doorbell.c. */
bool stream_has_response(const struct stream *stream);

/* Tells the servers that it is enough; it goes on reading. */
void stream_hint_stop(const struct stream *stream);

/* Does it still read from this server? */
bool stream_has(const struct stream *stream, const struct requester *requester);

/* Says that we are about to sleep; look again afterwards.  0 or -errno. */
int stream_arm(const struct stream *stream) MUST_CHECK;

/* We are awake, and poll. */
void stream_disarm(const struct stream *stream);

/* Nobody reads the stream any more: cancels what has not ended. */
void stream_cancel(struct stream *stream);

/*
 * The common case of it: the stream reads from one server, which has not returned the request.
 * Nothing is told of it, and nothing is left unread.  False: it is not so, and at most the server
 * was told that nobody waits for more.
 */
bool stream_cancel_plain(struct stream *stream) MUST_CHECK;

#endif /* SLUICE_EXCHANGE_STREAM_H */
