// SPDX-License-Identifier: MIT
/*
 * The server's end of a channel.
 *
 * Requests come out of the request ring with the number of their delivery, and with
 * it the response ring, the word cancelled and the word closed that belong to them
 * (see exchange/delivery.c).  A delivery is *held* from then on until the server has
 * finished with the request: it stores the request's number in closed (C1), after
 * the last response, and then returns the delivery (T1), after which it touches
 * neither the ring nor the request's slice again.
 *
 * What it replies is in exchange/responder_reply.c.
 *
 * A request that comes after its deadline is finished with before anybody sees it, and
 * its word closed says so.  That is also done when no request may be received, and when
 * it is only asked whether there is one: what nobody is to see is not there.
 *
 * A client that is destroyed while it awaits or holds responses says QUIT: it sends nothing
 * more, and reads on.  Whoever has left may have at most a ringful of requests left behind.
 *
 * Invariants:
 * (1) A delivery is held at most once; its number was checked when it came.
 * (2) At most max_active_requests deliveries are held by the program.
 *
 * A hostile client can name any slice and any delivery.  Slices are checked against what
 * it has shown of its segments, deliveries against what is held; a breach closes this
 * channel only.  Requests of a client that died are still received.
 */
#include "exchange/responder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "os/fd.h"
#include "trace/probes.h"

static struct responder *responder_of(struct channel *channel)
{
	return container_of(channel, struct responder, channel);
}

/* ---- What the common part of the channel tells ---- */

static void bind_rings(struct responder *responder)
{
	struct channel *channel = &responder->channel;
	const struct layout *layout = responder->config->layout;

	ring_consumer_init(&responder->requests, channel_part(channel, layout->request_ring),
			   layout->request_slots);
	returns_init(&responder->returned_requests, channel_part(channel, layout->request_returns),
		     layout->request_return_entries);
	returns_init(&responder->returned_responses,
		     channel_part(channel, layout->response_returns),
		     layout->response_return_entries);
	responder->cancelled = channel_part(channel, layout->cancelled);
	responder->closed = channel_part(channel, layout->closed);
	responder->stages = channel_part(channel, layout->stages);
}

/* All that there can be, before the client is welcomed. */
static int make_all(struct responder *responder)
{
	const struct layout *layout = responder->config->layout;
	enum residence residence = responder->config->pool.residence;
	uint64_t deliveries = layout->deliveries;
	int r;

	r = responder_make_pool(responder);
	if (!r)
		r = reside(responder, sizeof(*responder), residence);
	if (!r)
		r = reside(responder->held, deliveries * sizeof(*responder->held), residence);
	if (!r)
		r = reside(responder->replies, deliveries * sizeof(*responder->replies),
			   residence);
	if (!r)
		r = reside(responder->sent, deliveries * layout->response_slots *
			   sizeof(*responder->sent), residence);
	return r < 0 ? r : responder->config->prepare(responder);
}

static int take_quit(struct responder *responder, size_t size)
{
	if (size != sizeof(struct sluice_wire_quit) || responder->quits)
		return fail(EPROTO, "a client sent a QUIT of %zu bytes, or a second one", size);
	responder->quits = true;
	return 0;
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
	if (r < 0) {
		handshake_reject(channel->source.fd, -r);
		responder->rejected = true;
		if (first)
			probe(channel_refuse, channel->port, channel->peer, (uint64_t)-r);
		return r;
	}
	handshake_welcome(channel, responder->config->self);
	bind_rings(responder);
	probe(channel_connect, channel->port, channel->peer);
	responder->config->changed(responder);
	if (responder->pool_open)
		(void)!channel_announce_all(channel, &responder->pool);
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
		handshake_reject(channel->source.fd, error);
	responder->rejected = true;
}

static void changed(struct channel *channel)
{
	struct responder *responder = responder_of(channel);

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

	responder->config->destroyed(responder);
	if (responder->pool_open)
		pool_deinit(&responder->pool);
	allowance_put(responder->config->pool.all, responder->allowance);
	free(responder->replies);
	free(responder->sent);
	free(responder->held);
	free(responder);
}

static const struct channel_events events = {
	.packet = take_packet,
	.give_up = give_up,
	.leaving = changed,
	.gone = changed,
	.woken = woken,
	.destroy = destroy,
};

