// SPDX-License-Identifier: MIT
/*
 * Pending responses, at the client.  Receiving through them is in api/response_receive.c.
 *
 *	request --send--> pending --release--> dead; servers see a cancelled request
 *
 * It is in the handle of its request.
 *
 * A pending response holds its request's slice, so that the request stays readable,
 * and its client.  A response holds the client and the channel it came through: it
 * outlives its pending response, its server and the client's destruction by the user.
 * The data of a response lie in memory that only the server can write.  They were checked to
 * be all there (memory/view.c).  Their contents are the server's word.
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

/* The next live handle that is a pending response. */
struct request *pending_next(const struct sluice_client *client, uint32_t *index)
{
	struct request *request;

	do {
		request = handles_next(&client->requests, index);
	} while (request && !handle_is_second(&request->handle));
	return request;
}

struct request *pending_enter_slowly(struct sluice_pending_response *head)
{
	if (!head) {
		fail_unsent("pending response");
		return NULL;
	}
	if (!handle_is_live(&pending_of(head)->handle) ||
	    !handle_is_second(&pending_of(head)->handle))
		return fail_null(EINVAL, "the pending response was released before");
	return client_enter(pending_of(head)->client) < 0 ? NULL : pending_of(head);
}

int sluice_pending_response_servers(struct sluice_pending_response *head)
{
	const struct request *pending = pending_enter(head);

	return pending ? (int)pending->stream.servers : -errno;
}

/* Looks first at what has happened meanwhile.  NULL with errno. */
static struct request *enter_and_glance(struct sluice_pending_response *head)
{
	struct request *pending = pending_enter(head);

	if (pending)
		client_glance(pending->client);
	return pending;
}

int sluice_pending_response_is_connected(struct sluice_pending_response *head)
{
	const struct request *pending = enter_and_glance(head);

	if (!pending)
		return -errno;
	/* That a server has gone is heard of through its socket. */
	if (stream_is_connected(&pending->stream))
		wait_look(&pending->client->service->node->wait);
	return stream_is_connected(&pending->stream);
}

int sluice_pending_response_has_response(struct sluice_pending_response *head)
{
	const struct request *pending = enter_and_glance(head);

	return pending ? stream_has_response(&pending->stream) : -errno;
}

int sluice_pending_response_set_stop_hint(struct sluice_pending_response *head)
{
	const struct request *pending = pending_enter(head);

	if (!pending)
		return -errno;
	stream_hint_stop(&pending->stream);
	return 0;
}

int sluice_pending_response_info(struct sluice_pending_response *head,
				 struct sluice_request_info *info)
{
	struct sluice_request_info known = { .size = sizeof(known) };
	const struct request *pending = pending_enter(head);

	if (!pending)
		return -errno;
	known.client = pending->client->entry.id;
	known.node = pending->client->service->node->entry.id;
	known.request = pending->number;
	known.count = pending->count;
	known.deadline = pending->deadline;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_pending_response_status(struct sluice_pending_response *head,
				   struct sluice_status *status)
{
	struct sluice_status known = { .size = sizeof(known) };
	const struct request *pending = pending_enter(head);
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
	const struct request *pending = pending_enter(head);
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

/* Is there a response that there is no room for?  Of that its node does not tell. */
static bool is_stuck(const struct request *pending)
{
	return pending_is_at_limit(pending) && stream_has_response(&pending->stream);
}

int64_t pending_alarm(const struct request *pending)
{
	return pending->told || is_stuck(pending) ? CLOCK_NEVER : pending_deadline(pending);
}

bool pending_ready(const struct request *pending)
{
	int64_t alarm;

	if (!pending->stream.current)
		return !pending->told;
	if (stream_has_response(&pending->stream))
		return !pending_is_at_limit(pending);
	alarm = pending_alarm(pending);
	return !stream_is_connected(&pending->stream) ||
	       (alarm != CLOCK_NEVER && clock_now() >= alarm);
}

void request_end_active(struct request *request)
{
	struct sluice_client *client = request->client;

	counter_set(&client->entry.counters->depth, --client->active);
	client_put(client);
}

void pending_end(struct request *pending)
{
	stream_cancel(&pending->stream);
	if (unlikely(pending->stream.status.text))
		free(pending->stream.status.text);
	pending->number = 0;
	request_end_active(pending);
}

/* In any way but the common one, which has changed nothing but the word cancelled. */
static STRAIGHT OUTLINE int release_otherwise(struct sluice_pending_response *head)
{
	struct request *pending;

	if (!head)
		return 0;
	pending = pending_enter(head);
	if (unlikely(!pending))
		return -errno;
	probe(pending_response_release, pending->client->entry.id, 0, pending->number,
	      probe_address(head->data), head->size);
	pool_drop(&pending->client->pool, pending->slice);
	handles_give(&pending->client->requests, &pending->handle);
	pending_end(pending);
	return 0;
}

/*
 * Does nobody watch, and does only this handle end?  The client and the slice have other holders:
 * the slice that of the delivery, until it is returned.
 */
static inline bool ends_alone(const struct request *pending)
{
	const struct sluice_client *client = pending->client;

	return likely(!probe_is_on(pending_response_release) && !pending->stream.status.text &&
		      client->references > 1 &&
		      client->pool.slices[pending->slice].holders > 1);
}

STRAIGHT int sluice_pending_response_release(struct sluice_pending_response *head)
{
	struct request *pending = pending_of_ours(head);
	struct sluice_client *client;

	if (unlikely(!pending || !ends_alone(pending) || !stream_cancel_plain(&pending->stream)))
		return release_otherwise(head);
	client = pending->client;
	client->pool.slices[pending->slice].holders--;
	pending->number = 0;
	handles_give(&client->requests, &pending->handle);
	counter_set(&client->entry.counters->depth, --client->active);
	client->references--;
	return 0;
}
