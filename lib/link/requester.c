// SPDX-License-Identifier: MIT
/*
 * The client's end of a channel.
 *
 * A request goes to a server as a *delivery*: an entry of the request ring, bound to
 * a response ring and to the words cancelled and closed of the same number, which
 * stay bound until nothing of this request can come any more:
 *
 *	free		requester_send()	-> queued or held by the server
 *	out		the return comes	-> returned
 *			taken back, full ring	-> returned
 *	returned	stream ended, or its
 *			reader has gone		-> free, after the ring was emptied
 *
 * The responses to it are read through a stream (link/stream.c), which a delivery
 * joins when it is sent and leaves when it has ended.
 *
 * Invariants:
 * (1) A delivery holds its request's slice from requester_send() until it was
 *     returned or taken back, or the channel is gone.
 * (2) A response ring is bound to a new request only after the slice of the old one
 *     was returned and the ring was emptied, so no response meets a later request.
 * (3) Deliveries are kept by number in private memory; of what comes back the number
 *     is checked, and that it is out.
 *
 * A hostile server can return requests too early, twice or never: it then loses the
 * channel or keeps its own deliveries busy, and sees at most later requests that it
 * would have been sent anyway.
 */
#include "link/requester.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/fd.h"

static struct requester *requester_of(struct channel *channel)
{
	return container_of(channel, struct requester, channel);
}

uint32_t delivery_number(const struct delivery *delivery)
{
	return (uint32_t)(delivery - delivery->requester->deliveries);
}

/* ---- The life of a delivery ---- */

static void drop_slice(struct delivery *delivery)
{
	if (delivery->holding)
		pool_drop(delivery->requester->pool, delivery->slice);
	delivery->holding = false;
}

static void make_free(struct delivery *delivery)
{
	delivery->request = 0;
	delivery->next = delivery->requester->free;
	delivery->requester->free = delivery;
}

void delivery_empty(struct delivery *delivery)
{
	struct requester *requester = delivery->requester;
	uint64_t most = delivery->ring.mask + 1, n;
	struct ring_message message;
	int r = 1;

	for (n = 0; r > 0 && n < most; n++) {
		r = ring_pop(&delivery->ring, &message);
		if (r > 0)
			returns_push(&requester->returned_responses, message.slice);
	}
	if (r < 0)
		channel_close(&requester->channel, EPROTO);
	else
		channel_ring(&requester->channel, SLUICE_DOORBELL_SPACE);
}

static void free_if_done(struct delivery *delivery)
{
	if (!delivery->request || !delivery->returned || delivery->stream)
		return;
	delivery_empty(delivery);
	/* After the return the server sends nothing more. */
	if (ring_ready(&delivery->ring))
		channel_close(&delivery->requester->channel, EPROTO);
	make_free(delivery);
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
	if (stream->end == 0 || stream->end == EPIPE)
		stream->end = reason;
	stream->open--;
	delivery->stream = NULL;
	free_if_done(delivery);
	channel_put(&requester->channel);
}

static void join_stream(struct delivery *delivery, struct stream *stream)
{
	delivery->stream = stream;
	if (stream->current) {
		delivery->next = stream->current->next;
		stream->current->next = delivery;
	} else {
		delivery->next = delivery;
	}
	stream->current = delivery;
	stream->servers++;
	stream->open++;
	channel_get(&delivery->requester->channel);
}

/* ---- What the common part of the channel tells ---- */

static int greeting(struct channel *channel, const void *packet, size_t size, int passed)
{
	struct requester *requester = requester_of(channel);
	uint64_t port;
	int r;

	(void)passed;
	r = handshake_answer(packet, size, &port);
	if (r < 0)
		return r;
	if (requester->welcome)
		return fail(EPROTO, "a server said WELCOME twice");
	requester->welcome = true;
	requester->changed(requester);
	return 0;
}

static void leaving(struct channel *channel)
{
	struct requester *requester = requester_of(channel);

	requester->changed(requester);
}

static void gone(struct channel *channel)
{
	struct requester *requester = requester_of(channel);
	struct delivery *delivery;
	uint32_t i;

	for (i = 0; i < requester->fresh; i++) {
		delivery = &requester->deliveries[i];
		if (delivery->request)
			drop_slice(delivery);
	}
	requester->changed(requester);
}

static void destroy(struct channel *channel)
{
	struct requester *requester = requester_of(channel);

	free(requester->ring.sent);
	free(requester->deliveries);
	free(requester);
}

/*
 * Who waits looks at the rings by itself.  But what nobody reads at the moment is no
 * reason to think that the server rings for nothing.
 */
static void woken(struct channel *channel)
{
	struct requester *requester = requester_of(channel);
	uint32_t i;

	for (i = 0; channel_rings_in_vain(channel) && i < requester->fresh; i++)
		if (ring_ready(&requester->deliveries[i].ring))
			channel_heard(channel);
}

static const struct channel_events events = {
	.greeting = greeting,
	.leaving = leaving,
	.gone = gone,
	.woken = woken,
	.destroy = destroy,
};

/* ---- Creation ---- */

static void bind_rings(struct requester *requester, const struct sluice_registry_settings *settings)
{
	struct channel *channel = &requester->channel;
	const struct layout *layout = channel->layout;

	ring_producer_init(&requester->ring, channel_part(channel, layout->request_ring),
			   layout->request_slots, settings->max_active_requests,
			   requester->ring.sent);
	returns_init(&requester->returned_requests, channel_part(channel, layout->request_returns),
		     layout->request_return_entries);
	returns_init(&requester->returned_responses,
		     channel_part(channel, layout->response_returns),
		     layout->response_return_entries);
	requester->cancelled = channel_part(channel, layout->cancelled);
	requester->closed = channel_part(channel, layout->closed);
}

