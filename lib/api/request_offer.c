// SPDX-License-Identifier: MIT
/*
 * Offering a request to servers: to each that has not got it, or to the best that has room
 * (api/client_route.c).
 *
 * If requests do not overflow, the offer waits for those servers that have no room, unless they
 * are to go without the request (api/backpressure.c).  The wait may be cut short while some
 * servers have the request already: they are not offered it again.
 *
 * A server that reads nothing is waited for as long as the deadline of the request, the options
 * of the port, or its program say.  A server that goes meanwhile is waited for no more.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "base/limits.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

struct sending {
	struct blocking blocking;
	struct request *request;
	struct backpressure_pace pace;
	bool again;			/* some servers may have it already */
	bool behind;			/* a server's socket is full, which nobody rings for */
	bool failed;			/* the program has said so */
};

/* Is it to go without this request? */
static bool is_without(const struct client_channel *channel, const struct request *request)
{
	return channel->patience.request == request->number && channel->patience.without;
}

/* As requester_send(). */
static inline int send_to(struct client_channel *channel, struct request *request)
{
	const struct requester_message message = {
		.request = request->number,
		.count = request->count,
		.bytes = request->head.size,
		.deadline = (uint64_t)request->deadline,
		.slice = request->slice,
		.counted = channel->claimed,
		.attachment = request->attachment,
	};

	return requester_send(&channel->requester, &message, &request->stream);
}

/* Sends it to each server that is there, for the first time.  False: some have no room. */
bool request_send_to_all(struct request *request)
{
	struct sluice_client *client = request->client;
	bool all = true;
	uint32_t i;

	for (i = 0; i < client->count; i++)
		all &= send_to(client->channels[i], request) >= 0;
	return all;
}

/* Offers it to a server.  1: it has it; 0: it does not get it; -EAGAIN: it may yet. */
static int offer_to(struct sending *sending, struct client_channel *channel)
{
	struct request *request = sending->request;
	const struct sluice_client *client = request->client;
	enum backpressure_verdict verdict;
	int r;

	if (is_without(channel, request))
		return 0;
	r = send_to(channel, request);
	if (r >= 0)
		return r;
	verdict = backpressure_decide(&client->backpressure, &sending->pace, &channel->patience,
				      request->number, channel->requester.channel.peer);
	if (verdict == BACKPRESSURE_WITHOUT) {
		counter_add(&client->entry.counters->overflows, 1);
		return 0;
	}
	sending->failed = sending->failed || verdict == BACKPRESSURE_FAIL;
	sending->behind = sending->behind || r == -EAGAIN;
	return -EAGAIN;
}

/* Offers it to each server that has not got it.  1: no other may yet get it; 0. */
static int offer_to_all(struct sending *sending)
{
	struct request *request = sending->request;
	struct sluice_client *client = request->client;
	struct client_channel *channel;
	int done = 1;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		channel = client->channels[i];
		if (sending->again && stream_has(&request->stream, &channel->requester))
			continue;
		if (offer_to(sending, channel) < 0)
			done = 0;
	}
	return done;
}

/* Offers it to the best server that has room.  1: it was sent, or there is none; 0. */
static int offer_to_one(struct sending *sending)
{
	struct sluice_client *client = sending->request->client;
	struct client_channel *channel;
	int r, done = 1;

	client_begin_round(client);
	while ((channel = client_next_choice(client))) {
		r = offer_to(sending, channel);
		if (r > 0) {
			client_has_chosen(client, channel);
			return 1;
		}
		client_has_not_chosen(channel);
		if (r < 0)
			done = 0;
	}
	return done;
}

/* 1; 0 (some servers have no room); or -ENOBUFS (the program does not wait for them). */
static int offer(struct sending *sending)
{
	const struct request *request = sending->request;
	int r;

	sending->behind = false;
	sending->failed = false;
	r = request->route == SLUICE_ROUTE_ONE ? offer_to_one(sending) : offer_to_all(sending);
	sending->again = true;
	if (r)
		return r;
	backpressure_go_on(&request->client->backpressure, &sending->pace);
	return sending->failed ? fail(ENOBUFS, "a server has no room for the request, and ask_when_full has it fail") : 0;
}

static bool is_waited_for(const struct sending *sending, const struct client_channel *channel)
{
	return !channel->requester.channel.gone && !channel->requester.channel.leaving &&
	       !is_without(channel, sending->request) &&
	       !stream_has(&sending->request->stream, &channel->requester);
}

static bool any_waited_for(const struct sending *sending)
{
	const struct sluice_client *client = sending->request->client;
	uint32_t i;

	for (i = 0; i < client->count; i++)
		if (is_waited_for(sending, client->channels[i]))
			return true;
	return false;
}

/*
 * A wait ends with the last server that is waited for.  The client may find it again, or
 * another one, as soon as it looks for servers; how soon that is must not decide.
 */
static int attempt(struct blocking *blocking)
{
	struct sending *sending = container_of(blocking, struct sending, blocking);
	struct sluice_client *client = sending->request->client;

	(void)node_glance(client->service->node);
	if (!any_waited_for(sending))
		return 1;
	client_glance(client);
	return offer(sending);
}

static int arm(struct blocking *blocking)
{
	struct sending *sending = container_of(blocking, struct sending, blocking);
	struct sluice_client *client = sending->request->client;
	struct client_channel *channel;
	int r = 0, room = 0;
	uint32_t i;

	blocking->alarm = min_i64(client_alarm(client),
				  backpressure_alarm(&client->backpressure, &sending->pace));
	if (sending->behind)
		blocking->alarm = min_i64(blocking->alarm, clock_now() + ANNOUNCE_RETRY_NS);
	for (i = 0; i < client->count && r >= 0; i++) {
		channel = client->channels[i];
		if (!is_waited_for(sending, channel))
			continue;
		r = channel_arm(&channel->requester.channel, SLUICE_DOORBELL_SPACE);
		if (requester_has_room(&channel->requester))
			room = !sending->behind;
	}
	return r < 0 ? r : room;
}

static COLD int wait_for_room(struct sending *sending, int64_t deadline)
{
	const struct request *request = sending->request;
	int64_t since = clock_now(), waited;
	int r;

	probe(request_block, request->client->entry.id, request->number);
	r = block_until(&sending->blocking, deadline);
	waited = clock_now() - since;
	counter_add(&request->client->entry.counters->blocked, (uint64_t)waited);
	probe(request_unblock, request->client->entry.id, request->number, (uint64_t)waited,
	      r < 0 ? (uint64_t)-r : 0);
	return r;
}

static bool any_without(const struct request *request)
{
	const struct sluice_client *client = request->client;
	uint32_t i;

	for (i = 0; i < client->count; i++)
		if (is_without(client->channels[i], request))
			return true;
	return false;
}

/* It has reached nobody, and nobody is left to wait for. */
static COLD int all_have_gone(const struct sluice_client *client)
{
	int error = client->lost;

	if (error == EPROTO)
		error = ECONNRESET;
	if (error != EPIPE && error != ECONNRESET)
		return client_fail_lost(client, error);
	return fail(error, "every server that was waited for has gone");
}

int request_offer(struct request *request, bool waited)
{
	struct sending sending = {
		.blocking = {
			.node = request->client->service->node,
			.attempt = attempt,
			.arm = arm,
		},
		.request = request,
		.again = request->stream.servers,
	};
	int r = offer(&sending);

	if (!r) {
		waited = true;
		r = wait_for_room(&sending, pending_deadline(request));
	}
	if (r > 0 && waited && !request->stream.servers && !any_without(request))
		r = all_have_gone(request->client);
	return r;
}
