// SPDX-License-Identifier: MIT
/*
 * Requests, at the server's end of a channel, from the ring until they are finished with.
 *
 * A request comes out of the request ring with the number of its delivery.  The response
 * ring, the word cancelled and the word closed of that number belong to it (see
 * exchange/delivery.c).  The delivery is *held* from then on:
 *
 *	in the ring	responder_receive()	-> held: the server sees the request
 *			responder_ready(), or	-> finished: nobody is to see it, since its
 *			responder_receive()	   deadline has passed, or, in a service that
 *						   says so, nobody awaits the answer
 *	held		responder_finish()	-> finished
 *	finished	C1: the word closed gets the request's number, after the last response;
 *			T1: the delivery is returned.  After that the server touches neither
 *			the ring nor the slice of the request.
 *
 * Invariants:
 * (1) A delivery is held at most once; its number was checked when it came.
 * (2) At most max_active_requests deliveries are held by the program.
 *
 * A hostile client can name any delivery.  It is checked against what is held; a breach
 * closes this channel only.  A client that has left, or died, may have at most a ringful of
 * requests left behind.  They are still received.
 */
#include "exchange/responder.h"

#include <errno.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "exchange/response_rings.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"
#include "wait/payer.h"

/*
 * The word closed gets the request's number, and flags beside it, unless the last reply has
 * told the end.  Stages are stored before what they tell of is published, by R1 or C1; of a
 * request that has ended, by T1.
 */
static void finish(struct responder *responder, uint32_t delivery, uint64_t flags, bool traced,
		   bool ended)
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
		store_relaxed(&responder->words.stages[delivery].finished, (uint64_t)clock_now());
	if (!ended)
		/* C1: after the last response; pairs with C2. */
		exchange_ordered(&responder->words.closed[delivery], held.request | flags);
	inlet_give_back(&responder->requests, delivery, !ended);
}

bool responder_finish_plain(struct responder *responder, uint32_t delivery, uint64_t request,
			    bool ended, bool *ret_sleeps)
{
	if (unlikely(responder->held[delivery].since || !responder->plain))
		return false;
	responder->held[delivery].request = 0;
	responder->active--;
	load_finished(responder->config->load);
	counter_sub(&responder->channel.counters->depth, 1);
	if (ended) {
		returns_push_unrung(&responder->requests.returns, delivery);
		return true;
	}
	/* C1: after the last response; pairs with C2. */
	exchange_ordered(&responder->words.closed[delivery], request);
	returns_push(&responder->requests.returns, delivery);
	*ret_sleeps = channel_sleeps(&responder->channel, SLUICE_DOORBELL_MESSAGE);
	return true;
}

static COLD void stamp_received(struct responder *responder, uint32_t delivery, uint64_t request)
{
	struct sluice_channel_stages *stages = &responder->words.stages[delivery];

	store_relaxed(&stages->received, (uint64_t)clock_now());
	store_relaxed(&stages->replied, 0);
	store_relaxed(&stages->finished, 0);
	store_relaxed(&stages->request, request);
}

void responder_finish(struct responder *responder, uint32_t delivery, bool traced, bool ended)
{
	finish(responder, delivery, 0, traced, ended);
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
	finish(responder, delivery, flags, traced, false);
}

/* Is it one that nobody is to see?  0; or why: -ETIMEDOUT or -ECANCELED. */
static int unseen(const struct responder *responder, const struct ring_message *in)
{
	if (in->deadline && clock_now() >= responder_deadline(in))
		return -ETIMEDOUT;
	if (responder->forgets && in->slice < responder->deliveries &&
	    responder_lost_request(responder, in->slice, in->request))
		return -ECANCELED;
	return 0;
}

/* One that nobody is to see is done with, for this reason. */
static COLD void pass_over(struct responder *responder, const struct inlet_message *message,
			   int reason)
{
	const struct ring_message *in = &message->in;
	struct channel *channel = &responder->channel;
	uint64_t flags = 0;

	if (reason == -ETIMEDOUT) {
		probe(deadline_miss, channel->port, channel->peer, in->request,
		      (uint64_t)(clock_now() - responder_deadline(in)));
		counter_add(&channel->counters->expired, 1);
		++*responder->config->expired;
		flags = SLUICE_CHANNEL_EXPIRED;
	}
	attachment_free(message->attachment);
	inlet_drop(&responder->requests, message->slice.segment);
	finish(responder, in->slice, flags, in->flags & SLUICE_RING_TRACED, false);
}

/* Its time is taken if it was counted, and not 0 then. */
static inline void hold_since(struct responder *responder, const struct ring_message *in,
			      int64_t since)
{
	struct sluice_registry_counters *counters = responder->channel.counters;

	responder->held[in->slice] = (struct responder_held){
		.request = in->request,
		.since = since,
	};
	responder->active++;
	counters_depth(counters, counters->depth + 1);
}

/* It counts as one that the server is busy with. */
static inline void hold(struct responder *responder, const struct ring_message *in)
{
	if (likely(!(in->flags & SLUICE_RING_COUNTED))) {
		hold_since(responder, in, 0);
		load_received(responder->config->load);
	} else {
		hold_since(responder, in, clock_now());
		load_received_counted(responder->config->load);
	}
}

/*
 * Is there such a delivery, whose response ring has no memory yet?  Then it gets some.  If
 * that is lacking, the client is told so, and loses its channel.
 */
static COLD bool is_delivery(struct responder *responder, uint32_t delivery)
{
	const struct layout *layout = responder->config->layout;
	int r;

	if (delivery >= layout->deliveries)
		return false;
	if (responder->channel.gone)
		return true;
	r = response_rings_populate(&responder->channel, layout, delivery);
	if (r < 0)
		channel_give_up(&responder->channel, -r);
	else
		responder->rings = (uint32_t)r;
	return true;
}

