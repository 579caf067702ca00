// SPDX-License-Identifier: MIT
/*
 * Replies, at the server's end of a channel (exchange/responder.c): its outlet.
 *
 * Replies lie in a pool of this channel, which only this client maps; it is made when the
 * first reply is loaned, or before the client is welcomed if nothing may be made later.
 * A reply is out from its sending until its return, or until it is taken back from a full
 * ring to make room for a later one; where responses do not overflow, a full ring is told
 * instead.
 *
 * Replies that the client has given back are read when no slice is at hand, when the pool
 * would grow, and when no more may be out; not for each reply.
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

/* Makes what is needed to reply, which a client that does not ask does not cost. */
int responder_make_pool(struct responder *responder)
{
	const struct layout *layout = responder->config->layout;
	uint64_t deliveries = layout->deliveries;

	if (!responder->reply_rings)
		responder->reply_rings = calloc(deliveries, sizeof(*responder->reply_rings));
	if (!responder->sent)
		responder->sent = malloc(deliveries * layout->response_slots *
					 sizeof(*responder->sent));
	if (!responder->reply_rings || !responder->sent)
		return fail(ENOMEM, "no memory for the rings of replies");
	return open_pool(responder);
}

static bool is_out(const struct responder *responder, uint32_t number)
{
	return responder->pool_open && number < responder->pool.count &&
	       responder->pool.slices[number].holders && responder->pool.slices[number].sent;
}

/* A number that comes back names a slice of the pool, which is out. */
static bool returned(struct outlet *outlet, uint32_t number)
{
	struct responder *responder = container_of(outlet, struct responder, replies);

	if (!is_out(responder, number))
		return false;
	pool_drop(&responder->pool, number);
	responder->out--;
	return true;
}

/* It may have been given back although it was still in the ring. */
static bool took_back(struct outlet *outlet, uint32_t number, uint64_t request)
{
	const struct channel *channel = outlet->channel;

	if (!returned(outlet, number))
		return false;
	probe(reply_overflow, channel->port, channel->peer, request);
	return true;
}

/* Before the client can see the reply, and send a request for which it chooses a server. */
static COLD void count_reply(struct responder *responder, uint64_t position,
			     struct responder_held *held)
{
	struct load_keeper *load = responder->config->load;

	if (!position && held->since != HELD_ANSWERED) {
		load_finished_counted(load, held->since, clock_now());
		held->since = HELD_ANSWERED;
	} else if (position && held->since == HELD_ANSWERED) {
		load_resumed_counted(load);
		held->since = clock_now();
	}
}

static inline void sending(struct outlet *outlet, const struct ring_producer *ring,
			   const struct outlet_message *message)
{
	struct responder *responder = container_of(outlet, struct responder, replies);
	struct responder_held *held = &responder->held[message->key];

	if (unlikely(held->since))
		count_reply(responder, message->out.position, held);
	if (probe_is_on(reply_send))
		outlet_tell_sent(outlet, ring, message->out.request, message->slice,
				 message->bytes, probe_reply_send);
}

static void broken(struct outlet *outlet)
{
	responder_broken(container_of(outlet, struct responder, replies),
			 "a client has broken a response ring");
}

static const struct outlet_ops ops = {
	.returned = returned,
	.sending = sending,
	.took_back = took_back,
	.broken = broken,
	.false_return = "a client has returned a response that it has not",
};

/* Takes the replies that the client has given back. */
static STRAIGHT OUTLINE void reap(struct responder *responder)
{
	outlet_reap(&responder->replies, &ops);
}

/* Replies that the client has not taken yet. */
static uint64_t count_unread(const struct responder *responder)
{
	uint64_t unread = 0;
	uint32_t i;

	for (i = 0; responder->reply_rings && i < responder->config->layout->deliveries; i++)
		if (responder->reply_rings[i].slots)
			unread += ring_depth(&responder->reply_rings[i]);
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

	/* Before its first request there may be no memory to read returns from. */
	if (!responder->rings)
		return;
	reap(responder);
	unread = count_unread(responder);
	taken = responder->out - min_u64(unread, responder->out);
	if (taken > responder->taken)
		channel_heard(&responder->channel);
	responder->taken = (uint32_t)taken;
}

