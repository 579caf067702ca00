// SPDX-License-Identifier: MIT
/*
 * What a server replies through its end of a channel (exchange/responder.c).
 *
 * Replies lie in a pool of this channel, which only this client maps; it is made when the
 * first reply is loaned, or before the client is welcomed if nothing may be made later.
 * A reply is out from its sending until its return, or until it is taken back from a full
 * ring to make room for a later one; where responses do not overflow, a full ring is told
 * instead.
 *
 * Invariant: a reply that is out is marked so in the pool's table; its holder is the
 * client.
 *
 * A hostile client can name any return: it is checked against what is out, and a breach
 * closes this channel only.  Replies to a client that died are ECONNRESET.
 */
#include "exchange/responder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

/* The pool counts for the process at the other end, too. */
static int open_pool(struct responder *responder)
{
	struct pool_config config = responder->config->pool;
	int r;

	if (config.all && !responder->allowance) {
		responder->allowance = allowance_get(config.all, &responder->channel.user);
		if (!responder->allowance)
			return -ENOMEM;
	}
	config.peer = responder->allowance;
	r = pool_init(&responder->pool, &config);
	if (r < 0)
		pool_deinit(&responder->pool);
	responder->pool_open = !r;
	return r;
}

/* What is needed to reply, which a client that does not ask does not cost. */
int responder_make_pool(struct responder *responder)
{
	const struct layout *layout = responder->config->layout;
	uint64_t deliveries = layout->deliveries;

	if (!responder->replies)
		responder->replies = calloc(deliveries, sizeof(*responder->replies));
	if (!responder->sent)
		responder->sent = malloc(deliveries * layout->response_slots *
					 sizeof(*responder->sent));
	if (!responder->replies || !responder->sent)
		return fail(ENOMEM, "no memory for the rings of replies");
	return open_pool(responder);
}

static bool is_out(const struct responder *responder, uint32_t number)
{
	return responder->pool_open && number < responder->pool.count &&
	       responder->pool.slices[number].holders && responder->pool.slices[number].sent;
}

/* Takes the replies that the client has given back. */
static void reap(struct responder *responder)
{
	uint32_t number;

	while (!responder->channel.gone &&
	       returns_pop(&responder->returned_responses, &number)) {
		if (!is_out(responder, number)) {
			channel_breach(&responder->channel,
				       "a client has returned a response that it has not");
			return;
		}
		channel_heard(&responder->channel);
		pool_drop(&responder->pool, number);
		responder->out--;
	}
}

/* Replies that the client has not taken yet. */
static uint64_t count_unread(const struct responder *responder)
{
	uint64_t unread = 0;
	uint32_t i;

	for (i = 0; responder->replies && i < responder->config->layout->deliveries; i++)
		if (responder->replies[i].slots)
			unread += ring_depth(&responder->replies[i]);
	return unread;
}

/*
 * While the server waits for room for one reply, the client rings for each reply that it
 * takes, of any request, and for each that it gives back.  It can take and give back no
 * more than is out, so that it has done so counts only so often.
 */
COLD void responder_notice(struct responder *responder)
{
	uint64_t unread, taken;

	reap(responder);
	unread = count_unread(responder);
	taken = responder->out - min_u64(unread, responder->out);
	if (taken > responder->taken)
		channel_heard(&responder->channel);
	responder->taken = (uint32_t)taken;
}

/*
 * What a client that has gone did not return never comes home.  It may still be read, so no
 * segment of it is loaned from again.
 */
static bool give_up_lost(struct responder *responder)
{
	struct pool *pool = &responder->pool;
	uint64_t before = pool->bytes;
	uint32_t i;

	if (!pool_retire_all(pool))
		return false;
	for (i = 0; i < pool->count; i++)
		if (is_out(responder, i))
			pool_drop(pool, i);
	responder->out = 0;
	return pool->bytes < before;
}

bool responder_give_up_idle(struct responder *responder)
{
	if (!responder->pool_open)
		return false;
	reap(responder);
	return responder->channel.gone ? give_up_lost(responder) :
					 pool_give_up_idle(&responder->pool);
}

static int loan(struct responder *responder, uint64_t bytes)
{
	int r;

	if (unlikely(!responder->pool_open)) {
		r = responder_make_pool(responder);
		if (r < 0)
			return r;
	}
	reap(responder);
	return pool_loan(&responder->pool, bytes);
}

/* Nothing that is idle in another pool makes a loan fail for the limits of all. */
int responder_loan(struct responder *responder, uint64_t bytes)
{
	int r;

	do {
		r = loan(responder, bytes);
	} while (unlikely(r == -ENOMEM) && responder->pool.shortage != POOL_SHORT_OF_OTHER &&
		 responder->config->make_room(responder));
	return r;
}

/* The ring of a delivery, made with the first reply in it. */
static struct ring_producer *reply_ring(struct responder *responder, uint32_t delivery)
{
	struct ring_producer *ring = &responder->replies[delivery];
	const struct layout *layout = responder->config->layout;
	uint64_t first = delivery * layout->response_slots;
	struct sluice_ring_slot *rings;

