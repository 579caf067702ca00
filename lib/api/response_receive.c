// SPDX-License-Identifier: MIT
/*
 * Receiving responses through a pending response.
 *
 *	in a stream --receive--> a response (api/response.c)
 *
 * A client that holds as many responses as it may is told so (ENOBUFS) when there is a
 * response.  When there is none, it waits, and is told the end of the stream and the
 * deadline, as below the limit.  A server has the same rule for requests
 * (api/server_receive.c).  The node tells of a response only when there is room for it.
 *
 * A hostile server can end a stream in any way, and send what it likes; what is told of it is
 * decided by exchange/stream.c.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

/* The sentence behind the end of a stream. */
static COLD int ended(const struct sluice_client *client, int reason)
{
	switch (reason) {
	case EPIPE:
		return fail_quietly(EPIPE, "every server has finished with the request or left");
	case ECONNRESET:
		return fail_quietly(ECONNRESET, "a server died before it had finished with the request");
	case ETIMEDOUT:
		return fail_quietly(ETIMEDOUT, "the request came to a server after its deadline");
	case ENOTCONN:
		return client_fail(client, ENOTCONN, "the request reached no server");
	case EREMOTEIO:
		return fail_quietly(EREMOTEIO, "a server has ended the request with a status");
	case ENOBUFS:
		return fail_quietly(ENOBUFS, "the request was pushed out of a server's full queue by a later one");
	case EPROTO:
		return fail_quietly(EPROTO, "a server broke the protocol");
	default:
		return client_fail_lost(client, reason);
	}
}

static COLD void tell_received(const struct response *response)
{
	const struct channel *channel = &response->found.requester->channel;

	probe_response_receive(channel->port, channel->peer, response->request,
			       probe_address(response->head.data), response->head.size,
			       ring_waiting(response->found.ring));
}

static COLD void stamp(struct response *response)
{
	response->since = clock_now();
}

/* A message is there: the rest of the handle. */
static inline void fill(struct response *response, struct request *pending,
			struct requester *requester, const struct held_slice *slice,
			uint64_t count)
{
	response->head = (struct sluice_response){
		.data = slice->data,
		.header = slice->header,
		.count = count,
		.size = slice->size,
	};
	response->client = pending->client;
	response->client->references++;
	response->pending = pending;
	response->request = pending->number;
	response->since = 0;
	response->found.requester = requester;
	channel_get(&requester->channel);
	pending->borrowed++;
}

/* The same of a message that is in it already. */
static inline struct sluice_response *received(struct request *pending, struct response *response)
{
	const struct inlet_message *message = &response->found.message;

	fill(response, pending, response->found.requester, &message->slice, message->in.count);
	counters_received(pending->client->entry.counters, response->head.size);
	if (probe_is_on(response_release))
		stamp(response);
	if (probe_is_on(response_receive))
		tell_received(response);
	return &response->head;
}

static COLD int tell_limit(const struct request *pending)
{
	const struct sluice_client *client = pending->client;

	return fail(ENOBUFS, "%u responses to the request are held, and %u of the client in all, of max_borrowed_responses_per_pending_response %u",
		    pending->borrowed, handles_live(&client->responses),
		    client->service->contract.settings.max_borrowed);
}

static COLD int missed_deadline(const struct request *pending)
{
	if (!pending->told)
		probe(deadline_miss, pending->client->entry.id, 0, pending->number,
		      (uint64_t)(clock_now() - pending->deadline));
	return fail_quietly(ETIMEDOUT, "the request's deadline has passed");
}

/* The request's deadline: 0, or -ETIMEDOUT. */
static int check_deadline(const struct request *pending)
{
	if (likely(!pending->deadline) || clock_now() < pending->deadline)
		return 0;
	return missed_deadline(pending);
}

/* There is one beyond the limit; none yet; or the end.  0 or -errno. */
static COLD int take_nothing(struct request *pending, int found)
{
	int r;

	if (found > 0)
		return tell_limit(pending);
	r = found < 0 ? ended(pending->client, -found) : check_deadline(pending);
	if (r < 0)
		pending->told = true;
	return r < 0 ? r : 0;
}

/* The handle is not needed.  As take_nothing(). */
static OUTLINE int take_back(struct request *pending, struct response *response, int found)
{
	handles_untake(&pending->client->responses, &response->handle);
	return take_nothing(pending, found);
}

/*
 * 1 with a response, 0 (none yet) or -errno.  The limit is told of a response that is
 * there; without one, what is told is the same as below the limit.  The message is copied out
 * of the ring into the handle, and stays there.
 */