struct responder *responder_create(const struct responder_config *config, int fd)
{
	const struct layout *layout = config->layout;
	const struct channel_plan plan = {
		.size = layout->size,
		.own_bell = layout->server_bell,
		.peer_bell = layout->client_bell,
		.keys = layout->deliveries,
		.attachments_each = 1,
		.max_fds = config->settings->max_fds,
	};
	struct responder *responder = calloc(1, sizeof(*responder));
	int r;

	if (!responder || fd_keep(fd) < 0) {
		free(responder);
		handshake_reject(fd, ENOMEM);
		fd_close(fd);
		return fail_null(ENOMEM, "no memory for a channel");
	}
	responder->config = config;
	responder->forgets = config->settings->flags & SLUICE_REGISTRY_NO_FIRE_AND_FORGET;
	responder->held = calloc(layout->deliveries, sizeof(*responder->held));
	r = channel_init(&responder->channel, config->wait, fd, &plan, &events);
	responder->channel.port = config->self->port;
	responder->channel.counters = config->counters;
	responder->channel.view.locked = config->pool.residence == RESIDENCE_LOCKED;
	responder->channel.view.whole = config->pool.residence != RESIDENCE_LAZY;
	if (!r && !responder->held)
		r = fail(ENOMEM, "no memory for a channel");
	if (r < 0) {
		channel_give_up(&responder->channel, -r);
		channel_put(&responder->channel);
		return fail_again_null(r);
	}
	return responder;
}

/* ---- Requests ---- */

int responder_broken(struct responder *responder, const char *how)
{
	responder->requests.slots = NULL;
	channel_breach(&responder->channel, how);
	return fail_quietly(EPROTO, how);
}

/*
 * The word closed gets the request's number, and flags beside it.  Stages are stored
 * before what they tell of is published, by R1 or C1.
 */
static void finish(struct responder *responder, uint32_t delivery, uint64_t flags, bool traced)
{
	struct responder_held held = responder->held[delivery];

	responder->held[delivery].request = 0;
	responder->active--;
	if (likely(!held.since))
		load_finished(responder->config->load);
	else if (held.since != HELD_ANSWERED)
		load_finished_counted(responder->config->load, held.since, clock_now());
	counter_sub(&responder->channel.counters->depth, 1);
	if (responder->channel.gone)
		return;
	if (unlikely(traced))
		store_relaxed(&responder->stages[delivery].finished, (uint64_t)clock_now());
	/* C1: after the last response; pairs with C2. */
	exchange_ordered(&responder->closed[delivery], held.request | flags);
	returns_push(&responder->returned_requests, delivery);
	channel_ring(&responder->channel, SLUICE_DOORBELL_MESSAGE | SLUICE_DOORBELL_SPACE);
}

static COLD void stamp_received(struct responder *responder, const struct ring_message *message)
{
	struct sluice_channel_stages *stages = &responder->stages[message->slice];

	store_relaxed(&stages->received, (uint64_t)clock_now());
	store_relaxed(&stages->replied, 0);
	store_relaxed(&stages->finished, 0);
	store_relaxed(&stages->request, message->request);
}

void responder_finish(struct responder *responder, uint32_t delivery, bool traced)
{
	finish(responder, delivery, 0, traced);
}

/* The text goes before the word; a client that is too far behind goes without. */
static bool send_text(struct responder *responder, uint32_t delivery, const char *text)
{
	struct sluice_wire_status packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_STATUS,
		},
		.request = responder->held[delivery].request,
		.delivery = delivery,
	};

	if (!text || !*text)
		return false;
	memcpy(packet.text, text, strnlen(text, sizeof(packet.text) - 1));
	return !channel_send(&responder->channel, &packet, sizeof(packet), -1);
}

void responder_finish_with(struct responder *responder, uint32_t delivery, bool traced,
			   int code, const char *text)
{
	uint64_t flags = (uint64_t)code << SLUICE_CHANNEL_STATUS_SHIFT;

	if (!responder_lost(responder, delivery) && send_text(responder, delivery, text))
		flags |= SLUICE_CHANNEL_TEXT;
	finish(responder, delivery, flags, traced);
}