	if (likely(ring->slots))
		return ring;
	rings = channel_part(&responder->channel, layout->response_rings);
	ring_producer_init(ring, &rings[first], layout->response_slots,
			   responder->config->settings->response_buffer,
			   &responder->sent[first]);
	return ring;
}

static bool overflows(const struct responder *responder)
{
	return !(responder->config->settings->flags & SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW);
}

bool responder_has_room(struct responder *responder, uint32_t delivery)
{
	return !ring_full(reply_ring(responder, delivery));
}

/* The descriptors of a reply, before it. */
static int send_attachment(struct responder *responder, const struct reply_message *message)
{
	struct attachment *attachment = message->attachment;

	if (likely(!attachment))
		return 0;
	attachment->key = message->delivery;
	attachment->request = responder->held[message->delivery].request;
	attachment->position = message->position;
	return channel_send_attachment(&responder->channel, attachment);
}

/* Before the client can see it, so that whoever watches both sees it sent first. */
static COLD void tell_sent(const struct responder *responder, const struct ring_producer *ring,
		      const struct reply_message *message)
{
	const struct payload *payload = &responder->pool.config.payload;

	probe_reply_send(responder->channel.port, responder->channel.peer,
			 responder->held[message->delivery].request,
			 probe_address(pool_address(&responder->pool, message->slice) +
				       payload->lead),
			 message->count * payload->element,
			 min_u64(ring_depth(ring) + 1, ring->capacity));
}

static int push(struct responder *responder, const struct reply_message *message,
		const struct ring_message *out)
{
	struct ring_producer *ring = reply_ring(responder, message->delivery);
	uint32_t oldest;
	int r;

	if (probe_is_on(reply_send))
		tell_sent(responder, ring, message);
	r = ring_push(ring, out);
	if (r != -ENOBUFS)
		return r;
	r = ring_take_back(ring, &oldest);
	if (r > 0) {
		/* It was given back although it was still in the ring. */
		if (!is_out(responder, oldest))
			return -EPROTO;
		counter_add(&responder->channel.counters->overflows, 1);
		probe(reply_overflow, responder->channel.port, responder->channel.peer,
		      responder->held[message->delivery].request);
		pool_drop(&responder->pool, oldest);
		responder->out--;
	}
	return r < 0 ? r : ring_push(ring, out);
}

/* Before the client can see the reply, and send a request for which it chooses a server. */
static void count_reply(struct responder *responder, const struct reply_message *message)
{
	struct responder_held *held = &responder->held[message->delivery];
	struct load_keeper *load = responder->config->load;

	if (!message->position && held->since != HELD_ANSWERED) {
		load_finished_counted(load, held->since, clock_now());
		held->since = HELD_ANSWERED;
	} else if (message->position && held->since == HELD_ANSWERED) {
		load_resumed_counted(load);
		held->since = clock_now();
	}
}

int responder_reply(struct responder *responder, const struct reply_message *message)
{
	const struct pool_slice *slice = pool_slice(&responder->pool, message->slice);
	struct ring_message out;
	int r;

	reap(responder);
	r = responder_lost(responder, message->delivery);
	if (r)
		return -r;
	/* The return ring has room for no more; the client is just giving some back. */
	if (responder->out >= responder->config->layout->response_return_entries)
		return -EAGAIN;
	/* Nobody but the client changes that, and then only for the better. */
	if (unlikely(!overflows(responder)) && !responder_has_room(responder, message->delivery)) {
		channel_found_full(&responder->channel);
		return -ENOBUFS;
	}
	r = channel_announce(&responder->channel, &responder->pool, message->slice);
	if (!r)
		r = send_attachment(responder, message);
	if (r < 0)
		return r;
	out = (struct ring_message){
		.request = responder->held[message->delivery].request,
		.position = message->position,
		.offset = slice->offset + responder->pool.config.payload.lead,
		.count = message->count,
		.segment = responder->pool.segments[slice->segment].number,
		.slice = message->slice,
		.flags = (message->last ? SLUICE_RING_LAST : 0) |
			 (message->attachment ? SLUICE_RING_FDS : 0),
	};
	if (unlikely(message->traced) && !message->position)
		store_relaxed(&responder->stages[message->delivery].replied, (uint64_t)clock_now());
	if (unlikely(responder->held[message->delivery].since))
		count_reply(responder, message);
	r = push(responder, message, &out);
	if (r < 0)
		return responder_broken(responder, "a client has broken a response ring");
	channel_found_room(&responder->channel);
	pool_mark_sent(&responder->pool, message->slice);
	responder->out++;
	counters_sent(responder->channel.counters,
		      message->count * responder->pool.config.payload.element);
	channel_ring(&responder->channel, SLUICE_DOORBELL_MESSAGE);
	return 0;
}
