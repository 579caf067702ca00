// SPDX-License-Identifier: MIT
/*
 * The client's end of a channel: an outlet of requests, from the client's one pool, and an
 * inlet of responses.  This file has its life; requests are in exchange/requester_request.c.
 * A request goes to its server as a delivery (exchange/delivery.c).  Its responses are read
 * through a stream (exchange/stream.c).
 *
 * A hostile server can send any packet.  One that cannot be, or comes a second time, costs it
 * this channel.  What a server has sent before it died can still be received.
 */
#include "exchange/requester.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/fd.h"
#include "trace/probes.h"
#include "wait/payer.h"

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
		r = load_page_take(&requester->load_page, passed,
				   channel->plan.residence == RESIDENCE_LOCKED);
	if (r < 0)
		return r;
	requester->memory_fd = fd_close(requester->memory_fd);
	requester->welcome = true;
	requester->events->changed(requester);
	return 0;
}

/* The server takes it for a client that leaves. */
static void give_up(struct channel *channel, int error)
{
	(void)error;
	channel_say_goodbye(channel);
}

static void leaving(struct channel *channel)
{
	struct requester *requester = requester_of(channel);

	requester->events->changed(requester);
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
	requester->events->changed(requester);
}

static void destroy(struct channel *channel)
{
	struct requester *requester = requester_of(channel);

	while (requester->fresh)
		free(requester->deliveries[--requester->fresh].text);
	load_page_drop(&requester->load_page);
	inlet_deinit(&requester->responses);
	free(requester->request_ring.sent);
	free(requester->deliveries);
	requester->events->destroyed(requester);
}

/*
 * A caller that waits looks at its own rings.  But responses that nobody reads at the moment,
 * and a request that has come back without an answer, are good reasons to ring, too.
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

/* The table of deliveries comes with the first request. */
static int make_tables(struct requester *requester, const struct layout *layout)
{
	requester->request_ring.sent = calloc(layout->request_slots,
					      sizeof(*requester->request_ring.sent));
	return requester->request_ring.sent ? 0 : fail(ENOMEM, "no memory for a channel");
}

/* Has the tables be there, if the port asks for it; its owner sees to the struct. */
static int make_resident(struct requester *requester, const struct requester_config *config)
{
	enum residence residence = config->pool->config.residence;
	int r = residence == RESIDENCE_LAZY ? 0 : delivery_make_table(requester);
	const struct resident parts[] = {
		{ requester->deliveries,
		  config->layout->deliveries * sizeof(*requester->deliveries) },
		{ requester->request_ring.sent,
		  config->layout->request_slots * sizeof(*requester->request_ring.sent) },
	};

	return r < 0 ? r : reside_all(parts, ARRAY_SIZE(parts), residence);
}

static void bind_rings(struct requester *requester, const struct sluice_registry_settings *settings)
{
	const struct layout *layout = requester->layout;
	struct channel *channel = &requester->channel;

	layout_bind(layout, channel, &requester->words, &requester->requests.returns,
		    &requester->responses.returns);
	ring_producer_init(&requester->request_ring, channel_part(channel, layout->request_ring),
			   layout->request_slots, settings->max_active_requests,
			   requester->request_ring.sent);
}

static int init(struct requester *requester, const struct requester_config *config, int fd)
{
	const struct layout *layout = config->layout;
	const struct channel_plan plan = {
		.size = layout->size,
		.head = layout->head,
		.own_bell = layout->client_bell,
		.peer_bell = layout->server_bell,
		.keys = layout->deliveries,
		.attachments_each = config->settings->response_buffer,
		.max_fds = config->settings->max_fds,
		.residence = config->pool->config.residence,
		.format = layout_format,
		.context = layout,
	};
	uint32_t flags = config->settings->flags;
	int r;

	requester->withdraws = flags & SLUICE_REGISTRY_NO_FIRE_AND_FORGET;
	r = channel_init(&requester->channel, config->wait, fd, &plan, &events);
	outlet_init(&requester->requests, &requester->channel, config->pool,
		    !(flags & SLUICE_REGISTRY_NO_REQUEST_OVERFLOW));
	inlet_init(&requester->responses, &requester->channel, config->response,
		   flags & SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW);
	requester->channel.port = config->self->port;
	requester->channel.counters = config->counters;
	requester->channel.peer = config->server;
	return r < 0 ? r : make_tables(requester, layout);
}

int requester_init(struct requester *requester, const struct requester_config *config, int fd)
{
	int r;

	requester->memory_fd = -1;
	requester->self = config->self;
	requester->layout = config->layout;
	requester->events = config->events;
	r = init(requester, config, fd);
	if (!r)
		r = make_resident(requester, config);
	/* Somebody may hold the listener of a server that has died. */
	if (!r)
		channel_notice_end(&requester->channel);
	if (!r && requester->channel.gone)
		r = fail(ECONNREFUSED, "the server has died, and somebody holds its socket");
	if (!r)
		r = requester->memory_fd = handshake_hello(&requester->channel, config->self);
	if (r < 0) {
		channel_put(&requester->channel);
		return fail_again(r);
	}
	bind_rings(requester, config->settings);
	if (config->pool->config.residence != RESIDENCE_LAZY)
		(void)delivery_make_rings(requester, requester->layout->deliveries - 1);
	probe(channel_connect, requester->channel.port, requester->channel.peer);
	return 0;
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

void requester_end(struct requester *requester)
{
	struct channel *channel = &requester->channel;

	if (!channel->gone && !channel->leaving)
		turn_excuse_peer(&channel->turn);
	channel_say_goodbye(channel);
}

void requester_announce(struct requester *requester)
{
	if (requester->channel.plan.residence != RESIDENCE_LAZY)
		(void)!outlet_announce_all(&requester->requests);
}

void requester_find_load(struct requester *requester)
{
	const struct channel *channel = &requester->channel;

	if (requester->load_sought || requester->load_page.inode || channel->gone ||
	    channel->user.uid != geteuid())
		return;
	requester->load_sought = true;
	load_page_find(&requester->load_page, channel->user.pid, channel->peer,
		       channel->plan.residence == RESIDENCE_LOCKED);
}