/*
 * Replies that a client had when it went never come home.  They may still be read, so their
 * segments are not used for loans again.
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

/* Reads the returns first, so that the pool does not grow while slices are there. */
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
static OUTLINE int loan_whatever_is_idle(struct responder *responder, uint64_t bytes)
{
	int r;

	do {
		r = loan(responder, bytes);
	} while (unlikely(r == -ENOMEM) && responder->pool.shortage != POOL_SHORT_OF_OTHER &&
		 responder->config->make_room(responder));
	return r;
}

int responder_loan(struct responder *responder, uint64_t bytes)
{
	int r = pool_loan_spare(&responder->pool, bytes);

	return likely(r >= 0) ? r : loan_whatever_is_idle(responder, bytes);
}

int responder_lost_request(const struct responder *responder, uint32_t delivery, uint64_t request)
{
	if (unlikely(responder->channel.over | responder->ended))
		return responder->channel.gone ? responder->channel.gone : EPIPE;
	/* C4: pairs with C3. */
	return unlikely(load_ordered(&responder->words.cancelled[delivery]) == request) ? EPIPE : 0;
}

int responder_lost(const struct responder *responder, uint32_t delivery)
{
	return responder_lost_request(responder, delivery, responder->held[delivery].request);
}

/* The ring of a delivery, made with the first reply in it. */
static struct ring_producer *reply_ring(struct responder *responder, uint32_t delivery)
{
	struct ring_producer *ring = &responder->reply_rings[delivery];
	const struct layout *layout = responder->config->layout;

	if (likely(ring->slots))
		return ring;
	ring_producer_init(ring, layout_response_ring(layout, &responder->channel, delivery),
			   layout->response_slots, responder->config->settings->response_buffer,
			   &responder->sent[(uint64_t)delivery * layout->response_slots]);
	return ring;
}

bool responder_has_room(struct responder *responder, uint32_t delivery)
{
	return !ring_full(reply_ring(responder, delivery));
}

int responder_reply(struct responder *responder, const struct reply_message *message)
{
	uint64_t request = responder->held[message->delivery].request;
	struct outlet_message out;
	int r;

	r = responder_lost_request(responder, message->delivery, request);
	if (unlikely(r))
		return -r;
	/* The return ring has room for no more; the client is just giving some back. */
	if (unlikely(responder->out >= responder->most_out)) {
		reap(responder);
		if (responder->out >= responder->most_out)
			return -EAGAIN;
	}
	out = (struct outlet_message){
		.out = {
			.request = request,
			.position = message->position,
			.count = message->count,
			.slice = message->slice,
			.flags = message->last ? SLUICE_RING_LAST : 0,
		},
		.bytes = message->bytes,
		.slice = message->slice,
		.key = message->delivery,
		.attachment = message->attachment,
	};
	if (unlikely(message->traced) && !message->position)
		store_relaxed(&responder->words.stages[message->delivery].replied,
			      (uint64_t)clock_now());
	r = outlet_send(&responder->replies, &ops, reply_ring(responder, message->delivery), &out);
	if (r < 0)
		return r;
	responder->pool.slices[message->slice].sent = true;
	responder->out++;
	return 0;
}

/* Is nothing to be done for a reply but to send it, and does the client want it? */
static inline bool reply_is_plain(const struct responder *responder, uint32_t delivery, uint64_t request)
{
	return likely(responder->out < responder->most_out && !responder->ended &&
		      !responder->held[delivery].since && !probe_is_on(reply_send) &&
		      /* C4: pairs with C3. */
		      load_ordered(&responder->words.cancelled[delivery]) != request);
}

bool responder_reply_plain(struct responder *responder, const struct reply_message *message,
			   uint64_t request, bool *ret_sleeps)
{
	struct pool_slice *slice = &responder->pool.slices[message->slice];
	struct ring_producer *ring = &responder->reply_rings[message->delivery];
	struct ring_message out;
	struct ring_place place;

	if (unlikely(!ring->slots || !reply_is_plain(responder, message->delivery, request) ||
		     !outlet_is_plain(&responder->replies, ring, &place)))
		return false;
	slice->sent = true;
	responder->out++;
	out = (struct ring_message){
		.request = request,
		.position = message->position,
		.count = message->count,
		.slice = message->slice,
		.flags = message->last ? SLUICE_RING_LAST : 0,
	};
	*ret_sleeps = outlet_send_plain(&responder->replies, ring, &place, &out, slice,
					message->bytes);
	return true;
}