static inline int take(struct request *pending, struct sluice_response **ret_response)
{
	struct sluice_client *client = pending->client;
	struct handle *handle = NULL;
	struct response *response;
	int r;

	if (likely(pending->borrowed < client->max_borrowed))
		handle = handles_take(&client->responses, pending->handle.mark ^ HANDLE_SECOND);
	if (unlikely(!handle))
		return take_nothing(pending, stream_look(&pending->stream));
	response = container_of(handle, struct response, handle);
	r = stream_receive(&pending->stream, &response->found);
	if (unlikely(r <= 0))
		return take_back(pending, response, r);
	*ret_response = received(pending, response);
	return 1;
}

struct receiving {
	struct blocking blocking;
	struct request *pending;
	struct sluice_response *response;
};

static int attempt(struct blocking *blocking)
{
	struct receiving *receiving = container_of(blocking, struct receiving, blocking);

	client_glance(receiving->pending->client);
	return take(receiving->pending, &receiving->response);
}

static int arm(struct blocking *blocking)
{
	struct receiving *receiving = container_of(blocking, struct receiving, blocking);
	struct request *pending = receiving->pending;
	int r;

	port_entry_rest(&pending->client->entry);
	blocking->alarm = min_i64(client_alarm(pending->client), pending_deadline(pending));
	r = stream_arm(&pending->stream);
	if (r < 0 || !stream_ready(&pending->stream))
		return r;
	stream_disarm(&pending->stream);
	return 1;
}

/* Nothing was there at the first look, or it could not be taken: result says which. */
static COLD struct sluice_response *receive_later(struct request *pending, int64_t timeout,
						  int result)
{
	struct receiving receiving = {
		.blocking = {
			.node = pending->client->service->node,
			.attempt = attempt,
			.arm = arm,
		},
		.pending = pending,
	};
	int r = block(&receiving.blocking, timeout, result);

	if (r > 0)
		blocking_count(&receiving.blocking, pending->client->entry.counters);
	if (r == -EAGAIN)
		fail_quietly(EAGAIN, "no response has come yet");
	return receiving.response;
}

struct sluice_response *pending_receive(struct request *pending, int64_t timeout)
{
	struct sluice_client *client = pending->client;
	struct sluice_response *response = NULL;
	int r;

	client_glance(client);
	r = take(pending, &response);
	if (unlikely(r <= 0))
		return receive_later(pending, timeout, r);
	counters_polled(client->entry.counters);
	return response;
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE struct sluice_response *receive_otherwise(struct sluice_pending_response *head,
							int64_t timeout)
{
	struct request *pending = pending_enter(head);

	return likely(pending) ? pending_receive(pending, timeout) : NULL;
}

/*
 * The common case: there is no news, the only server has sent a plain response, nobody watches,
 * and a handle can be used again.  That is below the client's limit.  Otherwise NULL, and
 * nothing has changed.
 */
static inline struct sluice_response *receive_plain(struct request *pending)
{
	struct sluice_client *client = pending->client;
	struct sluice_registry_counters *counters = client->entry.counters;
	struct requester *requester;
	struct response *response;
	struct inlet_plain plain;

	if (unlikely(client_has_news(client) || pending->borrowed >= client->max_borrowed || client->responses.spare <= 0 ||
		     counters_tell_received_active(counters) ||
		     probe_is_on(response_release) || probe_is_on(response_receive) ||
		     !stream_receive_plain(&pending->stream, &plain, &requester)))
		return NULL;
	response = container_of(handles_take_spare(&client->responses, thread_number),
				struct response, handle);
	response->found.message.in.position = plain.in.position;
	response->found.message.in.count = plain.in.count;
	response->found.message.in.slice = plain.in.slice;
	response->found.message.in.flags = plain.in.flags;
	response->found.message.slice.segment = plain.slice.segment;
	response->found.message.attachment = NULL;
	fill(response, pending, requester, &plain.slice, plain.in.count);
	counters_received_more(counters, plain.slice.size);
	counters_polled(counters);
	return &response->head;
}

STRAIGHT struct sluice_response *
sluice_pending_response_receive(struct sluice_pending_response *head, int64_t timeout)
{
	struct request *pending = pending_of_ours(head);
	struct sluice_response *response = likely(pending) ? receive_plain(pending) : NULL;

	return likely(response) ? response : receive_otherwise(head, timeout);
}

int pending_take(struct request *pending, struct sluice_response **ret_response)
{
	return take(pending, ret_response);
}
