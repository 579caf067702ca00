// SPDX-License-Identifier: MIT
/*
 * The server's end of a channel: an inlet of requests, and an outlet of replies.  This file
 * has its life, from an accepted socket to its end.
 *
 *	created		responder_init()	nothing is known of the client
 *	open		take_hello()		the memory is mapped, the rings are bound
 *	quits		take_quit()		the client sends no more, and reads on
 *	ended		responder_end()		the server takes no more, and replies no more
 *	gone		the channel		(channel/channel.c)
 *
 * Requests are in exchange/responder_request.c, replies in exchange/responder_reply.c.
 *
 * A client that is destroyed while it awaits or holds responses says QUIT.  A server whose
 * port asks for all memory from the start makes all of it before it welcomes a client.
 *
 * A hostile client can send any packet.  One that cannot be, or comes a second time, closes
 * this channel, and the client is told why in a REJECT.  Requests of a client that died are
 * still received.
 */
#include "exchange/responder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/fd.h"
#include "trace/probes.h"

static struct responder *responder_of(struct channel *channel)
{
	return container_of(channel, struct responder, channel);
}

/* ---- What the common part of the channel tells ---- */

static void bind_rings(struct responder *responder)
{
	const struct layout *layout = responder->config->layout;
	struct channel *channel = &responder->channel;

	layout_bind(layout, channel, &responder->words, &responder->requests.returns,
		    &responder->replies.returns);
	ring_consumer_init(&responder->request_ring, channel_part(channel, layout->request_ring),
			   layout->request_slots);
	responder->plain = !(responder->quits | responder->forgets | channel->over |
			     responder->requests.tells_room);
}

/* Has the tables be there, if the port asks for it; its owner sees to the struct. */
static int make_resident(struct responder *responder)
{
	const struct layout *layout = responder->config->layout;
	uint64_t deliveries = layout->deliveries;
	const struct resident parts[] = {
		{ responder->held, deliveries * sizeof(*responder->held) },
		{ responder->reply_rings, deliveries * sizeof(*responder->reply_rings) },
		{ responder->sent,
		  deliveries * layout->response_slots * sizeof(*responder->sent) },
	};

	return reside_all(parts, ARRAY_SIZE(parts), responder->config->pool.residence);
}

/* All that there can be, before the client is welcomed. */
static int make_all(struct responder *responder)
{
	int r = responder_make_pool(responder);

	if (!r)
		r = make_resident(responder);
	return r < 0 ? r : responder->config->prepare(responder);
}

static int take_quit(struct responder *responder, size_t size)
{
	if (size != sizeof(struct sluice_wire_quit) || responder->quits)
		return fail(EPROTO, "a client sent a QUIT of %zu bytes, or a second one", size);
	responder->quits = true;
	responder->plain = false;
	return 0;
}

/* A client that can be told nothing at all is served without a WELCOME. */
static int welcome(struct responder *responder)
{
	int fd = responder->channel.source.fd;
	int r = handshake_welcome(&responder->channel, responder->config->self);

	if (!r)
		return 0;
	responder->rejected = !handshake_reject(fd, -r);
	return responder->rejected ? r : 0;
}

static int take_hello(struct channel *channel, const void *packet, size_t size, int passed)
{
	struct responder *responder = responder_of(channel);
	bool first = !channel->memory.base;
	int r;

	r = handshake_check(channel, responder->config->self, packet, size, passed);
	if (!r)
		r = responder->config->admit(responder);
	if (!r)
		r = handshake_accept(channel, packet, passed);
	if (!r && responder->config->pool.residence != RESIDENCE_LAZY)
		r = make_all(responder);
	if (!r)
		r = welcome(responder);
	if (r < 0) {
		if (!responder->rejected)
			(void)!handshake_reject(channel->source.fd, -r);
		responder->rejected = true;
		if (first)
			probe(channel_refuse, channel->port, channel->peer, (uint64_t)-r);
		return r;
	}
	channel_set_bells(channel);
	bind_rings(responder);
	probe(channel_connect, channel->port, channel->peer);
	responder->config->changed(responder);
	if (responder->pool_open)
		(void)!outlet_announce_all(&responder->replies);
	return 0;
}

static int take_packet(struct channel *channel, const void *packet, size_t size, int passed)
{
	const struct sluice_wire_header *header = packet;

	if (header->type == SLUICE_WIRE_QUIT)
		return take_quit(responder_of(channel), size);
	return take_hello(channel, packet, size, passed);
}

/* The client is told what was lacking, be it before its HELLO was read or long after. */
static void give_up(struct channel *channel, int error)
{
	struct responder *responder = responder_of(channel);

	if (!responder->rejected)
		(void)!handshake_reject(channel->source.fd, error);
	responder->rejected = true;
}

/* The client has left, or is gone. */
static void changed(struct channel *channel)
{
	struct responder *responder = responder_of(channel);

	responder->plain = false;
	responder->config->changed(responder);
}

static void woken(struct channel *channel)
{
	struct responder *responder = responder_of(channel);

	if (channel_rings_in_vain(channel))
		responder_notice(responder);
	responder->config->woken(responder);
}

static void destroy(struct channel *channel)
{
	struct responder *responder = responder_of(channel);

	if (responder->pool_open)
		pool_deinit(&responder->pool);
	allowance_put(responder->config->pool.all, responder->allowance);
	inlet_deinit(&responder->requests);
	free(responder->reply_rings);
	free(responder->sent);
	free(responder->held);
	responder->config->destroyed(responder);
}

static const struct channel_events events = {
	.packet = take_packet,
	.give_up = give_up,
	.leaving = changed,
	.gone = changed,
	.woken = woken,
	.destroy = destroy,
};

int responder_refuse(int fd)
{
	(void)!handshake_reject(fd, ENOMEM);
	fd_close(fd);
	return fail(ENOMEM, "no memory for a channel");
}

int responder_init(struct responder *responder, const struct responder_config *config, int fd)
{
	const struct layout *layout = config->layout;
	const struct channel_plan plan = {
		.size = layout->size,
		.head = layout->head,
		.own_bell = layout->server_bell,
		.peer_bell = layout->client_bell,
		.keys = layout->deliveries,
		.attachments_each = 1,
		.max_fds = config->settings->max_fds,
		.residence = config->pool.residence,
	};
	uint32_t flags = config->settings->flags;
	int r;

	responder->config = config;
	responder->most_active = config->settings->max_active_requests;
	responder->deliveries = layout->deliveries;
	responder->most_out = layout->response_return_entries;
	responder->held = calloc(layout->deliveries, sizeof(*responder->held));
	if (!responder->held || fd_keep(fd) < 0) {
		free(responder->held);
		config->destroyed(responder);
		return responder_refuse(fd);
	}
	responder->forgets = flags & SLUICE_REGISTRY_NO_FIRE_AND_FORGET;
	r = channel_init(&responder->channel, config->wait, fd, &plan, &events);
	inlet_init(&responder->requests, &responder->channel, config->request,
		   flags & SLUICE_REGISTRY_NO_REQUEST_OVERFLOW);
	outlet_init(&responder->replies, &responder->channel, &responder->pool,
		    !(flags & SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW));
	responder->channel.port = config->self->port;
	responder->channel.counters = config->counters;
	if (r < 0) {
		channel_give_up(&responder->channel, -r);
		channel_put(&responder->channel);
	}
	return r;
}

/* ---- The end ---- */

void responder_broken(struct responder *responder, const char *how)
{
	responder->request_ring.slots = NULL;
	responder->plain = false;
	channel_breach(&responder->channel, how);
}
