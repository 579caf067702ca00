// SPDX-License-Identifier: MIT
/*
 * Requests, at the client's end of a channel: its outlet.
 *
 * The requests that a server has given back are read when no delivery is at hand, when the
 * client's memory would grow, and before a server is chosen; not while a request is under
 * way.
 *
 * Invariant: deliveries are kept by number in private memory.  Each number that comes back
 * is checked: there is such a delivery, and it is out.
 *
 * A hostile server can return requests too early, twice or never.  Then it loses the
 * channel, or keeps its own deliveries busy.  It sees at most later requests that it would
 * have been sent anyway.
 */
#include "exchange/requester.h"

#include <errno.h>

#include "exchange/stream.h"
#include "os/clock.h"
#include "trace/probes.h"

/* A number that comes back names a delivery, which is out. */
static bool returned(struct outlet *outlet, uint32_t number)
{
	struct requester *requester = container_of(outlet, struct requester, requests);

	if (number >= requester->fresh || !requester->deliveries[number].out)
		return false;
	delivery_returned(requester, &requester->deliveries[number]);
	return true;
}

/* The server will never see it. */
static bool took_back(struct outlet *outlet, uint32_t number, uint64_t request)
{
	struct requester *requester = container_of(outlet, struct requester, requests);
	struct delivery *delivery = &requester->deliveries[number];

	(void)request;
	probe(request_overflow, requester->channel.port, requester->channel.peer,
	      delivery->request);
	delivery_taken_back(delivery);
	return true;
}

static inline void sending(struct outlet *outlet, const struct ring_producer *ring,
			   const struct outlet_message *message)
{
	if (probe_is_on(request_send))
		outlet_tell_sent(outlet, ring, message->out.request, message->slice,
				 message->bytes, probe_request_send);
}

static void broken(struct outlet *outlet)
{
	channel_breach(outlet->channel, "a server has broken its request ring");
}

static const struct outlet_ops ops = {
	.returned = returned,
	.sending = sending,
	.took_back = took_back,
	.broken = broken,
	.false_return = "a server has returned a request that it has not",
};

STRAIGHT void requester_reap(struct requester *requester)
{
	outlet_reap(&requester->requests, &ops);
}

/* May a request that was not sent be sent later?  As requester_send(). */
static int not_sent(const struct requester *requester, int error)
{
	return !requester->requests.overflows && (error == -EAGAIN || error == -ENOBUFS) ?
	       error : 0;
}

int requester_send(struct requester *requester, const struct requester_message *message,
		   struct stream *stream)
{
	struct outlet_message out;
	struct delivery *delivery;
	uint32_t number;
	int r;

	delivery = requester->free;
	if (unlikely(!delivery))
		delivery = delivery_find(requester);
	if (unlikely(!delivery))
		return 0;
	/* Taken first: making room in the ring frees another one. */
	requester->free = delivery->next;
	number = delivery->number;
	out = (struct outlet_message){
		.out = {
			.request = message->request,
			.count = message->count,
			.deadline = message->deadline,
			.slice = number,
			.flags = (stream->loaned ? SLUICE_RING_TRACED : 0) |
				 (message->counted ? SLUICE_RING_COUNTED : 0),
		},
		.bytes = message->bytes,
		.slice = message->slice,
		.key = number,
		.attachment = message->attachment,
	};
	/* A send that waits for room begins anew for each server. */
	delivery->sent = unlikely(stream->loaned) ? clock_now() : 0;
	r = outlet_send(&requester->requests, &ops, &requester->request_ring, &out);
	if (r < 0) {
		delivery_make_free(delivery);
		return not_sent(requester, r);
	}
	delivery_begin(requester, delivery, message, stream);
	return 1;
}

bool requester_send_plain(struct requester *requester, const struct requester_message *message,
			  struct stream *stream, bool *ret_sleeps)
{
	const struct pool_slice *slice = &requester->requests.pool->slices[message->slice];
	struct delivery *delivery = requester->free;
	struct ring_message out;
	struct ring_place place;

	if (unlikely(!delivery || probe_is_on(request_send) ||
		     !outlet_is_plain(&requester->requests, &requester->request_ring, &place)))
		return false;
	requester->free = delivery->next;
	delivery->sent = 0;
	out = (struct ring_message){
		.request = message->request,
		.count = message->count,
		.slice = delivery->number,
	};
	*ret_sleeps = outlet_send_plain(&requester->requests, &requester->request_ring, &place,
					&out, slice, message->bytes);
	delivery_begin_first(requester, delivery, message, stream);
	return true;
}

bool requester_has_room(const struct requester *requester)
{
	return !ring_full(&requester->request_ring);
}
