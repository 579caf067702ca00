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

/* As request_enter_slowly(). */
static COLD struct response *enter_slowly(struct sluice_response *head)
{
	if (!head)
		return fail_null(EINVAL, "response is NULL");
	if (!handle_is_live(&response_of(head)->handle))
		return fail_null(EINVAL, "the response was released before");
	return client_enter(response_of(head)->client) < 0 ? NULL : response_of(head);
}

/* The beginning of every call with one.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct response *enter(struct sluice_response *head)
{
	if (likely(head && response_of(head)->handle.mark == thread_number))
		return response_of(head);
	return enter_slowly(head);
}

int sluice_response_info(struct sluice_response *head, struct sluice_response_info *info)
{
	struct sluice_response_info known = { .size = sizeof(known) };
	const struct response *response = enter(head);
	struct channel *channel;

	if (!response)
		return -errno;
	channel = &response->found.requester->channel;
	known.server = channel->peer;
	known.node = peer_node(channel);
	known.request = response->request;
	known.position = response->found.message.in.position;
	known.count = response->found.message.in.count;
	known.last = (response->found.message.in.flags & SLUICE_RING_LAST) != 0;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_response_peer(struct sluice_response *head, struct sluice_peer *peer)
{
	const struct response *response = enter(head);

	return response ? peer_answer(&response->found.requester->channel, peer) : -errno;
}

int sluice_response_pidfd(struct sluice_response *head)
{
	const struct response *response = enter(head);

	return response ? channel_pidfd(&response->found.requester->channel) : -errno;
}

int sluice_response_take_fd(struct sluice_response *head)
{
	const struct response *response = enter(head);

	return response ? attachment_take_fd(response->found.message.attachment) : -errno;
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE int release_otherwise(struct sluice_response *head)
{
	struct sluice_client *client;
	struct requester *requester;
	struct response *response;

	if (!head)
		return 0;
	response = enter(head);
	if (unlikely(!response))
		return -errno;
	client = response->client;
	requester = response->found.requester;
	probe(response_release, requester->channel.port, requester->channel.peer,
	      response->request, probe_address(response->head.data), response->head.size,
	      response->since ? (uint64_t)(clock_now() - response->since) : 0);
	if (response->pending->number == response->request)
		response->pending->borrowed--;
	if (unlikely(response->found.message.attachment))
		attachment_free(response->found.message.attachment);
	inlet_give_back(&requester->responses, response->found.message.in.slice, false);
	inlet_drop(&requester->responses, response->found.message.slice.segment);
	handles_give(&client->responses, &response->handle);
	channel_put(&requester->channel);
	client_put(client);
	return 0;
}

/*
 * Does nobody watch, and is a release only to give the slice back?  The server does not sleep
 * for room, and neither the client, nor the channel, nor the segment ends with it.
 */
static inline bool is_plain(const struct response *response)
{
	const struct requester *requester = response->found.requester;

	return likely(!probe_is_on(response_release) && !response->found.message.attachment &&
		      !requester->responses.tells_room && requester->channel.references > 1 &&
		      !response->found.message.slice.segment->retired &&
		      response->client->references > 1);
}

STRAIGHT int sluice_response_release(struct sluice_response *head)
{
	struct sluice_client *client;
	struct requester *requester;
	struct response *response;

	if (unlikely(!head || response_of(head)->handle.mark != thread_number ||
		     !is_plain(response_of(head))))
		return release_otherwise(head);
	response = response_of(head);
	client = response->client;
	requester = response->found.requester;
	if (response->pending->number == response->request)
		response->pending->borrowed--;
	returns_push_unrung(&requester->responses.returns, response->found.message.in.slice);
	response->found.message.slice.segment->held--;
	handles_give(&client->responses, &response->handle);
	requester->channel.references--;
	client->references--;
	return 0;
}
