// SPDX-License-Identifier: MIT
/*
 * Requests, as their client sees them, until they are sent (api/request_send.c).
 *
 *	dead --loan--> loaned --send--> a pending response (api/pending_response.c)
 *			  |---release or destroying the client---> dead
 *
 * A loaned request holds one reference on its slice, and keeps it as a pending response; each
 * server that the request reaches holds another (exchange/delivery.c).  A handle lives in the
 * client's table and is checked by its mark before anything else of it is believed.
 */
#include <errno.h>
#include <string.h>

#include "api/client.h"
#include "api/loan.h"
#include "api/tables.h"
#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

struct request *request_enter_slowly(struct sluice_request *head)
{
	if (!head)
		return fail_null(EINVAL, "request is NULL");
	if (!handle_is_live(&request_of(head)->handle) ||
	    handle_is_second(&request_of(head)->handle))
		return fail_null(EINVAL, "the request is not loaned: it was sent or released before");
	return client_enter(request_of(head)->client) < 0 ? NULL : request_of(head);
}

static void reap_all(struct sluice_client *client)
{
	uint32_t i;

	for (i = 0; i < client->count; i++)
		requester_reap(&client->channels[i]->requester);
}

int client_make_tables(struct sluice_client *client)
{
	const struct sluice_registry_settings *settings = &client->service->contract.settings;
	enum residence residence = client->pool.config.residence;
	int r;

	r = table_init(&client->requests, &client->service->node->void_requests,
		       settings->max_loaned_requests + client->max_active, 2,
		       sizeof(struct request), offsetof(struct request, handle), residence);
	if (!r)
		r = table_init(&client->responses, NULL,
			       client->max_active * settings->max_borrowed, 1,
			       sizeof(struct response), offsetof(struct response, handle),
			       residence);
	if (r < 0) {
		handles_end(&client->requests, &client->service->node->void_requests);
		handles_deinit(&client->responses);
	}
	return r;
}

/* May one more be loaned?  0, -ENOBUFS or as client_make_tables(). */
static COLD int check_limit(struct sluice_client *client)
{
	/* Made with the first loan, unless all is wanted from the start: idle clients have none. */
	if (!client->requests.items)
		return client_make_tables(client);
	if (client->loaned < client->max_loaned)
		return 0;
	return fail(ENOBUFS, "all of max_loaned_requests, %u, are loaned", client->max_loaned);
}

/* Reads the returns first, so that the pool does not grow while slices are there. */
static OUTLINE int loan_slice(struct sluice_client *client, uint64_t bytes)
{
	int slice;

	client_glance(client);
	reap_all(client);
	slice = pool_loan(&client->pool, bytes);
	/* A server that has gone gives back what it held. */
	if (unlikely(slice < 0) && wait_look(&client->service->node->wait)) {
		reap_all(client);
		slice = pool_loan(&client->pool, bytes);
	}
	return slice;
}

/* The rest of the handle of a request, which lies in this slice. */
static inline struct request *fill(struct handle *handle, struct sluice_client *client,
				   uint32_t slice, size_t count, uint64_t bytes)
{
	const struct payload *payload = &client->service->request;
	unsigned char *begin = pool_address(&client->pool, slice);
	struct request *request = container_of(handle, struct request, handle);

	request->head = (struct sluice_request){
		.data = begin + payload->lead,
		.header = payload->header ? begin : NULL,
		.count = count,
		.size = bytes - payload->lead,
	};
	request->client = client;
	request->count = count;
	request->number = ++client->last_request;
	if (unlikely(request->number == SLUICE_CHANNEL_REQUEST))
		client->last_request = 0;
	request->slice = slice;
	request->attachment = NULL;
	request->deadline = 0;
	request->loaned_at = 0;
	request->borrowed = 0;
	request->route = SLUICE_ROUTE_ALL;
	request->begun = false;
	request->told = false;
	counter_set(&client->entry.counters->loaned, ++client->loaned);
	return request;
}

/* A handle and a slice of count elements; NULL with errno. */
static struct request *take_loan(struct sluice_client *client, size_t count)
{
	const struct payload *payload = &client->service->request;
	uint64_t bytes = 0;
	int slice;

	if (unlikely(payload_loan(payload, count, &bytes) < 0))
		return NULL;
	if (check_limit(client) < 0)
		return NULL;
	slice = pool_loan_spare(&client->pool, bytes);
	if (unlikely(slice < 0))
		slice = loan_slice(client, bytes);
	if (unlikely(slice < 0))
		return fail_again_null(slice);
	return fill(handles_take(&client->requests, thread_number), client, (uint32_t)slice, count,
		    bytes);
}

