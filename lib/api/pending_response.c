// SPDX-License-Identifier: MIT
/*
 * Pending responses, at the client, and receiving through them (api/response.c).
 *
 *	request --send--> pending --release--> dead; servers see a cancelled request
 *
 * A pending response holds its request's slice, so that the request stays readable,
 * and its client.  A response holds the client and the channel it came through: it
 * outlives its pending response, its server and the client's destruction by the user.
 * The data of a response lie in memory that only the server can write.  They were checked to
 * be all there (memory/view.c).  Their contents are the server's word.
 *
 * A client that holds as many responses as it may is told so (ENOBUFS) when there is a
 * response.  When there is none, it waits, and is told the end of the stream and the
 * deadline, as below the limit.  A server has the same rule for requests
 * (api/server_receive.c).  The node tells of a response only when there is room for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/client.h"
#include "base/error.h"
#include "base/opts.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

static struct pending *pending_of(struct sluice_pending_response *head)
{
	return container_of(head, struct pending, head);
}

/* As request_enter_slowly(). */
static COLD struct pending *enter_slowly(struct sluice_pending_response *head)
{
	if (!head) {
		fail_unsent("pending response");
		return NULL;
	}
	if (!handle_is_live(&pending_of(head)->handle))
		return fail_null(EINVAL, "the pending response was released before");
	return client_enter(pending_of(head)->client) < 0 ? NULL : pending_of(head);
}

/* The beginning of every call with one.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct pending *enter(struct sluice_pending_response *head)
{
	if (likely(head && pending_of(head)->handle.mark == thread_number))
		return pending_of(head);
	return enter_slowly(head);
}

int sluice_pending_response_servers(struct sluice_pending_response *head)
{
	const struct pending *pending = enter(head);

	return pending ? (int)pending->stream.servers : -errno;
}

/* Looks first at what has happened meanwhile.  NULL with errno. */
static struct pending *enter_and_glance(struct sluice_pending_response *head)
{
	struct pending *pending = enter(head);

	if (pending)
		client_glance(pending->client);
	return pending;
}

int sluice_pending_response_is_connected(struct sluice_pending_response *head)
{
	const struct pending *pending = enter_and_glance(head);

	if (!pending)
		return -errno;
	/* That a server has gone is heard of through its socket. */
	if (stream_is_connected(&pending->stream))
		wait_look(&pending->client->service->node->wait);
	return stream_is_connected(&pending->stream);
}

int sluice_pending_response_has_response(struct sluice_pending_response *head)
{
	const struct pending *pending = enter_and_glance(head);

	return pending ? stream_has_response(&pending->stream) : -errno;
}

int sluice_pending_response_set_stop_hint(struct sluice_pending_response *head)
{
	const struct pending *pending = enter(head);

	if (!pending)
		return -errno;
	stream_hint_stop(&pending->stream);
	return 0;
}

int sluice_pending_response_info(struct sluice_pending_response *head,
				 struct sluice_request_info *info)
{
	struct sluice_request_info known = { .size = sizeof(known) };
	const struct pending *pending = enter(head);

	if (!pending)
		return -errno;
	known.client = pending->client->entry.id;
	known.node = pending->client->service->node->entry.id;
	known.request = pending->request;
	known.count = pending->count;
	known.deadline = pending->deadline == CLOCK_NEVER ? 0 : pending->deadline;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_pending_response_status(struct sluice_pending_response *head,
				   struct sluice_status *status)
{
	struct sluice_status known = { .size = sizeof(known) };
	const struct pending *pending = enter(head);
	const struct stream_status *given;
	int r;

