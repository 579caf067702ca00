// SPDX-License-Identifier: MIT
/*
 * A delivery: one request on its way to one server, and the responses on their way
 * back.  It is an entry of the request ring, bound to a response ring and to the words
 * cancelled and closed of the same number, which stay bound until nothing of this
 * request can come any more:
 *
 *	free		delivery_begin()	-> queued or held by the server
 *	out		the return comes	-> returned
 *			taken back, full ring	-> returned
 *			withdrawn		-> returned
 *	returned	stream ended, or its
 *			reader has gone		-> free, after the ring was emptied
 *
 * The responses to it are read through a stream (exchange/stream.c), which a delivery
 * joins when it is sent and leaves when it has ended.  Then the client's tracer, if
 * there is one, hears of the whole round trip.
 *
 * Invariants:
 * (1) A delivery holds its request's slice from requester_send() until it was returned
 *     or taken back, or the channel is gone.
 * (2) A response ring is bound to a new request only after the slice of the old one
 *     was returned and the ring was emptied, so no response meets a later request.
 * (3) outstanding of the requester is the number of its deliveries that are out, whatever
 *     the server returns, and how often.
 *
 * Deliveries are their requester's, private memory.  What the server tells of times is
 * believed only as far as it lies between the sending and now, and in order; it is passed
 * on, and nothing is decided by it.
 */
#include "exchange/requester.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/limits.h"
#include "exchange/response_rings.h"
#include "os/clock.h"
#include "shm/load.h"
#include "trace/probes.h"

int delivery_make_table(struct requester *requester)
{
	if (!requester->deliveries)
		requester->deliveries = malloc(requester->layout->deliveries *
					       sizeof(*requester->deliveries));
	return requester->deliveries ? 0 : fail(ENOMEM, "no memory for requests to a server");
}

bool delivery_make_rings(struct requester *requester, uint32_t number)
{
	int r = delivery_make_table(requester);

	if (!r)
		r = response_rings_populate(&requester->channel, requester->layout, number);
	if (r < 0) {
		channel_give_up(&requester->channel, -r);
		return false;
	}
	response_rings_format(&requester->channel, requester->layout, requester->rings,
			      (uint32_t)r);
	requester->rings = (uint32_t)r;
	return true;
}

/* NULL if there is no memory for it; then the channel is gone. */
static struct delivery *make_fresh(struct requester *requester)
{
	uint32_t number = requester->fresh;
	struct delivery *delivery;

	if (number >= requester->rings && !delivery_make_rings(requester, number))
		return NULL;
	delivery = &requester->deliveries[number];
	requester->fresh++;
	*delivery = (struct delivery){ .requester = requester, .number = number };
	ring_consumer_init(&delivery->ring,
			   layout_response_ring(requester->layout, &requester->channel, number),
			   requester->layout->response_slots);
	return delivery;
}

/*
 * A few are made before returns are read for the first time: so they are read once for
 * several requests, and not while a request is under way.
 */
struct delivery *delivery_find(struct requester *requester)
{
	if (requester->fresh >= DELIVERIES_AT_HAND)
		requester_reap(requester);
	if (!requester->free && requester->fresh < requester->layout->deliveries)
		return make_fresh(requester);
	if (!requester->free)
		requester_reap(requester);
	return requester->free;
}

static inline void drop_slice(struct requester *requester, struct delivery *delivery)
{
	if (likely(delivery->holding))
		pool_drop(requester->requests.pool, delivery->slice);
	delivery->holding = false;
}

void delivery_drop_slice(struct delivery *delivery)
{
	drop_slice(delivery->requester, delivery);
}

static COLD void drop_text(struct delivery *delivery)
{
	free(delivery->text);
	delivery->text = NULL;
}

