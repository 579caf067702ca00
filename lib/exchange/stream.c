// SPDX-License-Identifier: MIT
/*
 * The responses to one request from all the servers it reached: what a pending
 * response reads.
 *
 * A stream is a circle of deliveries (exchange/delivery.c), one for each server, read in
 * turn.  A delivery leaves the circle when nothing more can come through it:
 *
 *	closed[d] holds the request's number (C1, stored by the server after the last
 *	response; read here with C2) or the return has come, and the ring is empty;
 *	with EXPIRED if the server found its deadline passed (ETIMEDOUT), with a status
 *	if the server gave one (EREMOTEIO);
 *	a response was marked as the last, and has been received;
 *	the request was taken back to make room for a later one (ENOBUFS);
 *	the server has left or died, or broken the protocol, and the ring is empty.
 *
 * The stream has ended when the circle is empty, and the reason is that of the first
 * delivery which did not end in good order.  A reader that goes before the end stores
 * the request's number in cancelled[d] (C3; the server reads it with C4), unless it can
 * withdraw the request; and with STOP beside it, if it goes on reading.
 *
 * A hostile server can send responses that are none: they are checked against what it
 * has shown of its segments, and cost it the channel.  Nothing it does delays what the
 * other servers send.
 */
#include "exchange/stream.h"

#include <errno.h>

#include "base/atomic.h"
#include "base/error.h"
#include "os/clock.h"

/* The errno that a word closed says of the end of its request. */
static int end_of(uint64_t closed)
{
	if (likely(!(closed & ~SLUICE_CHANNEL_REQUEST)))
		return EPIPE;
	return closed & SLUICE_CHANNEL_EXPIRED ? ETIMEDOUT : EREMOTEIO;
}

/* Has the server said that no more will come?  0, or why: an errno. */
static int delivery_end(const struct delivery *delivery)
{
	const struct requester *requester = delivery->requester;
	uint64_t closed;

	/* C2: sees every response before C1. */
	closed = load_ordered(&requester->words.closed[delivery->number]);
	if ((closed & SLUICE_CHANNEL_REQUEST) == delivery->request)
		return end_of(closed);
	if (delivery->returned || delivery->last)
		return EPIPE;
	if (requester->channel.gone)
		return requester->channel.gone;
	return requester->channel.leaving ? EPIPE : 0;
}

static struct delivery *delivery_of(const struct ring_consumer *ring)
{
	return container_of(ring, struct delivery, ring);
}

static uint32_t key_of(const struct ring_consumer *ring, const struct ring_message *in)
{
	(void)in;
	return delivery_of(ring)->number;
}

/* May it be a response to the request of this delivery, and the next one? */
static inline bool is_next(const struct delivery *delivery, const struct ring_message *in)
{
	return in->request == delivery->request && in->position >= delivery->position &&
	       !delivery->last;
}

static inline void note(struct delivery *delivery, const struct ring_message *in)
{
	if (unlikely(in->position != delivery->position) && delivery->stream)
		delivery->stream->incomplete = true;
	delivery->position = in->position + 1;
	delivery->last = in->flags & SLUICE_RING_LAST;
}

static const char *admit(struct inlet *inlet, struct ring_consumer *ring,
			 const struct ring_message *in)
{
	struct delivery *delivery = delivery_of(ring);

	(void)inlet;
	if (!is_next(delivery, in))
		return "a server has sent a response to another request";
	if (unlikely(delivery->sent) && !delivery->responded)
		delivery->responded = clock_now();
	note(delivery, in);
	return NULL;
}

static void broken(struct inlet *inlet, const char *how)
{
	channel_breach(inlet->channel, how);
}

static const struct inlet_ops ops = {
	.key = key_of,
	.admit = admit,
	.broken = broken,
	.broken_ring = "a server has broken a response ring",
};

/*
 * 1; 0 (nothing yet); -EAGAIN (not before the channel had its turn); or another -errno, and
 * then the channel is closed.
 */
