// SPDX-License-Identifier: MIT
/*
 * Requests, as their client sees them, until they are sent.
 *
 *	dead --loan--> loaned --send--> dead, and a pending response lives
 *			  |---release or destroying the client---> dead
 *
 * Where requests do not overflow, a send waits for those servers that have no room.  If
 * it is interrupted while some have the request already, the request stays loaned and
 * remembers its pending response, which the user has not seen: the next send goes on,
 * and a release cancels.
 *
 * A loaned request holds one reference on its slice, which sending hands to the
 * pending response; each server that the request reaches holds another
 * (link/requester.c).  A handle lives in the client's table and is checked by its mark
 * before anything else of it is believed.
 */
#include <errno.h>
#include <string.h>

#include "api/client.h"
#include "api/loan.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

static struct request *request_of(struct sluice_request *head)
{
	return container_of(head, struct request, head);
}

/* 0; -EINVAL (not loaned), -EBUSY or -ECHILD. */
static int check(struct sluice_request *head)
{
	if (!head)
		return fail(EINVAL, "request is NULL");
	if (!handle_is_live(&request_of(head)->handle))
		return fail(EINVAL, "the request is not loaned: it was sent or released before");
	return client_enter(request_of(head)->client);
}

static void fill_head(struct request *request, const struct payload *payload, size_t count,
		      uint64_t bytes)
{
	unsigned char *begin = pool_address(&request->client->pool, request->slice);

	request->count = count;
	request->head = (struct sluice_request){
		.data = begin + payload->lead,
		.header = payload->header ? begin : NULL,
		.count = count,
		.size = bytes - payload->lead,
	};
}

static void reap_all(struct sluice_client *client)
{
	uint32_t i;

	for (i = 0; i < client->count; i++)
		requester_reap(client->requesters[i]);
}

/* The tables of messages, made with the first loan: idle clients have none. */
static int init_handles(struct sluice_client *client)
{
	const struct sluice_registry_settings *settings = &client->service->contract.settings;
	int r;

	r = handles_init(&client->requests, settings->max_loaned_requests,
			 sizeof(struct request), offsetof(struct request, handle));
	if (!r)
		r = handles_init(&client->pendings, settings->max_active_requests,
				 sizeof(struct pending), offsetof(struct pending, handle));
	if (!r)
		r = handles_init(&client->responses,
				 settings->max_active_requests * settings->max_borrowed,
				 sizeof(struct response), offsetof(struct response, handle));
	if (r < 0) {
		handles_deinit(&client->requests);
		handles_deinit(&client->pendings);
	}
	return r;
}

struct sluice_request *sluice_client_loan(struct sluice_client *client, size_t count)
{
	const struct payload *payload;
	struct request *request;
	uint64_t bytes = 0;
	int slice;

	if (!client) {
		fail_parent("client");
		return NULL;
	}
	payload = &client->service->request;
	if (client_enter(client) < 0 || loan_bytes(payload, count, &bytes) < 0)
		return NULL;
	if (unlikely(!client->requests.items) && init_handles(client) < 0)
		return NULL;
	client_glance(client);
	reap_all(client);
	request = handles_take(&client->requests);
	if (!request)
		return fail_null(ENOBUFS, "all of max_loaned_requests, %u, are loaned",
				 client->requests.limit);
	slice = pool_loan(&client->pool, bytes);
	if (slice < 0) {
		handles_give(&client->requests, request);
		return fail_again_null(slice);
	}
	request->slice = (uint32_t)slice;
	request->deadline = 0;
	request->pending = NULL;
	request->client = client;
	fill_head(request, payload, count, bytes);
	return &request->head;
}

struct sluice_request *sluice_client_loan_zeroed(struct sluice_client *client, size_t count)
{
	struct sluice_request *head = sluice_client_loan(client, count);
	uint64_t lead;

	if (!head)
		return NULL;
	lead = client->service->request.lead;
	memset((unsigned char *)head->data - lead, 0, lead + head->size);
	return head;
}

/* What some servers have already cannot be changed. */
static int check_unsent(struct sluice_request *head)
{
	int r = check(head);

	if (!r && request_of(head)->pending)
		return fail(EINVAL, "the request was sent to some servers already");
	return r;
}

int sluice_request_shorten(struct sluice_request *head, size_t count)
{
	const struct payload *payload;
	struct request *request;
	int r;

	r = check_unsent(head);
	if (r < 0)
		return r;
	request = request_of(head);
	payload = &request->client->service->request;
	r = loan_shorten(payload, request->count, count);
	if (r < 0)
		return r;
	request->count = count;
	head->count = count;
	head->size = count * payload->element;
	return 0;
}

int sluice_request_set_deadline(struct sluice_request *head, int64_t deadline)
{
	int r;

	r = check_unsent(head);
	if (r < 0)
		return r;
	if (deadline < 0)
		return fail(EINVAL, "the deadline is %lld", (long long)deadline);
	request_of(head)->deadline = deadline;
	return 0;
}

void request_drop(struct request *request)
{
	struct sluice_client *client = request->client;

	if (request->pending)
		pending_drop(request->pending);
	else
		pool_drop(&client->pool, request->slice);
	handles_give(&client->requests, request);
}

int sluice_request_release(struct sluice_request *head)
{
	int r;

	if (!head)
		return 0;
	r = check(head);
	if (!r)
		request_drop(request_of(head));
	return r;
}

/* ---- Sending ---- */

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
	pending->deadline = request->deadline ? request->deadline : CLOCK_NEVER;
	pending->borrowed = 0;
	pending->sent = false;
	pending->told = false;
	pending->request = ++client->last_request;
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
		.offset = client->service->request.lead,
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
		r = block_until(&sending.blocking, pending->deadline);
		if (r < 0)
			return unsent(request, r);
		if (!pending->stream.servers)
			return unsent(request, fail(client->lost == EPIPE ? EPIPE : ECONNRESET,
						    "every server that was waited for has gone"));
	}
	pending->sent = true;
	handles_give(&client->requests, request);
	return pending;
}

struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct sluice_node *node;
	struct pending *pending;

	if (check(head) < 0)
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
	if (check(head) < 0)
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
