// SPDX-License-Identifier: MIT
/*
 * Pending responses and the responses received through them, at the client.
 *
 *	request --send--> pending --release--> dead; servers see a cancelled request
 *	stream --receive--> response --release--> dead; its server has the slice back
 *
 * A pending response holds its request's slice, so that the request stays readable,
 * and its client.  A response holds the client and the channel it came through: it
 * outlives its pending response, its server and the client's destruction by the user.
 * What a response shows lies in memory that only the server can write, and has been
 * checked to be all there (link/view.c); its contents are the server's word.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "os/clock.h"

static struct pending *pending_of(struct sluice_pending_response *head)
{
	return container_of(head, struct pending, head);
}

static struct response *response_of(struct sluice_response *head)
{
	return container_of(head, struct response, head);
}

/* 0; -EINVAL (released before), -EBUSY or -ECHILD. */
static int check(struct sluice_pending_response *head)
{
	if (!head) {
		fail_parent("pending response");
		return -errno;
	}
	if (!handle_is_live(&pending_of(head)->handle))
		return fail(EINVAL, "the pending response was released before");
	return client_enter(pending_of(head)->client);
}

int sluice_pending_response_servers(struct sluice_pending_response *head)
{
	int r = check(head);

	return r < 0 ? r : (int)pending_of(head)->stream.servers;
}

/* The sentence behind the end of a stream. */
static int ended(int reason)
{
	switch (reason) {
	case EPIPE:
		return fail_quietly(EPIPE, "every server has finished with the request or left");
	case ECONNRESET:
		return fail_quietly(ECONNRESET, "a server died before it had finished with the request");
	case ENOTCONN:
		return fail_quietly(ENOTCONN, "the request reached no server");
	case ENOBUFS:
		return fail_quietly(ENOBUFS, "the request was pushed out of a server's full queue by a later one");
	case EPROTO:
		return fail_quietly(EPROTO, "a server broke the protocol");
	default:
		return fail_quietly(reason, "a server refused the client");
	}
}

static struct sluice_response *make_response(struct pending *pending, struct response *response,
					     const struct response_found *found)
{
	response->head = (struct sluice_response){
		.data = found->slice.data,
		.header = found->slice.header,
		.count = found->count,
		.size = found->slice.size,
	};
	response->number = found->number;
	response->segment = found->slice.segment;
	response->requester = found->requester;
	response->client = client_get(pending->client);
	response->pending = pending;
	response->request = pending->request;
	channel_get(&found->requester->channel);
	pending->borrowed++;
	return &response->head;
}

/* 1 with a response, 0 (none yet) or -errno. */
static int take(struct pending *pending, struct sluice_response **ret_response)
{
	struct sluice_client *client = pending->client;
	uint32_t limit = client->service->contract.settings.max_borrowed;
	struct response_found found;
	struct response *response;
	int r;

	if (pending->borrowed >= limit)
		return fail(ENOBUFS, "all of max_borrowed_responses_per_pending_response, %u, are held",
			    limit);
	response = handles_take(&client->responses);
	if (!response)
		return fail(ENOBUFS, "all of the client's %u responses are held",
			    client->responses.limit);
	r = stream_receive(&pending->stream, &found);
	if (r > 0) {
		*ret_response = make_response(pending, response, &found);
		return r;
	}
	handles_give(&client->responses, response);
	return r < 0 ? ended(-r) : 0;
}

/* Sleeps until there is something to look at.  0 or -errno. */
static int sleep_on(struct pending *pending, int64_t deadline)
{
	int r;

	r = stream_arm(&pending->stream);
	if (!r)
		r = stream_ready(&pending->stream) ? wait_check(deadline) :
						     client_sleep(pending->client, deadline);
	stream_settle(&pending->stream);
	return r;
}

struct sluice_response *
sluice_pending_response_receive(struct sluice_pending_response *head, int64_t timeout)
{
	struct sluice_response *response = NULL;
	int64_t deadline = CLOCK_NEVER;
	struct pending *pending;
	int r, slept = 0;

	if (check(head) < 0)
		return NULL;
	pending = pending_of(head);
	if (timeout > 0)
		deadline = clock_deadline(timeout);
	for (;;) {
		client_glance(pending->client);
		r = take(pending, &response);
		if (r > 0)
			return response;
		if (r < 0)
			return NULL;
		if (slept < 0)
			return fail_again_null(slept);
		if (timeout == SLUICE_NOWAIT) {
			fail_quietly(EAGAIN, "no response has come yet");
			return NULL;
		}
		/* What came while the sleep ended is taken before the end counts. */
		slept = sleep_on(pending, deadline);
	}
}

int sluice_pending_response_release(struct sluice_pending_response *head)
{
	struct sluice_client *client;
	struct pending *pending;
	int r;

	if (!head)
		return 0;
	r = check(head);
	if (r < 0)
		return r;
	pending = pending_of(head);
	client = pending->client;
	stream_cancel(&pending->stream);
	pool_drop(&client->pool, pending->slice);
	pending->request = 0;
	handles_give(&client->pendings, pending);
	client_put(client);
	return 0;
}

int sluice_response_release(struct sluice_response *head)
{
	struct sluice_client *client;
	struct requester *requester;
	struct response *response;
	int r;

	if (!head)
		return 0;
	response = response_of(head);
	if (!handle_is_live(&response->handle))
		return fail(EINVAL, "the response was released before");
	client = response->client;
	r = client_enter(client);
	if (r < 0)
		return r;
	requester = response->requester;
	if (response->pending->request == response->request)
		response->pending->borrowed--;
	requester_return(requester, response->number);
	view_drop(&requester->channel.view, response->segment);
	handles_give(&client->responses, response);
	channel_put(&requester->channel);
	client_put(client);
	return 0;
}
