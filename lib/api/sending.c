// SPDX-License-Identifier: MIT
/*
 * Sending a request: to every server that is there, at once.
 *
 *	loaned --send--> dead, and a pending response lives
 *
 * Where requests do not overflow, a send waits for those servers that have no room.  If
 * it is interrupted while some have the request already, the request stays loaned and
 * remembers its pending response, which the user has not seen: the next send goes on,
 * and a release cancels.
 *
 * A server that is too far behind, or breaks the protocol meanwhile, is left out; the
 * others get the request all the same.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "base/limits.h"
#include "link/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

static struct pending *make_pending(struct request *request)
{
	struct sluice_client *client = request->client;
	struct pending *pending = handles_take(&client->pendings);

	if (!pending)
		return fail_null(EBUSY, "all of max_active_requests_per_client, %u, are pending",
				 client->pendings.limit);
	pending->head = (struct sluice_pending_response){
		.data = request->head.data,
		.header = request->head.header,
		.count = request->head.count,
		.size = request->head.size,
	};
	pending->slice = request->slice;
	pending->client = client_get(client);
	pending->stream = (struct stream){ 0 };
	if (unlikely(request->loaned_at)) {
		pending->stream.loaned = request->loaned_at;
		pending->stream.bytes = request->head.size;
	}
	pending->deadline = request->deadline ? request->deadline : CLOCK_NEVER;
	pending->borrowed = 0;
	pending->sent = false;
	pending->told = false;
	pending->request = request->number;
	counters_depth(client->entry.counters, client->pendings.live);
	return pending;
}

struct sending {
	struct blocking blocking;
	struct request *request;
	bool again;			/* some servers may have it already */
	bool behind;			/* a server's socket is full, which nobody rings for */
};

/* Offers it to each server that has not got it.  1: none was full; 0. */
static int offer(struct sending *sending)
{
	struct request *request = sending->request;
	struct sluice_client *client = request->client;
	struct pending *pending = request->pending;
	struct requester_message message = {
		.request = pending->request,
		.count = request->count,
		.deadline = (uint64_t)request->deadline,
		.slice = pending->slice,
	};
	int r, done = 1;
	uint32_t i;

	sending->behind = false;
	for (i = 0; i < client->count; i++) {
		if (sending->again && stream_has(&pending->stream, client->requesters[i]))
			continue;
		r = requester_send(client->requesters[i], &message, &pending->stream);
		if (r < 0)
			done = 0;
		if (r == -EAGAIN)
			sending->behind = true;
	}
	sending->again = true;
	return done;
}

static int attempt(struct blocking *blocking)
{
	struct sending *sending = container_of(blocking, struct sending, blocking);

	client_glance(sending->request->client);
	return offer(sending);
}

static int arm(struct blocking *blocking)
{
	struct sending *sending = container_of(blocking, struct sending, blocking);
	struct sluice_client *client = sending->request->client;
	struct requester *requester;
	int r = 0, room = 0;
	uint32_t i;

	blocking->alarm = client_alarm(client);
	if (sending->behind)
		blocking->alarm = min_i64(blocking->alarm, clock_now() + ANNOUNCE_RETRY_NS);
	for (i = 0; i < client->count && r >= 0; i++) {
		requester = client->requesters[i];
		if (requester->channel.gone || requester->channel.leaving ||
		    stream_has(&sending->request->pending->stream, requester))
			continue;
		r = channel_arm(&requester->channel, SLUICE_DOORBELL_SPACE);
		if (requester_has_room(requester))
			room = !sending->behind;
	}
	return r < 0 ? r : room;
}

/* It could not be sent; it stays as it is. */
static struct pending *unsent(struct request *request, int error)
{
	if (!request->pending->stream.servers) {
		/* The slice stays loaned; the pending response would drop its hold. */
		pool_hold(&request->client->pool, request->slice);
		pending_drop(request->pending);
		request->pending = NULL;
	}
	return fail_again_null(error);
}

static int wait_for_room(struct sending *sending, int64_t deadline)
{
	const struct request *request = sending->request;
	int64_t since = clock_now(), waited;
	int r;

	probe(request_block, request->client->entry.id, request->number);
	r = block_until(&sending->blocking, deadline);
	waited = clock_now() - since;
	counter_add(&request->client->entry.counters->blocked, (uint64_t)waited);
	probe(request_unblock, request->client->entry.id, request->number, (uint64_t)waited,
	      r < 0 ? (uint64_t)-r : 0);
	return r;
}

/* The wakes of the servers are held back, for the caller to make. */
static struct pending *send_request(struct request *request)
{
	struct sluice_client *client = request->client;
	struct sluice_node *node = client->service->node;
	struct sending sending = {
		.blocking = { .node = node, .attempt = attempt, .arm = arm },
		.request = request,
		.again = request->pending,
	};
	struct pending *pending;
	int r;

	if (request->deadline && wait_check(request->deadline) < 0)
		return NULL;
	client_glance(client);
	if (!request->pending)
		request->pending = make_pending(request);
	pending = request->pending;
	if (!pending)
		return NULL;
	wait_hold_wakes(&node->wait);
	r = offer(&sending);
	if (!r) {
		r = wait_for_room(&sending, pending->deadline);
		if (r < 0)
			return unsent(request, r);
		if (!pending->stream.servers)
			return unsent(request, fail(client->lost == EPIPE ? EPIPE : ECONNRESET,
						    "every server that was waited for has gone"));
	}
	/* That it was sent is told with each server; here there was none. */
	if (!pending->stream.servers)
		probe(request_send, client->entry.id, 0, pending->request,
		      probe_address(request->head.data), request->head.size, 0);
	pending->sent = true;
	handles_give(&client->requests, request);
	counter_set(&client->entry.counters->loaned, client->requests.live);
	return pending;
}

struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct sluice_node *node;
	struct pending *pending;

	if (request_check(head) < 0)
		return NULL;
	node = request_of(head)->client->service->node;
	pending = send_request(request_of(head));
	wait_send_wakes(&node->wait);
	return pending ? &pending->head : NULL;
}

struct sluice_response *sluice_request_call(struct sluice_request *head,
					    struct sluice_pending_response **ret_pending,
					    int64_t timeout)
{
	struct sluice_node *node;
	struct pending *pending;

	if (!ret_pending)
		return fail_null(EINVAL, "pending is NULL");
	*ret_pending = NULL;
	if (request_check(head) < 0)
		return NULL;
	node = request_of(head)->client->service->node;
	pending = send_request(request_of(head));
	if (!pending) {
		wait_send_wakes(&node->wait);
		return NULL;
	}
	*ret_pending = &pending->head;
	return pending_receive(pending, timeout);
}
