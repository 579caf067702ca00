// SPDX-License-Identifier: MIT
/*
 * Sending a request: to every server that is there, at once, or to one of them.
 *
 *	loaned --send--> dead, and a pending response lives
 *
 * If some servers have no room, or one of several is to be chosen, the request is offered to
 * them (api/request_offer.c).  That may end while some servers have the request already.  Then
 * the request stays loaned and remembers its pending response, which the user has not seen.
 * The next send goes on, and a release cancels.
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

static COLD struct pending *all_pending(const struct sluice_client *client)
{
	return fail_null(EBUSY, "all of %s, %u, are pending",
			 client->max_active < client->service->contract.settings.max_active_requests ?
			 "the client's max_active_requests" :
			 "max_active_requests_per_client", client->max_active);
}

/* The rest of the handle, but for the stream. */
static inline struct pending *fill(struct handle *handle, const struct request *request)
{
	struct sluice_client *client = request->client;
	struct pending *pending = container_of(handle, struct pending, handle);

	pending->head = (struct sluice_pending_response){
		.data = request->head.data,
		.header = request->head.header,
		.count = request->head.count,
		.size = request->head.size,
	};
	pending->slice = request->slice;
	pending->count = request->count;
	pending->client = client;
	client->references++;
	pending->deadline = CLOCK_NEVER;
	pending->borrowed = 0;
	pending->sent = false;
	pending->told = false;
	pending->request = request->number;
	counters_depth(client->entry.counters, client->entry.counters->depth + 1);
	return pending;
}

static struct pending *make_pending(struct request *request)
{
	struct sluice_client *client = request->client;
	struct handle *handle = handles_take(&client->pendings, request->handle.mark);
	struct pending *pending;

	if (unlikely(!handle))
		return all_pending(client);
	pending = fill(handle, request);
	pending->stream = (struct stream){ 0 };
	return pending;
}

/* It could not be sent; it stays as it is. */
static COLD struct pending *unsent(struct request *request, int error)
{
	if (!request->pending->stream.servers) {
		/* The slice stays loaned; the pending response would drop its hold. */
		pool_hold(&request->client->pool, request->slice);
		pending_drop(request->pending);
		request->pending = NULL;
	}
	return fail_again_null(error);
}

/* That it was sent is told with each server; here there was none. */
static COLD void tell_sent_to_nobody(const struct request *request)
{
	probe(request_send, request->client->entry.id, 0, request->number,
	      probe_address(request->head.data), request->head.size, 0);
}

/* The same of a request with a deadline, or that is traced. */
static struct pending *make_special_pending(struct request *request)
{
	struct pending *pending = make_pending(request);

	if (!pending)
		return NULL;
	if (request->deadline)
		pending->deadline = request->deadline;
	if (request->loaned_at) {
		pending->stream.loaned = request->loaned_at;
		pending->stream.bytes = request->head.size;
	}
	return pending;
}

/* Sends a request of any kind, to any number of servers.  NULL with errno. */
static OUTLINE struct pending *send_in_any_way(struct request *request)
{
	struct pending *pending = request->pending;
	bool again = pending, full = false;
	int r;

	if (unlikely(request->deadline) && wait_check(request->deadline) < 0)
		return NULL;
	if (likely(!again))
		request->pending = pending = make_special_pending(request);
	if (unlikely(!pending))
		return NULL;
	if (likely(!again && request->route != SLUICE_ROUTE_ONE))
		full = !request_send_to_all(request);
	if (unlikely(again || full || request->route == SLUICE_ROUTE_ONE)) {
		r = request_offer(request, full);
		if (r < 0)
			return unsent(request, r);
	}
	if (unlikely(!pending->stream.servers))
		tell_sent_to_nobody(request);
	pending->sent = true;
	request_forget(request);
	return pending;
}

/* One system call wakes all of the servers. */
static OUTLINE struct pending *send_to_some(struct request *request)
{
	struct wait *wait = &request->client->service->node->wait;
	struct pending *pending;

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
	struct pending *pending;

	if (unlikely(!request))
		return NULL;
	client_glance_to_send(request->client);
	pending = send_to_some(request);
	return likely(pending) ? &pending->head : NULL;
}

/*
 * There is no news, there is one server, and nothing is to be said of the request but where its
 * bytes are.
 */
static inline bool is_plain(const struct request *request)
{
	const struct sluice_client *client = request->client;

	return likely(client->count == 1 && client->pendings.spare > 0 &&
		      !(client_has_news_to_send(client) | (uint64_t)request->deadline |
			(uint64_t)request->loaned_at | (uint64_t)request->route |
			(uint64_t)(uintptr_t)request->attachment |
			(uint64_t)(uintptr_t)request->pending));
}

/*
 * The common case: the server has room, and a handle can be used again.  That is below the
 * client's limit.  *ret_sleeps: the server is to be rung.  NULL: it is not so, and nothing has
 * changed.
 */
static inline struct pending *send_plain(struct request *request, bool *ret_sleeps)
{
	struct sluice_client *client = request->client;
	const struct requester_message message = {
		.request = request->number,
		.count = request->count,
		.bytes = request->head.size,
		.slice = request->slice,
	};
	struct pending *pending;

	if (unlikely(!is_plain(request)))
		return NULL;
	pending = container_of(client->pendings.oldest, struct pending, handle);
	if (unlikely(!requester_send_plain(&client->channels[0]->requester, &message,
					   &pending->stream, ret_sleeps)))
		return NULL;
	fill(handles_take_spare(&client->pendings, thread_number), request);
	pending->sent = true;
	request_end(request);
	return pending;
}

static COLD void wake_server(const struct pending *pending)
{
	channel_ring(&pending->stream.current->requester->channel, SLUICE_DOORBELL_MESSAGE);
}

static COLD struct sluice_pending_response *sent_to_sleeper(struct pending *pending)
{
	wake_server(pending);
	return &pending->head;
}

STRAIGHT struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct pending *pending = NULL;
	bool sleeps = false;

	if (likely(request_is_ours(head)))
		pending = send_plain(request_of(head), &sleeps);
	if (unlikely(!pending))
		return send_otherwise(head);
	return likely(!sleeps) ? &pending->head : sent_to_sleeper(pending);
}

struct sluice_response *sluice_request_call(struct sluice_request *head,
					    struct sluice_pending_response **ret_pending,
					    int64_t timeout)
{
	struct sluice_response *response = NULL;
	struct request *request;
	struct pending *pending;
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
	pending = send_plain(request, &sleeps);
	if (!pending)
		pending = send_in_any_way(request);
	else if (sleeps)
		wake_server(pending);
	if (pending) {
		*ret_pending = &pending->head;
		response = pending_receive(pending, timeout);
	}
	wait_send_wakes(wait);
	return response;
}