static int take_response(struct delivery *delivery, struct response_found *ret_found)
{
	struct requester *requester = delivery->requester;
	struct inlet_message *message = &ret_found->message;
	int r;

	r = inlet_receive(&requester->responses, &ops, &delivery->ring, message);
	if (r <= 0)
		return r;
	ret_found->requester = requester;
	ret_found->ring = &delivery->ring;
	return 1;
}

static inline int look_or_take(struct delivery *delivery, struct response_found *ret_found)
{
	struct requester *requester = delivery->requester;
	struct ring_message in;

	if (likely(ret_found))
		return take_response(delivery, ret_found);
	return requester->channel.starved ? -EAGAIN :
	       inlet_look(&requester->responses, &ops, &delivery->ring, &in);
}

/*
 * A look at the delivery found this.  Ends the delivery if nothing more can come; it may not be
 * touched afterwards.  1, 0 (nothing yet) or -EPIPE (it has ended).
 */
static int judge(struct delivery *delivery, struct response_found *ret_found, int found)
{
	int r = found, end;

	if (r > 0)
		return r;
	if (unlikely(r == -EAGAIN))
		return 0;
	/* A breach, or what was lacking here to read what was sent. */
	end = r < 0 ? delivery->requester->channel.gone : delivery_end(delivery);
	if (!end)
		return 0;
	/* A response that came before the end may have come since the first look. */
	if (!r)
		r = look_or_take(delivery, ret_found);
	if (r > 0)
		return r;
	if (r == -EAGAIN || (end == EREMOTEIO && delivery_text_may_come(delivery)))
		return 0;
	delivery_leave_stream(delivery, end);
	return -EPIPE;
}

/* What is told of a stream in which nothing was found.  0 or -errno. */
static int nothing_of(const struct stream *stream)
{
	if (stream->open)
		return 0;
	return stream->servers ? -stream->end : -ENOTCONN;
}

/* As stream_receive(), of several servers; or stream_look(). */
static COLD int receive_in_turn(struct stream *stream, struct response_found *ret_found)
{
	struct delivery *delivery;
	uint32_t looks;
	int r;

	for (looks = stream->open; looks; looks--) {
		delivery = stream->current->next;
		r = judge(delivery, ret_found, look_or_take(delivery, ret_found));
		/* A delivery of which nothing was taken does not lose its turn. */
		if (r > 0 && !ret_found)
			return r;
		/* The next look, here or in the next call, is at the one behind. */
		if (r >= 0)
			stream->current = delivery;
		if (r > 0)
			return r;
	}
	return nothing_of(stream);
}

/* The only delivery had no response at the first look, which found this. */
static OUTLINE int receive_later(struct stream *stream, struct response_found *ret_found, int found)
{
	int r = judge(stream->current, ret_found, found);

	return r > 0 ? r : nothing_of(stream);
}

int stream_receive(struct stream *stream, struct response_found *ret_found)
{
	int r;

	if (unlikely(stream->open != 1))
		return receive_in_turn(stream, ret_found);
	r = take_response(stream->current, ret_found);
	return likely(r > 0) ? r : receive_later(stream, ret_found, r);
}

bool stream_receive_plain(struct stream *stream, struct inlet_plain *ret_plain,
			  struct requester **ret_requester)
{
	struct delivery *delivery = stream->current;
	struct inlet *inlet;

	if (unlikely(stream->open != 1))
		return false;
	inlet = &delivery->requester->responses;
	if (unlikely(inlet->tells_room || delivery->sent ||
		     !inlet_peek_plain(inlet, &delivery->ring, ret_plain) ||
		     !is_next(delivery, &ret_plain->in) ||
		     !inlet_claim_plain(inlet, &delivery->ring, ret_plain)))
		return false;
	note(delivery, &ret_plain->in);
	*ret_requester = delivery->requester;
	return true;
}

int stream_look(struct stream *stream)
{
	return receive_in_turn(stream, NULL);
}