static COLD void stamp(struct request *request)
{
	request->loaned_at = clock_now();
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE struct sluice_request *loan_otherwise(struct sluice_client *client,
							      size_t count)
{
	struct request *request;

	if (!client) {
		fail_parent("client");
		return NULL;
	}
	if (unlikely(node_enter(client->service->node) < 0))
		return NULL;
	request = take_loan(client, count);
	if (!request) {
		probe(request_loan_fail, client->entry.id, count,
		      client->loaned,
		      (uint64_t)errno);
		return NULL;
	}
	if (probe_is_on(round_trip))
		stamp(request);
	probe(request_loan, client->entry.id, 0, request->number,
	      probe_address(request->head.data), request->head.size,
	      client->loaned);
	return &request->head;
}

/*
 * The common case: nobody watches, a handle can be used again, one more may be loaned,
 * and a slice of the length is at hand.  NULL: it is not so, and nothing has changed.
 */
static inline struct request *loan_plain(struct sluice_client *client, size_t count)
{
	uint64_t bytes;

	if (unlikely(client->requests.spare <= 0 || client->loaned >= client->max_loaned ||
		     !payload_bytes(&client->service->request, count, &bytes) ||
		     !pool_has_spare(&client->pool, bytes) ||
		     probe_is_on(round_trip) || probe_is_on(request_loan)))
		return NULL;
	return fill(handles_take_spare(&client->requests, thread_number), client,
		    pool_take_spare(&client->pool), count, bytes);
}

STRAIGHT struct sluice_request *sluice_client_loan(struct sluice_client *client, size_t count)
{
	struct request *request = NULL;

	if (likely(client && node_is_ours(client->service->node)))
		request = loan_plain(client, count);
	return likely(request) ? &request->head : loan_otherwise(client, count);
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

/* A request that some servers have already cannot be changed.  NULL with errno. */
static struct request *enter_unsent(struct sluice_request *head)
{
	struct request *request = request_enter(head);

	if (request && request->begun)
		return fail_null(EINVAL, "the request was sent to some servers already");
	return request;
}

int sluice_request_shorten(struct sluice_request *head, size_t count)
{
	struct request *request = enter_unsent(head);
	const struct payload *payload;
	int r;

	if (!request)
		return -errno;
	payload = &request->client->service->request;
	r = loan_shorten(payload, request->count, count);
	if (r < 0)
		return r;
	request->count = count;
	head->count = count;
	head->size = count * payload->element;
	probe(request_shorten, request->client->entry.id, 0, request->number,
	      probe_address(head->data), head->size);
	return 0;
}

int sluice_request_set_deadline(struct sluice_request *head, int64_t deadline)
{
	struct request *request = enter_unsent(head);

	if (!request)
		return -errno;
	if (deadline < 0)
		return fail(EINVAL, "the deadline is %lld", (long long)deadline);
	request->deadline = deadline;
	return 0;
}

int sluice_request_set_route(struct sluice_request *head, enum sluice_route route)
{
	struct request *request = enter_unsent(head);

	if (!request)
		return -errno;
	if (route != SLUICE_ROUTE_ALL && route != SLUICE_ROUTE_ONE)
		return fail(EINVAL, "route is %d, which is no enum sluice_route", (int)route);
	request->route = route;
	if (route == SLUICE_ROUTE_ONE)
		client_route(request->client);
	return 0;
}

int sluice_request_attach_fd(struct sluice_request *head, int fd)
{
	struct request *request = enter_unsent(head);

	if (!request)
		return -errno;
	return attachment_add(&request->attachment, fd,
			      request->client->service->contract.settings.max_fds);
}

void request_drop(struct request *request)
{
	struct sluice_client *client = request->client;

	probe(request_release, client->entry.id, 0, request->number,
	      probe_address(request->head.data), request->head.size);
	pool_drop(&client->pool, request->slice);
	attachment_free(request->attachment);
	handles_give_early(&client->requests, &request->handle);
	counter_set(&client->entry.counters->loaned, --client->loaned);
	/* The client may end with it. */
	if (request->begun)
		pending_end(request);
}

int sluice_request_release(struct sluice_request *head)
{
	struct request *request;

	if (!head)
		return 0;
	request = request_enter(head);
	if (!request)
		return -errno;
	request_drop(request);
	return 0;
}
