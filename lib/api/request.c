// SPDX-License-Identifier: MIT
/*
 * Requests, as their client sees them, until they are sent.
 *
 *	dead --loan--> loaned --send--> dead, and a pending response lives
 *			  |---release or destroying the client---> dead
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

int sluice_request_shorten(struct sluice_request *head, size_t count)
{
	const struct payload *payload;
	struct request *request;
	int r;

	r = check(head);
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

int sluice_request_release(struct sluice_request *head)
{
	struct request *request;
	int r;

	if (!head)
		return 0;
	r = check(head);
	if (r < 0)
		return r;
	request = request_of(head);
	pool_drop(&request->client->pool, request->slice);
	handles_give(&request->client->requests, request);
	return 0;
}

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
	pending->borrowed = 0;
	pending->request = ++client->last_request;
	return pending;
}

struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct requester_message message;
	struct sluice_client *client;
	struct pending *pending;
	uint32_t i;

	if (check(head) < 0)
		return NULL;
	client = request_of(head)->client;
	client_glance(client);
	pending = make_pending(request_of(head));
	if (!pending)
		return NULL;
	message = (struct requester_message){
		.request = pending->request,
		.count = request_of(head)->count,
		.offset = client->service->request.lead,
		.slice = pending->slice,
	};
	for (i = 0; i < client->count; i++)
		requester_send(client->requesters[i], &message, &pending->stream);
	handles_give(&client->requests, request_of(head));
	return &pending->head;
}