static struct requester *allocate(const struct requester_config *config)
{
	const struct layout *layout = config->layout;
	struct requester *requester = calloc(1, sizeof(*requester));

	if (!requester)
		return NULL;
	/* The memory of those that are never used is never touched. */
	requester->deliveries = malloc(layout->deliveries * sizeof(*requester->deliveries));
	requester->ring.sent = calloc(layout->request_slots, sizeof(*requester->ring.sent));
	if (!requester->deliveries || !requester->ring.sent) {
		free(requester->deliveries);
		free(requester->ring.sent);
		free(requester);
		return NULL;
	}
	return requester;
}

struct requester *requester_create(const struct requester_config *config,
				   const struct handshake *self, int fd)
{
	struct requester *requester = allocate(config);
	int r;

	if (!requester) {
		fd_close(fd);
		return fail_null(ENOMEM, "no memory for a channel");
	}
	requester->pool = config->pool;
	requester->overflow = !(config->settings->flags & SLUICE_REGISTRY_NO_REQUEST_OVERFLOW);
	requester->response = config->response;
	requester->server = config->server;
	requester->changed = config->changed;
	requester->owner = config->owner;
	r = channel_init(&requester->channel, config->wait, fd, config->layout, &events);
	/* Somebody may hold the listener of a server that has died. */
	if (!r)
		channel_notice_end(&requester->channel);
	if (!r && requester->channel.gone)
		r = -requester->channel.gone;
	if (!r)
		r = handshake_hello(&requester->channel, self);
	if (r < 0) {
		channel_put(&requester->channel);
		return fail_again_null(r);
	}
	bind_rings(requester, config->settings);
	return requester;
}

/* ---- Requests ---- */

void requester_reap(struct requester *requester)
{
	struct delivery *delivery;
	uint32_t number;

	while (!requester->channel.gone &&
	       returns_pop(&requester->returned_requests, &number)) {
		if (number >= requester->fresh || !requester->deliveries[number].request ||
		    requester->deliveries[number].returned) {
			channel_close(&requester->channel, EPROTO);
			return;
		}
		delivery = &requester->deliveries[number];
		drop_slice(delivery);
		delivery->returned = true;
		free_if_done(delivery);
	}
}

static struct delivery *make_fresh(struct requester *requester)
{
	const struct layout *layout = requester->channel.layout;
	struct sluice_ring_slot *rings =
		channel_part(&requester->channel, layout->response_rings);
	uint64_t number = requester->fresh++;
	struct delivery *delivery = &requester->deliveries[number];

	*delivery = (struct delivery){ .requester = requester };
	ring_consumer_init(&delivery->ring, &rings[number * layout->response_slots],
			   layout->response_slots);
	return delivery;
}

/* A free one, with make_free() to give it back; NULL if there is none. */
static struct delivery *take_delivery(struct requester *requester)
{
	struct delivery *delivery = requester->free;

	if (delivery)
		requester->free = delivery->next;
	else if (requester->fresh < requester->channel.layout->deliveries)
		delivery = make_fresh(requester);
	return delivery;
}

/* Takes the oldest request back, which this server will never see. */
static int take_back_oldest(struct requester *requester)
{
	struct delivery *delivery;
	uint32_t number;
	int r;

	r = ring_take_back(&requester->ring, &number);
	if (r <= 0)
		return r;
	delivery = &requester->deliveries[number];
	drop_slice(delivery);
	delivery->returned = true;
	if (delivery->stream)
		delivery_leave_stream(delivery, ENOBUFS);
	else
		free_if_done(delivery);
	return 0;
}

static int push(struct requester *requester, const struct ring_message *message)
{
	int r;

	r = ring_push(&requester->ring, message);
	if (r != -ENOBUFS || !requester->overflow)
		return r;
	r = take_back_oldest(requester);
	return r < 0 ? r : ring_push(&requester->ring, message);
}

int requester_send(struct requester *requester, const struct requester_message *message,
		   struct stream *stream)
{
	const struct pool_slice *slice = pool_slice(requester->pool, message->slice);
	struct channel *channel = &requester->channel;
	struct delivery *delivery;
	struct ring_message out;
	int r;

	requester_reap(requester);
	if (channel->gone || channel->leaving)
		return 0;
	r = channel_announce(channel, requester->pool, message->slice);
	if (r < 0)
		return r == -EAGAIN && !requester->overflow ? r : 0;

	/* Taken first: making room in the ring frees another one. */
	delivery = take_delivery(requester);
	if (!delivery)
		return 0;
	out = (struct ring_message){
		.request = message->request,
		.offset = slice->offset + message->offset,
		.count = message->count,
		.deadline = message->deadline,
		.segment = requester->pool->segments[slice->segment].number,
		.slice = delivery_number(delivery),
	};
	r = push(requester, &out);
	if (r < 0) {
		make_free(delivery);
		if (r == -EPROTO)
			channel_close(channel, EPROTO);
		return r == -ENOBUFS ? r : 0;
	}
	/* There was room: whatever the server rang for was not nothing. */
	channel_heard(channel);
	delivery->request = message->request;
	delivery->position = 0;
	delivery->slice = message->slice;
	delivery->returned = false;
	delivery->holding = true;
	pool_hold(requester->pool, message->slice);
	join_stream(delivery, stream);
	channel_ring(channel, SLUICE_DOORBELL_MESSAGE);
	return 1;
}

bool requester_has_room(const struct requester *requester)
{
	return !ring_full(&requester->ring);
}

void requester_return(struct requester *requester, uint32_t number)
{
	returns_push(&requester->returned_responses, number);
	channel_ring(&requester->channel, SLUICE_DOORBELL_SPACE);
}
