// SPDX-License-Identifier: MIT
/*
 * Sending a request: to every server that is there, at once, or to one of them.
 *
 *	loaned --send--> a pending response, in the same handle
 *
 * If some servers have no room, or one of several is to be chosen, the request is offered to
 * them (api/request_offer.c).  That may end while some servers have the request already.  Then
 * the request stays loaned, and has begun.  The next send goes on, and a release cancels.
 *
 * A server that is too far behind, or breaks the protocol meanwhile, is left out; the
 * others get the request all the same.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

/* 0 or -EBUSY. */
static int begin(struct request *request)
{
	const struct sluice_client *client = request->client;

	if (client->active < client->max_active) {
		request->stream = (struct stream){ 0 };
		request_begin(request);
		return 0;
	}
	return fail(EBUSY, "all of %s, %u, are pending",
		    client->max_active < client->service->contract.settings.max_active_requests ?
		    "the client's max_active_requests" :
		    "max_active_requests_per_client", client->max_active);
}

/* It could not be sent; it stays as it is. */
static COLD struct request *unsent(struct request *request, int error)
{
	if (!request->stream.servers) {
		request->begun = false;
		request_end_active(request);
	}
	return fail_again_null(error);
}

/* That it was sent is told with each server; here there was none. */
static COLD void tell_sent_to_nobody(const struct request *request)
{
	probe(request_send, request->client->entry.id, 0, request->number,
	      probe_address(request->head.data), request->head.size, 0);
}

/* It was sent: it is a pending response from here on. */
static inline struct request *sent(struct request *request)
{
	if (unlikely(request->attachment))
		attachment_free(request->attachment);
	request->attachment = NULL;
	request_become_pending(request);
	return request;
}

/* Sends a request of any kind, to any number of servers.  NULL with errno. */
static OUTLINE struct request *send_in_any_way(struct request *request)
{
	bool again = request->begun, full = false;
	int r;

	if (unlikely(!client_servers(request->client)))
		client_start_server(request->client);
	if (unlikely(request->deadline) && wait_check(request->deadline) < 0)
		return NULL;
	if (likely(!again) && begin(request) < 0)
		return NULL;
	if (unlikely(request->loaned_at)) {
		request->stream.loaned = request->loaned_at;
		request->stream.bytes = request->head.size;
	}
	if (likely(!again && request->route != SLUICE_ROUTE_ONE))
		full = !request_send_to_all(request);
	if (unlikely(again || full || request->route == SLUICE_ROUTE_ONE)) {
		r = request_offer(request, full);
		if (r < 0)
			return unsent(request, r);
	}
	if (unlikely(!request->stream.servers))
		tell_sent_to_nobody(request);
	return sent(request);
}

/* One system call wakes all of the servers. */
static OUTLINE struct request *send_to_some(struct request *request)
{
	struct wait *wait = &request->client->service->node->wait;
	struct request *pending;

	if (request->client->count <= 1)
		return send_in_any_way(request);
	wait_hold_wakes(wait);
	pending = send_in_any_way(request);
	wait_send_wakes(wait);
	return pending;
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE struct sluice_pending_response *send_otherwise(struct sluice_request *head)
{
	struct request *request = request_enter(head);

	if (unlikely(!request))
		return NULL;
	client_glance_to_send(request->client);
	request = send_to_some(request);
	return likely(request) ? &request->pending : NULL;
}

/*
 * There is no news, there is one server, and nothing is to be said of the request but where its
 * bytes are.
 */
static inline bool is_plain(const struct request *request)
{
	const struct sluice_client *client = request->client;

	return likely(client->count == 1 && client->active < client->max_active &&
		      !(client_has_news_to_send(client) | (uint64_t)request->deadline |
			(uint64_t)request->loaned_at | (uint64_t)request->route |
			(uint64_t)(uintptr_t)request->attachment | (uint64_t)request->begun));
}

/*
 * The common case: the server has room, and one more may be pending.  *ret_sleeps: the server is
 * to be rung.  False: it is not so, and nothing has changed.
 */
static inline bool send_plain(struct request *request, bool *ret_sleeps)
{
	const struct requester_message message = {
		.request = request->number,
		.count = request->count,
		.bytes = request->head.size,
		.slice = request->slice,
	};

	if (unlikely(!is_plain(request) ||
		     !requester_send_plain(&request->client->channels[0]->requester, &message,
					   &request->stream, ret_sleeps)))
		return false;
	request_begin(request);
	request_become_pending(request);
	return true;
}

static COLD void wake_server(const struct request *pending)
{
	channel_ring(&pending->stream.current->requester->channel, SLUICE_DOORBELL_MESSAGE);
}

static COLD struct sluice_pending_response *sent_to_sleeper(struct request *pending)
{
	wake_server(pending);
	return &pending->pending;
}

STRAIGHT struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct request *request = request_of_ours(head);
	bool sleeps = false;

	if (unlikely(!request || !send_plain(request, &sleeps)))
		return send_otherwise(head);
	return likely(!sleeps) ? &request->pending : sent_to_sleeper(request);
}

struct sluice_response *sluice_request_call(struct sluice_request *head,
					    struct sluice_pending_response **ret_pending,
					    int64_t timeout)
{
	struct sluice_response *response = NULL;
	struct request *request, *pending;
	struct wait *wait;
	bool sleeps = false;

	if (!ret_pending)
		return fail_null(EINVAL, "pending is NULL");
	*ret_pending = NULL;
	request = request_enter(head);
	if (!request)
		return NULL;
	client_glance_to_send(request->client);
	wait = &request->client->service->node->wait;
	/* And one for them and the sleep. */
	wait_hold_wakes(wait);
	pending = send_plain(request, &sleeps) ? request : send_in_any_way(request);
	if (sleeps)
		wake_server(pending);
	if (pending) {
		*ret_pending = &pending->pending;
		response = pending_receive(pending, timeout);
	}
	wait_send_wakes(wait);
	return response;
}