	if (!pending)
		return -errno;
	given = &pending->stream.status;
	known.server = given->server;
	known.code = given->code;
	if (given->text)
		snprintf(known.text, sizeof(known.text), "%s", given->text);
	r = opts_answer(status, &known, sizeof(known), "status");
	return r < 0 ? r : given->code != 0;
}

int sluice_pending_response_outcome(struct sluice_pending_response *head)
{
	const struct pending *pending = enter(head);
	const struct stream *stream;

	if (!pending)
		return -errno;
	stream = &pending->stream;
	if (!stream->servers)
		return pending->told ? SLUICE_OUTCOME_FAILED : SLUICE_OUTCOME_OPEN;
	if (stream->open)
		return SLUICE_OUTCOME_OPEN;
	if (stream->end == EREMOTEIO)
		return SLUICE_OUTCOME_STATUS;
	if (stream->end != EPIPE)
		return SLUICE_OUTCOME_FAILED;
	return stream->incomplete ? SLUICE_OUTCOME_INCOMPLETE : SLUICE_OUTCOME_COMPLETE;
}

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

/* Its message is there: the rest of it. */
static inline struct sluice_response *received(struct pending *pending, struct response *response)
{
	const struct inlet_message *message = &response->found.message;

	response->head = (struct sluice_response){
		.data = message->slice.data,
		.header = message->slice.header,
		.count = message->in.count,
		.size = message->slice.size,
	};
	response->client = pending->client;
	response->client->references++;
	response->pending = pending;
	response->request = pending->request;
	response->since = 0;
	channel_get(&response->found.requester->channel);
	pending->borrowed++;
	counters_received(pending->client->entry.counters, response->head.size);
	if (probe_is_on(response_release))
		stamp(response);
	if (probe_is_on(response_receive))
		tell_received(response);
	return &response->head;
}

/* Its own limit, or the client's: there may be responses of others that were released. */
static bool is_at_limit(const struct pending *pending)
{
	const struct sluice_client *client = pending->client;

	return pending->borrowed >= client->max_borrowed || handles_at_limit(&client->responses);
}

static COLD int tell_limit(const struct pending *pending)
{
	const struct sluice_client *client = pending->client;

	return fail(ENOBUFS, "%u responses to the request are held, and %u of the client in all, of max_borrowed_responses_per_pending_response %u",
		    pending->borrowed, handles_live(&client->responses),
		    client->service->contract.settings.max_borrowed);
}

static COLD int missed_deadline(const struct pending *pending)
{
	if (!pending->told)
		probe(deadline_miss, pending->client->entry.id, 0, pending->request,
		      (uint64_t)(clock_now() - pending->deadline));
	return fail_quietly(ETIMEDOUT, "the request's deadline has passed");
}

/* The request's deadline: 0, or -ETIMEDOUT. */
static int check_deadline(const struct pending *pending)
{
	if (likely(pending->deadline == CLOCK_NEVER) || clock_now() < pending->deadline)
		return 0;
	return missed_deadline(pending);
}

/* There is one beyond the limit; none yet; or the end.  0 or -errno. */
static COLD int take_nothing(struct pending *pending, int found)
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
static OUTLINE int take_back(struct pending *pending, struct response *response, int found)
{
	handles_untake(&pending->client->responses, &response->handle);
	return take_nothing(pending, found);
}

/*
 * 1 with a response, 0 (none yet) or -errno.  The limit is told of a response that is
 * there; without one, what is told is the same as below the limit.  The message is copied out
 * of the ring into the handle, and stays there.
 */
static inline int take(struct pending *pending, struct sluice_response **ret_response)
{
	struct sluice_client *client = pending->client;
	struct handle *handle = NULL;
	struct response *response;
	int r;

	if (likely(pending->borrowed < client->max_borrowed))
		handle = handles_take(&client->responses, pending->handle.mark);
	if (unlikely(!handle))
		return take_nothing(pending, stream_look(&pending->stream));
	response = container_of(handle, struct response, handle);
	r = stream_receive(&pending->stream, &response->found);
	if (unlikely(r <= 0))
		return take_back(pending, response, r);
	*ret_response = received(pending, response);
	return 1;
}

/* Is there a response that there is no room for?  Of that its node does not tell. */
static bool is_stuck(const struct pending *pending)
{
	return is_at_limit(pending) && stream_has_response(&pending->stream);
}

int64_t pending_alarm(const struct pending *pending)
{
	return !pending->sent || pending->told || is_stuck(pending) ? CLOCK_NEVER :
								       pending->deadline;
}

bool pending_ready(const struct pending *pending)
{
	int64_t alarm;

	if (!pending->sent)
		return false;
	if (!pending->stream.current)
		return !pending->told;
	if (stream_has_response(&pending->stream))
		return !is_at_limit(pending);
	alarm = pending_alarm(pending);
	return !stream_is_connected(&pending->stream) ||
	       (alarm != CLOCK_NEVER && clock_now() >= alarm);
}

/* ---- Receiving ---- */

struct receiving {
	struct blocking blocking;
	struct pending *pending;
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
	struct pending *pending = receiving->pending;
	int r;

	port_entry_rest(&pending->client->entry);
	blocking->alarm = min_i64(client_alarm(pending->client), pending->deadline);
	r = stream_arm(&pending->stream);
	if (r < 0 || !stream_ready(&pending->stream))
		return r;
	stream_disarm(&pending->stream);
	return 1;
}

/* Nothing was there at the first look, or it could not be taken: result says which. */
static COLD struct sluice_response *receive_later(struct pending *pending, int64_t timeout,
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

struct sluice_response *pending_receive(struct pending *pending, int64_t timeout)
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

STRAIGHT struct sluice_response *
sluice_pending_response_receive(struct sluice_pending_response *head, int64_t timeout)
{
	struct pending *pending = enter(head);

	return likely(pending) ? pending_receive(pending, timeout) : NULL;
}

int pending_take(struct pending *pending, struct sluice_response **ret_response)
{
	return take(pending, ret_response);
}

void pending_drop(struct pending *pending)
{
	struct sluice_client *client = pending->client;

	stream_cancel(&pending->stream);
	if (unlikely(pending->stream.status.text))
		free(pending->stream.status.text);
	pool_drop(&client->pool, pending->slice);
	pending->request = 0;
	if (pending->sent)
		handles_give(&client->pendings, &pending->handle);
	else
		handles_untake(&client->pendings, &pending->handle);
	counter_sub(&client->entry.counters->depth, 1);
	client_put(client);
}

STRAIGHT int sluice_pending_response_release(struct sluice_pending_response *head)
{
	struct pending *pending;

	if (!head)
		return 0;
	pending = enter(head);
	if (unlikely(!pending))
		return -errno;
	probe(pending_response_release, pending->client->entry.id, 0, pending->request,
	      probe_address(head->data), head->size);
	pending_drop(pending);
	return 0;
}