/* Is this so of any delivery? */
static bool any(const struct stream *stream,
		bool (*is_so)(const struct delivery *delivery, const void *context),
		const void *context)
{
	const struct delivery *delivery = stream->current;

	if (!delivery)
		return false;
	do {
		if (is_so(delivery, context))
			return true;
		delivery = delivery->next;
	} while (delivery != stream->current);
	return false;
}

static bool is_ready(const struct delivery *delivery, const void *context)
{
	(void)context;
	if (unlikely(delivery->requester->channel.starved))
		return false;
	return ring_ready(&delivery->ring) || delivery_end(delivery);
}

bool stream_ready(const struct stream *stream)
{
	return !stream->current || any(stream, is_ready, NULL);
}

static bool is_open(const struct delivery *delivery, const void *context)
{
	(void)context;
	return !delivery_end(delivery);
}

bool stream_is_connected(const struct stream *stream)
{
	return any(stream, is_open, NULL);
}

static bool has_response(const struct delivery *delivery, const void *context)
{
	(void)context;
	return ring_has_message(&delivery->ring);
}

bool stream_has_response(const struct stream *stream)
{
	return any(stream, has_response, NULL);
}

static bool is_of(const struct delivery *delivery, const void *context)
{
	return delivery->requester == context;
}

bool stream_has(const struct stream *stream, const struct requester *requester)
{
	return any(stream, is_of, requester);
}

int stream_arm(const struct stream *stream)
{
	struct delivery *delivery = stream->current;
	int r = 0;

	if (!delivery)
		return 0;
	do {
		r = channel_arm(&delivery->requester->channel, SLUICE_DOORBELL_MESSAGE);
		delivery = delivery->next;
	} while (!r && delivery != stream->current);
	return r;
}

void stream_hint_stop(const struct stream *stream)
{
	struct delivery *delivery = stream->current;

	if (!delivery)
		return;
	do {
		/* C3: a hint that no more is wanted; pairs with C4. */
		exchange_ordered(&delivery->requester->words.cancelled[delivery->number],
				 delivery->request | SLUICE_CHANNEL_STOP);
		delivery = delivery->next;
	} while (delivery != stream->current);
}

void stream_disarm(const struct stream *stream)
{
	struct delivery *delivery = stream->current;

	if (!delivery)
		return;
	do {
		channel_disarm(&delivery->requester->channel);
		delivery = delivery->next;
	} while (delivery != stream->current);
}

void stream_cancel(struct stream *stream)
{
	struct delivery *delivery;
	struct requester *requester;

	while (stream->current) {
		delivery = stream->current;
		requester = delivery->requester;
		/* Nothing more comes. */
		if (delivery->last || delivery->returned) {
			delivery_leave_stream(delivery, EPIPE);
			continue;
		}
		if (requester->withdraws && delivery_withdraw(delivery))
			continue;
		/* C3: nobody waits for the answer; pairs with C4. */
		exchange_ordered(&requester->words.cancelled[delivery->number], delivery->request);
		if (unlikely(ring_ready(&delivery->ring)))
			delivery_empty(delivery);
		delivery_leave_stream(delivery, EPIPE);
	}
}

bool stream_cancel_plain(struct stream *stream)
{
	struct delivery *delivery = stream->current;
	struct requester *requester;

	if (unlikely(stream->open != 1 || delivery->returned || delivery->sent))
		return false;
	requester = delivery->requester;
	if (unlikely(requester->channel.references <= 1))
		return false;
	if (!delivery->last) {
		if (unlikely(requester->withdraws))
			return false;
		/* C3: nobody waits for the answer; pairs with C4. */
		exchange_ordered(&requester->words.cancelled[delivery->number], delivery->request);
		if (unlikely(ring_ready(&delivery->ring)))
			return false;
	}
	stream->current = NULL;
	stream->open = 0;
	delivery->stream = NULL;
	requester->channel.references--;
	return true;
}