/* What is later than we can say is never. */
static int64_t deadline_of(const struct ring_message *message)
{
	return message->deadline > INT64_MAX ? INT64_MAX : (int64_t)message->deadline;
}

/* Is the answer to it not wanted any more?  0, or why: an errno. */
static int lost(const struct responder *responder, uint32_t delivery, uint64_t request)
{
	if (responder->channel.gone)
		return responder->channel.gone;
	/* C4: pairs with C3. */
	if (responder->ended || responder->channel.leaving ||
	    load_ordered(&responder->cancelled[delivery]) == request)
		return EPIPE;
	return 0;
}

/* Is it one that nobody is to see?  0; or why: -ETIMEDOUT or -ECANCELED. */
static int unseen(const struct responder *responder, const struct ring_message *message)
{
	if (message->deadline && clock_now() >= deadline_of(message))
		return -ETIMEDOUT;
	if (responder->forgets && message->slice < responder->config->layout->deliveries &&
	    lost(responder, message->slice, message->request))
		return -ECANCELED;
	return 0;
}

/* One that nobody is to see is done with, for this reason. */
static void pass_over(struct responder *responder, const struct ring_message *message,
		      const struct request_found *found, int reason)
{
	struct channel *channel = &responder->channel;
	uint64_t flags = 0;

	if (reason == -ETIMEDOUT) {
		probe(deadline_miss, channel->port, channel->peer, message->request,
		      (uint64_t)(clock_now() - deadline_of(message)));
		counter_add(&channel->counters->expired, 1);
		++*responder->config->expired;
		flags = SLUICE_CHANNEL_EXPIRED;
	}
	attachment_free(found->attachment);
	channel_drop(channel, found->slice.segment);
	finish(responder, message->slice, flags, found->traced);
}

/* It counts as one that the server is busy with; of a counted one the time is taken. */
static void hold(struct responder *responder, const struct ring_message *message)
{
	bool counted = message->flags & SLUICE_RING_COUNTED;

	responder->held[message->slice] = (struct responder_held){
		.request = message->request,
		.since = unlikely(counted) ? clock_now() : 0,
	};
	responder->active++;
	if (likely(!counted))
		load_received(responder->config->load);
	else
		load_received_counted(responder->config->load);
}

/*
 * Claims the request that was looked at, if what it names is known, or will never be.  1;
 * 0 (the client has taken it back); -EAGAIN (it stays there until the channel had its turn)
 * or -EPROTO.
 */
static int claim(struct responder *responder, const struct ring_message *message,
		 struct held_slice *ret_slice)
{
	struct channel *channel = &responder->channel;
	int r = channel_hold(channel, responder->config->request, message->slice, message,
			     ret_slice);

	if (unlikely(r == -EAGAIN))
		return r;
	if (unlikely(!ring_claim(&responder->requests))) {
		if (!r)
			channel_drop(channel, ret_slice->segment);
		return 0;
	}
	if (likely(!r))
		return 1;
	channel_breach(channel, error_sentence());
	return responder_broken(responder, "a client has sent a request that is none");
}

/* What is wrong with a request that was claimed; or NULL. */
static const char *fault_of(struct responder *responder, const struct ring_message *message)
{

	/* Of a client that has left no more can be there than its ring holds. */
	if (responder_has_left(responder) && responder->late++ >= responder->config->layout->request_slots)
		return "a client sends requests after its end";
	if (message->slice >= responder->config->layout->deliveries || !message->request ||
	    message->request > SLUICE_CHANNEL_REQUEST ||
	    responder->held[message->slice].request)
		return "a client has sent a delivery that is not free";
	return NULL;
}

/* What was claimed is checked, and held from then on.  0 or -EPROTO. */
static int admit(struct responder *responder, const struct ring_message *message,
		 struct request_found *ret_found)
{
	struct channel *channel = &responder->channel;
	const char *fault = fault_of(responder, message);

	if (unlikely(fault)) {
		channel_drop(channel, ret_found->slice.segment);
		return responder_broken(responder, fault);
	}
	hold(responder, message);
	counters_depth(channel->counters, load_relaxed(&channel->counters->depth) + 1);
	channel_heard(channel);
	ret_found->traced = message->flags & SLUICE_RING_TRACED;
	if (unlikely(ret_found->traced))
		stamp_received(responder, message);
	if (responder->config->settings->flags & SLUICE_REGISTRY_NO_REQUEST_OVERFLOW)
		channel_ring(channel, SLUICE_DOORBELL_SPACE);
	ret_found->attachment = channel_find_attachment(channel, message->slice, message);
	return 0;
}