/* Can a request of this number be bound to this delivery, which has a response ring? */
static inline bool is_free(const struct responder *responder, const struct ring_message *in)
{
	return in->request - 1 < SLUICE_CHANNEL_REQUEST && !responder->held[in->slice].request;
}

/* The fault of a request that was claimed; or NULL. */
static const char *fault_of(struct responder *responder, const struct ring_message *in)
{
	const struct channel *channel = &responder->channel;

	/* A client that has left can have left no more behind than its ring holds. */
	if (unlikely(channel->over | responder->quits) &&
	    responder->late++ >= responder->config->layout->request_slots)
		return "a client sends requests after its end";
	if ((unlikely(in->slice >= responder->rings) && !is_delivery(responder, in->slice)) ||
	    !is_free(responder, in))
		return "a client has sent a delivery that is not free";
	return NULL;
}

static uint32_t key_of(const struct ring_consumer *ring, const struct ring_message *in)
{
	(void)ring;
	return in->slice;
}

static const char *admit(struct inlet *inlet, struct ring_consumer *ring,
			 const struct ring_message *in)
{
	struct responder *responder = container_of(inlet, struct responder, requests);
	const char *fault = fault_of(responder, in);

	(void)ring;
	if (unlikely(fault))
		return fault;
	hold(responder, in);
	if (unlikely(in->flags & SLUICE_RING_TRACED))
		stamp_received(responder, in->slice, in->request);
	return NULL;
}

static void broken(struct inlet *inlet, const char *how)
{
	responder_broken(container_of(inlet, struct responder, requests), how);
}

static const struct inlet_ops ops = {
	.key = key_of,
	.admit = admit,
	.broken = broken,
	.broken_ring = "a client has broken its request ring",
};

/* There is no request; if some were withdrawn, the client has not rung for nothing. */
static void none_left(struct responder *responder, uint64_t before)
{
	if (responder->request_ring.next != before)
		channel_heard(&responder->channel);
}

/* Passes over what nobody is to see, of a ringful.  Is there one that somebody is? */
static bool pass_to_next(struct responder *responder)
{
	uint64_t looks = responder->config->layout->request_slots;
	struct ring_consumer *ring = &responder->request_ring;
	uint64_t before = ring->next;
	struct inlet_message message;
	int r, reason;

	while (looks--) {
		r = inlet_look(&responder->requests, &ops, ring, &message.in);
		if (!r)
			none_left(responder, before);
		if (r <= 0)
			return false;
		/* Decided once: a hostile client could change its mind. */
		reason = unseen(responder, &message.in);
		if (!reason)
			return true;
		r = inlet_claim(&responder->requests, &ops, ring, &message);
		if (r < 0)
			return false;
		if (r > 0)
			pass_over(responder, &message, reason);
	}
	return true;
}

bool responder_ready(struct responder *responder)
{
	if (!responder_polls(responder) || responder->channel.starved)
		return false;
	/* Nobody awaits the answer to what a client has left behind. */
	if (responder->forgets && responder->channel.gone)
		return false;
	return pass_to_next(responder);
}

int responder_receive(struct responder *responder, struct inlet_message *ret_message)
{
	uint64_t before = responder->request_ring.next;
	int r;

	if (unlikely(!responder->request_ring.slots))
		return 0;
	if (unlikely(responder_is_at_limit(responder)))
		return responder_ready(responder) ? -ENOBUFS : 0;
	r = inlet_receive(&responder->requests, &ops, &responder->request_ring, ret_message);
	if (r == -EAGAIN)
		r = 0;
	if (!r)
		none_left(responder, before);
	if (r <= 0)
		return r;
	r = unseen(responder, &ret_message->in);
	if (unlikely(r < 0)) {
		pass_over(responder, ret_message, r);
		return r;
	}
	return 1;
}

bool responder_receive_plain(struct responder *responder, struct inlet_plain *ret_plain)
{
	struct ring_consumer *ring = &responder->request_ring;
	const struct ring_message *in = &ret_plain->in;

	if (unlikely(!responder->plain ||
		     !inlet_peek_plain(&responder->requests, ring, ret_plain) ||
		     in->flags || in->deadline ||
		     in->slice >= responder->rings || !is_free(responder, in) ||
		     !inlet_claim_plain(&responder->requests, ring, ret_plain)))
		return false;
	hold_since(responder, in, 0);
	load_received(responder->config->load);
	return true;
}

bool responder_stop_hinted(const struct responder *responder, uint32_t delivery)
{
	/* C4: pairs with C3. */
	return !responder->channel.gone &&
	       load_ordered(&responder->words.cancelled[delivery]) ==
	       (responder->held[delivery].request | SLUICE_CHANNEL_STOP);
}

/* The client sees the end of each request, and that no more is taken. */
void responder_end(struct responder *responder)
{
	uint32_t i;

	if (responder->ended)
		return;
	responder->ended = true;
	if (!responder_has_left(responder))
		turn_excuse_peer(&responder->channel.turn);
	channel_say_goodbye(&responder->channel);
	if (responder->channel.gone || !responder->channel.own_bell)
		return;
	for (i = 0; i < responder->config->layout->deliveries; i++) {
		if (!responder->held[i].request)
			continue;
		/* C1: no more will come; pairs with C2. */
		exchange_ordered(&responder->words.closed[i], responder->held[i].request);
	}
	channel_ring(&responder->channel, SLUICE_DOORBELL_MESSAGE | SLUICE_DOORBELL_SPACE);
}