static inline void make_free(struct requester *requester, struct delivery *delivery)
{
	struct attachment **attachments = &requester->responses.attachments;

	if (unlikely(*attachments))
		attachment_drop_key(attachments, delivery->number);
	if (unlikely(delivery->text))
		drop_text(delivery);
	delivery->request = 0;
	delivery->next = requester->free;
	requester->free = delivery;
}

void delivery_make_free(struct delivery *delivery)
{
	make_free(delivery->requester, delivery);
}

void delivery_empty(struct delivery *delivery)
{
	struct requester *requester = delivery->requester;
	uint64_t most = delivery->ring.mask + 1, n;
	struct ring_message message;
	int r = 0;

	for (n = 0; n < most; n++) {
		r = ring_pop(&delivery->ring, &message);
		if (r <= 0)
			break;
		returns_push(&requester->responses.returns, message.slice);
	}
	if (r < 0)
		channel_breach(&requester->channel, "a server has broken a response ring");
	else if (n && requester->responses.tells_room)
		channel_ring(&requester->channel, SLUICE_DOORBELL_SPACE);
}

/* After the return the server sends nothing more, and what is left unread goes back. */
static COLD void clear(struct delivery *delivery)
{
	delivery_empty(delivery);
	if (ring_ready(&delivery->ring))
		channel_breach(&delivery->requester->channel,
			       "a server has sent a response to a request that it returned");
}

static inline void free_if_done(struct requester *requester, struct delivery *delivery)
{
	if (!delivery->request || !delivery->returned || delivery->stream)
		return;
	if (unlikely(ring_ready(&delivery->ring)))
		clear(delivery);
	make_free(requester, delivery);
}

/* A hostile server can return what is still in the ring, from which it is taken back then. */
static inline void is_not_out(struct requester *requester, struct delivery *delivery)
{
	if (delivery->out)
		requester->outstanding--;
	delivery->out = false;
	delivery->returned = true;
}

void delivery_returned(struct requester *requester, struct delivery *delivery)
{
	drop_slice(requester, delivery);
	is_not_out(requester, delivery);
	free_if_done(requester, delivery);
}

/* A time that the server has told, if it is possible: not before another, and not to come. */
static uint64_t believe(const uint64_t *stage, uint64_t since, int64_t now)
{
	uint64_t time = load_relaxed(stage);

	return since && time >= since && time <= (uint64_t)now ? time : 0;
}

static COLD void tell_round_trip(const struct delivery *delivery)
{
	const struct requester *requester = delivery->requester;
	const struct sluice_channel_stages *said = &requester->words.stages[delivery->number];
	const struct stream *stream = delivery->stream;
	int64_t now = clock_now();
	struct sluice_trace_stages stages = {
		.loaned = (uint64_t)stream->loaned,
		.sent = (uint64_t)delivery->sent,
		.responded = (uint64_t)delivery->responded,
		.ended = (uint64_t)now,
		.bytes = stream->bytes,
	};

	if (load_relaxed(&said->request) == delivery->request) {
		stages.received = believe(&said->received, stages.sent, now);
		stages.replied = believe(&said->replied, stages.received, now);
		stages.finished = believe(&said->finished, stages.received, now);
	}
	probe(round_trip, requester->channel.port, requester->channel.peer, delivery->request,
	      probe_address(&stages));
}

int delivery_keep_text(struct delivery *delivery, const struct sluice_wire_status *status)
{
	char *text;

	/* If the delivery was freed meanwhile, nobody asks for its text. */
	if (!delivery->request || delivery->request != status->request)
		return 0;
	text = strndup(status->text, sizeof(status->text) - 1);
	if (!text)
		return fail(ENOMEM, "no memory for the text of a status");
	free(delivery->text);
	delivery->text = text;
	return 0;
}