/* There is no request; if some were withdrawn, the client has not rung for nothing. */
static void none_left(struct responder *responder, uint64_t before)
{
	if (responder->requests.next != before)
		channel_heard(&responder->channel);
}

/* Passes over what nobody is to see, of a ringful.  Is there one that somebody is? */
static bool pass_to_next(struct responder *responder)
{
	uint64_t looks = responder->config->layout->request_slots;
	uint64_t before = responder->requests.next;
	struct request_found found;
	struct ring_message message;
	int r, reason;

	while (looks--) {
		r = ring_look(&responder->requests, &message);
		if (r < 0)
			(void)!responder_broken(responder, "a client has broken its request ring");
		if (!r)
			none_left(responder, before);
		if (r <= 0)
			return false;
		/* Decided once: a hostile client could change its mind. */
		reason = unseen(responder, &message);
		if (!reason)
			return true;
		r = claim(responder, &message, &found.slice);
		if (!r)
			continue;
		if (r < 0 || admit(responder, &message, &found) < 0)
			return false;
		pass_over(responder, &message, &found, reason);
	}
	return true;
}

bool responder_ready(struct responder *responder)
{
	if (!responder_polls(responder) || responder->channel.starved)
		return false;
	/* Of what a client has left behind nobody awaits the answer. */
	if (responder->forgets && responder->channel.gone)
		return false;
	return pass_to_next(responder);
}

/* 1: claimed and held; 0: there is none that can be taken now; -EPROTO. */
static inline int take_next(struct responder *responder, struct ring_message *message,
			    struct held_slice *ret_slice)
{
	uint64_t looks = responder->requests.mask + 1;
	int r;

	do {
		r = ring_look(&responder->requests, message);
		if (r < 0)
			return responder_broken(responder, "a client has broken its request ring");
		if (!r)
			return 0;
		r = claim(responder, message, ret_slice);
	} while (unlikely(!r) && looks--);
	return r == -EAGAIN ? 0 : r;
}

int responder_receive(struct responder *responder, struct request_found *ret_found)
{
	uint64_t before = responder->requests.next;
	struct ring_message message;
	int r;

	if (unlikely(responder_is_at_limit(responder)))
		return responder_ready(responder) ? -ENOBUFS : 0;
	r = take_next(responder, &message, &ret_found->slice);
	if (!r)
		none_left(responder, before);
	if (r <= 0)
		return r;
	r = admit(responder, &message, ret_found);
	if (r < 0)
		return r;
	r = unseen(responder, &message);
	if (r < 0) {
		pass_over(responder, &message, ret_found, r);
		return r;
	}
	counters_received(responder->channel.counters, ret_found->slice.size);
	ret_found->count = message.count;
	ret_found->request = message.request;
	ret_found->deadline = deadline_of(&message);
	ret_found->delivery = message.slice;
	return 1;
}

int responder_lost(const struct responder *responder, uint32_t delivery)
{
	return lost(responder, delivery, responder->held[delivery].request);
}

bool responder_stop_hinted(const struct responder *responder, uint32_t delivery)
{
	/* C4: pairs with C3. */
	return !responder->channel.gone &&
	       load_ordered(&responder->cancelled[delivery]) ==
	       (responder->held[delivery].request | SLUICE_CHANNEL_STOP);
}

/* ---- The end ---- */

void responder_end(struct responder *responder)
{
	uint32_t i;

	if (responder->ended)
		return;
	responder->ended = true;
	channel_say_goodbye(&responder->channel);
	if (responder->channel.gone || !responder->channel.own_bell)
		return;
	for (i = 0; i < responder->config->layout->deliveries; i++) {
		if (!responder->held[i].request)
			continue;
		/* C1: no more will come; pairs with C2. */
		exchange_ordered(&responder->closed[i], responder->held[i].request);
	}
	channel_ring(&responder->channel, SLUICE_DOORBELL_MESSAGE | SLUICE_DOORBELL_SPACE);
}
