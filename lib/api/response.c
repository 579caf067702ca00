// SPDX-License-Identifier: MIT
/*
 * Responses, as the client that received them sees them.
 *
 *	stream --receive--> response --release--> dead; its server has the slice back
 *
 * A response holds the client and the channel it came through: it outlives its pending
 * response, its server and the client's destruction by the user.  What it shows lies in
 * memory that only the server can write, and has been checked to be all there
 * (memory/view.c); its contents are the server's word.
 */
#include <errno.h>

#include "api/client.h"
#include "api/peer.h"
#include "base/error.h"
#include "base/opts.h"
#include "os/clock.h"
#include "trace/probes.h"

static struct response *response_of(struct sluice_response *head)
{
	return container_of(head, struct response, head);
}

/* 0; -EINVAL (released before), -EBUSY or -ECHILD. */
static int check(struct sluice_response *head)
{
	if (!head)
		return fail(EINVAL, "response is NULL");
	if (!handle_is_live(&response_of(head)->handle))
		return fail(EINVAL, "the response was released before");
	return client_enter(response_of(head)->client);
}

static struct channel *channel_of(struct sluice_response *head)
{
	return &response_of(head)->requester->channel;
}

int sluice_response_info(struct sluice_response *head, struct sluice_response_info *info)
{
	struct sluice_response_info known = { .size = sizeof(known) };
	const struct response *response;
	int r;

	r = check(head);
	if (r < 0)
		return r;
	response = response_of(head);
	known.server = channel_of(head)->peer;
	known.node = peer_node(channel_of(head));
	known.request = response->request;
	known.position = response->position;
	known.count = response->count;
	known.last = response->last;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_response_peer(struct sluice_response *head, struct sluice_peer *peer)
{
	int r = check(head);

	return r < 0 ? r : peer_answer(channel_of(head), peer);
}

int sluice_response_pidfd(struct sluice_response *head)
{
	int r = check(head);

	return r < 0 ? r : channel_pidfd(channel_of(head));
}

int sluice_response_take_fd(struct sluice_response *head)
{
	int r = check(head);

	return r < 0 ? r : attachment_take_fd(response_of(head)->attachment);
}

int sluice_response_release(struct sluice_response *head)
{
	struct sluice_client *client;
	struct requester *requester;
	struct response *response;
	int r;

	if (!head)
		return 0;
	r = check(head);
	if (r < 0)
		return r;
	response = response_of(head);
	client = response->client;
	requester = response->requester;
	probe(response_release, requester->channel.port, requester->channel.peer,
	      response->request, probe_address(response->head.data), response->head.size,
	      response->since ? (uint64_t)(clock_now() - response->since) : 0);
	if (response->pending->request == response->request)
		response->pending->borrowed--;
	attachment_free(response->attachment);
	requester_return(requester, response->number);
	inlet_drop(&requester->responses, response->segment);
	handles_give(&client->responses, response);
	channel_put(&requester->channel);
	client_put(client);
	return 0;
}
