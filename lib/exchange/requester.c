// SPDX-License-Identifier: MIT
/*
 * The client's end of a channel.  A request goes to its server as a delivery
 * (exchange/delivery.c), and what comes back on it is read through a stream
 * (exchange/stream.c).
 *
 * Invariant: deliveries are kept by number in private memory; of what comes back the
 * number is checked, and that it is out.
 *
 * A hostile server can return requests too early, twice or never: it then loses the
 * channel or keeps its own deliveries busy, and sees at most later requests that it
 * would have been sent anyway.
 */
#include "exchange/requester.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "os/fd.h"
#include "trace/probes.h"

static struct requester *requester_of(struct channel *channel)
{
	return container_of(channel, struct requester, channel);
}

/* ---- What the common part of the channel tells ---- */

/* Why a server has ended a request, in words; that it has, its word closed tells. */
static int take_status(struct requester *requester, const struct sluice_wire_status *status,
		       size_t size)
{
	if (size != sizeof(*status) || status->delivery >= requester->fresh)
		return fail(EPROTO, "a server sent a status of %zu bytes", size);
	return delivery_keep_text(&requester->deliveries[status->delivery], status);
}

static int take_packet(struct channel *channel, const void *packet, size_t size, int passed)
{
	struct requester *requester = requester_of(channel);
	const struct sluice_wire_header *header = packet;
	struct handshake_refusal refusal;
	int r;

	if (header->type == SLUICE_WIRE_STATUS)
		return take_status(requester, packet, size);
	r = handshake_answer(channel, requester->self, packet, size, &refusal);
	if (r < 0)
		return r;
	if (refusal.reason) {
		/* It said so in good order: that is no breach, whatever its reason is. */
		probe(channel_refuse, channel->port, channel->peer,
		      (uint64_t)(refusal.lacked ? refusal.lacked : refusal.reason));
		requester->lacked = refusal.lacked;
		channel_close(channel, refusal.reason);
		return 0;
	}
	if (requester->welcome)
		return fail(EPROTO, "a server said WELCOME twice");
	if (passed < 0)
		return fail(EPROTO, "a server said WELCOME without its page");
	r = handshake_check_sealed(channel, requester->memory_fd);
	if (!r)
		r = load_page_take(&requester->load_page, passed, channel->view.locked);
	if (r < 0)
		return r;
	requester->memory_fd = fd_close(requester->memory_fd);
	requester->welcome = true;
	requester->changed(requester);
	return 0;
}

/* To the server it is a client that leaves. */
static void give_up(struct channel *channel, int error)
{
	(void)error;
	channel_say_goodbye(channel);
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

	if (requester->memory_fd >= 0)
		requester->memory_fd = fd_close(requester->memory_fd);
	for (i = 0; i < requester->fresh; i++) {
		delivery = &requester->deliveries[i];
		if (delivery->request)
			delivery_drop_slice(delivery);
	}
	requester->changed(requester);
}

static void destroy(struct channel *channel)
{
	struct requester *requester = requester_of(channel);

	while (requester->fresh)
		free(requester->deliveries[--requester->fresh].text);
	load_page_drop(&requester->load_page);
	free(requester->ring.sent);
	free(requester->deliveries);
	free(requester);
}

/*
 * Who waits looks at the rings by itself.  But what nobody reads at the moment, and a
 * request that has come back without an answer, is no reason to think that the server
 * rings for nothing.
 */
static void woken(struct channel *channel)
{
	struct requester *requester = requester_of(channel);
	uint32_t i;

	if (channel_rings_in_vain(channel))
		requester_reap(requester);
	for (i = 0; channel_rings_in_vain(channel) && i < requester->fresh; i++)
		if (ring_ready(&requester->deliveries[i].ring))
			channel_heard(channel);
}

static const struct channel_events events = {
	.packet = take_packet,
	.give_up = give_up,
	.leaving = leaving,
	.gone = gone,
	.woken = woken,
	.destroy = destroy,
};

/* ---- Creation ---- */