/* Its stream is told what the server has ended the request with. */
static COLD void note_status(struct delivery *delivery)
{
	struct requester *requester = delivery->requester;
	struct stream_status *status = &delivery->stream->status;
	uint64_t closed = load_relaxed(&requester->words.closed[delivery->number]);

	if (status->code)
		return;
	if (delivery->text)
		turn_refund(&requester->channel.wait->turns, &requester->channel.turn,
			    PACKET_PAID_NS);
	status->server = requester->channel.peer;
	status->code = (int)(closed >> SLUICE_CHANNEL_STATUS_SHIFT & SLUICE_CHANNEL_STATUS_MAX);
	/* A server that changes its mind has given none. */
	if (!status->code)
		status->code = EREMOTEIO;
	status->text = delivery->text;
	delivery->text = NULL;
}

bool delivery_text_may_come(struct delivery *delivery)
{
	struct requester *requester = delivery->requester;
	uint64_t closed = load_relaxed(&requester->words.closed[delivery->number]);

	/* The text came on the socket before the word. */
	if (!(closed & SLUICE_CHANNEL_TEXT) || delivery->text)
		return false;
	requester->channel.starved = !channel_drain(&requester->channel);
	return requester->channel.starved && !delivery->text;
}

void delivery_leave_stream(struct delivery *delivery, int reason)
{
	struct stream *stream = delivery->stream;
	struct requester *requester = delivery->requester;
	struct delivery *before = stream->current;

	while (before->next != delivery)
		before = before->next;
	before->next = delivery->next;
	stream->current = before == delivery ? NULL : before;
	if (reason == EREMOTEIO)
		note_status(delivery);
	if (stream->end == 0 || stream->end == EPIPE)
		stream->end = reason;
	stream->open--;
	if (unlikely(delivery->sent))
		tell_round_trip(delivery);
	delivery->stream = NULL;
	free_if_done(requester, delivery);
	channel_put(&requester->channel);
}

bool delivery_withdraw(struct delivery *delivery)
{
	if (!delivery->holding || delivery->returned ||
	    !ring_withdraw(&delivery->requester->request_ring, delivery->next_slot - 1))
		return false;
	delivery_taken_back(delivery);
	return true;
}

void delivery_taken_back(struct delivery *delivery)
{
	delivery_drop_slice(delivery);
	/* The server itself has taken from the count what it has returned. */
	if (unlikely(delivery->counted) && delivery->out)
		load_drop(load_page_words(&delivery->requester->load_page));
	is_not_out(delivery->requester, delivery);
	if (delivery->stream)
		delivery_leave_stream(delivery, ENOBUFS);
	else
		free_if_done(delivery->requester, delivery);
}

static void join(struct delivery *delivery, struct stream *stream)
{
	delivery->stream = stream;
	if (unlikely(stream->current)) {
		delivery->next = stream->current->next;
		stream->current->next = delivery;
	} else {
		delivery->next = delivery;
	}
	stream->current = delivery;
	stream->servers++;
	stream->open++;
}

/* It is bound to the request, whose slice it holds. */
static inline void take_request(struct requester *requester, struct delivery *delivery,
			const struct requester_message *message)
{
	delivery->request = message->request;
	delivery->next_slot = requester->request_ring.next;
	delivery->position = 0;
	delivery->last = false;
	delivery->responded = 0;
	delivery->slice = message->slice;
	delivery->returned = false;
	delivery->out = true;
	delivery->counted = message->counted;
	delivery->holding = true;
	requester->outstanding++;
	channel_get(&requester->channel);
	pool_hold(requester->requests.pool, message->slice);
}

void delivery_begin(struct requester *requester, struct delivery *delivery,
		    const struct requester_message *message, struct stream *stream)
{
	take_request(requester, delivery, message);
	join(delivery, stream);
}

void delivery_begin_first(struct requester *requester, struct delivery *delivery,
			  const struct requester_message *message, struct stream *stream)
{
	take_request(requester, delivery, message);
	delivery->stream = stream;
	delivery->next = delivery;
	*stream = (struct stream){ .current = delivery, .servers = 1, .open = 1 };
}