static void bind_rings(struct requester *requester, const struct sluice_registry_settings *settings)
{
	struct channel *channel = &requester->channel;
	const struct layout *layout = requester->layout;

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
	requester->stages = channel_part(channel, layout->stages);
}

static struct requester *allocate(const struct requester_config *config)
{
	const struct layout *layout = config->layout;
	struct requester *requester = calloc(1, sizeof(*requester));

	if (!requester)
		return NULL;
	requester->memory_fd = -1;
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

/* Has the tables be there, if the port asks for it. */
static int make_resident(struct requester *requester, const struct requester_config *config)
{
	enum residence residence = config->pool->config.residence;
	const struct layout *layout = config->layout;
	int r;

	requester->channel.view.locked = residence == RESIDENCE_LOCKED;
	requester->channel.view.whole = residence != RESIDENCE_LAZY;
	r = reside(requester, sizeof(*requester), residence);
	if (!r)
		r = reside(requester->deliveries,
			   layout->deliveries * sizeof(*requester->deliveries), residence);
	if (!r)
		r = reside(requester->ring.sent,
			   layout->request_slots * sizeof(*requester->ring.sent), residence);
	return r;
}

struct requester *requester_create(const struct requester_config *config,
				   const struct handshake *self, int fd)
{
	const struct channel_plan plan = {
		.size = config->layout->size,
		.own_bell = config->layout->client_bell,
		.peer_bell = config->layout->server_bell,
		.keys = config->layout->deliveries,
		.attachments_each = config->settings->response_buffer,
		.max_fds = config->settings->max_fds,
		.format = layout_format,
		.context = config->layout,
	};
	struct requester *requester = allocate(config);
	int r;

	if (!requester) {
		fd_close(fd);
		return fail_null(ENOMEM, "no memory for a channel");
	}
	requester->self = self;
	requester->pool = config->pool;
	requester->overflow = !(config->settings->flags & SLUICE_REGISTRY_NO_REQUEST_OVERFLOW);
	requester->withdraws = config->settings->flags & SLUICE_REGISTRY_NO_FIRE_AND_FORGET;
	requester->tells_room = config->settings->flags & SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW;
	requester->response = config->response;
	requester->changed = config->changed;
	requester->owner = config->owner;
	requester->layout = config->layout;
	r = channel_init(&requester->channel, config->wait, fd, &plan, &events);
	requester->channel.port = self->port;
	requester->channel.counters = config->counters;
	requester->channel.peer = config->server;
	if (!r)
		r = make_resident(requester, config);
	/* Somebody may hold the listener of a server that has died. */
	if (!r)
		channel_notice_end(&requester->channel);
	if (!r && requester->channel.gone)
		r = fail(ECONNREFUSED, "the server has died, and somebody holds its socket");
	if (!r)
		r = requester->memory_fd = handshake_hello(&requester->channel, self);
	if (r < 0) {
		channel_put(&requester->channel);
		return fail_again_null(r);
	}
	bind_rings(requester, config->settings);
	probe(channel_connect, requester->channel.port, requester->channel.peer);
	return requester;
}

void requester_quit(struct requester *requester)
{
	struct sluice_wire_quit packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_QUIT,
		},
	};

	/* A server that is so far behind takes it for a client that stays. */
	(void)!channel_send(&requester->channel, &packet, sizeof(packet), -1);
}

void requester_announce(struct requester *requester)
{
	if (requester->pool->config.residence != RESIDENCE_LAZY)
		(void)!channel_announce_all(&requester->channel, requester->pool);
}

/* ---- Requests ---- */

void requester_reap(struct requester *requester)
{
	uint32_t number;

	while (!requester->channel.gone &&
	       returns_pop(&requester->returned_requests, &number)) {
		if (number >= requester->fresh || !requester->deliveries[number].request ||
		    requester->deliveries[number].returned) {
			channel_breach(&requester->channel,
				       "a server has returned a request that it has not");
			return;
		}
		channel_heard(&requester->channel);
		delivery_returned(&requester->deliveries[number]);
	}
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
	counter_add(&requester->channel.counters->overflows, 1);
	probe(request_overflow, requester->channel.port, requester->channel.peer,
	      delivery->request);
	delivery_taken_back(delivery);
	return 0;
}

/* Before the server can see it, so that whoever watches both sees it sent first. */
static COLD void tell_sent(const struct requester *requester, const struct requester_message *message)
{
	const struct payload *payload = &requester->pool->config.payload;

	probe_request_send(requester->channel.port, requester->channel.peer, message->request,
			   probe_address(pool_address(requester->pool, message->slice) +
					 payload->lead),
			   message->count * payload->element,
			   min_u64(ring_depth(&requester->ring) + 1, requester->ring.capacity));
}

static int push(struct requester *requester, const struct requester_message *message,
		const struct ring_message *out)
{
	int r;

	if (probe_is_on(request_send))
		tell_sent(requester, message);
	r = ring_push(&requester->ring, out);
	if (r != -ENOBUFS || !requester->overflow)
		return r;
	r = take_back_oldest(requester);
	return r < 0 ? r : ring_push(&requester->ring, out);
}

/* The descriptors of a request, before it.  0, -EAGAIN or another -errno: it is gone. */
static int send_attachment(const struct delivery *delivery, const struct requester_message *message)
{
	struct attachment *attachment = message->attachment;

	if (likely(!attachment))
		return 0;
	attachment->key = delivery_number(delivery);
	attachment->request = message->request;
	return channel_send_attachment(&delivery->requester->channel, attachment);
}

/* It is on its way: the delivery is bound to it until it comes back. */
static void bind_delivery(struct delivery *delivery, const struct requester_message *message)
{
	struct requester *requester = delivery->requester;

	delivery->request = message->request;
	delivery->slot = requester->ring.next - 1;
	delivery->position = 0;
	delivery->last = false;
	delivery->responded = 0;
	delivery->slice = message->slice;
	delivery->returned = false;
	delivery->out = true;
	delivery->counted = message->counted;
	delivery->holding = true;
	pool_hold(requester->pool, message->slice);
	requester->outstanding++;
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
	/* Nobody but the server changes that, and then only for the better. */
	if (!requester->overflow && ring_full(&requester->ring)) {
		channel_found_full(channel);
		return -ENOBUFS;
	}
	r = channel_announce(channel, requester->pool, message->slice);
	if (r < 0)
		return r == -EAGAIN && !requester->overflow ? r : 0;

	/* Taken first: making room in the ring frees another one. */
	delivery = delivery_take(requester);
	if (!delivery)
		return 0;
	r = send_attachment(delivery, message);
	if (r < 0) {
		delivery_make_free(delivery);
		return r == -EAGAIN && !requester->overflow ? r : 0;
	}
	out = (struct ring_message){
		.request = message->request,
		.offset = slice->offset + requester->pool->config.payload.lead,
		.count = message->count,
		.deadline = message->deadline,
		.segment = requester->pool->segments[slice->segment].number,
		.slice = delivery_number(delivery),
		.flags = (stream->loaned ? SLUICE_RING_TRACED : 0) |
			 (message->attachment ? SLUICE_RING_FDS : 0) |
			 (message->counted ? SLUICE_RING_COUNTED : 0),
	};
	/* A send that waits for room begins anew for each server. */
	delivery->sent = unlikely(stream->loaned) ? clock_now() : 0;
	r = push(requester, message, &out);
	if (r < 0) {
		delivery_make_free(delivery);
		if (r == -EPROTO)
			channel_breach(channel, "a server has broken its request ring");
		return 0;
	}
	channel_found_room(channel);
	bind_delivery(delivery, message);
	counters_sent(channel->counters, message->count * requester->pool->config.payload.element);
	delivery_join_stream(delivery, stream);
	channel_ring(channel, SLUICE_DOORBELL_MESSAGE);
	return 1;
}

void requester_find_load(struct requester *requester)
{
	const struct channel *channel = &requester->channel;

	if (requester->load_sought || requester->load_page.inode || channel->gone ||
	    channel->user.uid != geteuid())
		return;
	requester->load_sought = true;
	load_page_find(&requester->load_page, channel->user.pid, channel->peer,
		       channel->view.locked);
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
