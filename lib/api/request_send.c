// SPDX-License-Identifier: MIT
/*
 * Sending a request: to every server that is there, at once, or to one of them
 * (api/client_route.c).
 *
 *	loaned --send--> dead, and a pending response lives
 *
 * If requests do not overflow, a send waits for those servers that have no room, unless they
 * are to go without the request (api/backpressure.c).  The wait may be cut short while some
 * servers have the request already.  Then the request stays loaned and remembers its pending
 * response, which the user has not seen.  The next send goes on, and a release cancels.
 *
 * A server that is too far behind, or breaks the protocol meanwhile, is left out; the
 * others get the request all the same.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "base/limits.h"
#include "trace/counters.h"
#include "os/clock.h"
#include "trace/probes.h"

static COLD struct pending *all_pending(const struct sluice_client *client)
{
	return fail_null(EBUSY, "all of %s, %u, are pending",
			 client->max_active < client->service->contract.settings.max_active_requests ?
			 "the client's max_active_requests" :
			 "max_active_requests_per_client", client->max_active);
}

static struct pending *make_pending(struct request *request)
{
	struct sluice_client *client = request->client;
	struct handle *handle = handles_take(&client->pendings, request->handle.mark);
	struct pending *pending;

	if (unlikely(!handle))
		return all_pending(client);
	pending = container_of(handle, struct pending, handle);
	pending->head = (struct sluice_pending_response){
		.data = request->head.data,
		.header = request->head.header,
		.count = request->head.count,
		.size = request->head.size,
	};
	pending->slice = request->slice;
	pending->count = request->count;
	pending->client = client;
	client->references++;
	pending->stream = (struct stream){ 0 };
	pending->deadline = CLOCK_NEVER;
	pending->borrowed = 0;
	pending->sent = false;
	pending->told = false;
	pending->request = request->number;
	counters_depth(client->entry.counters, client->entry.counters->depth + 1);
	return pending;
}

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

	return requester_send(&channel->requester, &message, &request->pending->stream);
}

/* Sends it to each server that is there, for the first time.  False: some have no room. */
static bool send_to_all(struct request *request)
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
		if (sending->again && stream_has(&request->pending->stream, &channel->requester))
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
	       !stream_has(&sending->request->pending->stream, &channel->requester);
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

/* It could not be sent; it stays as it is. */
static COLD struct pending *unsent(struct request *request, int error)
{
	if (!request->pending->stream.servers) {
		/* The slice stays loaned; the pending response would drop its hold. */
		pool_hold(&request->client->pool, request->slice);
		pending_drop(request->pending);
		request->pending = NULL;
	}
	return fail_again_null(error);
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

/* That it was sent is told with each server; here there was none. */
static COLD void tell_sent_to_nobody(const struct request *request)
{
	probe(request_send, request->client->entry.id, 0, request->number,
	      probe_address(request->head.data), request->head.size, 0);
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

/*
 * Offers it until each server has it, or goes without.  waited: one had no room already.  1
 * or -errno.
 */
static COLD int offer_until_done(struct request *request, bool waited)
{
	struct sending sending = {
		.blocking = {
			.node = request->client->service->node,
			.attempt = attempt,
			.arm = arm,
		},
		.request = request,
		.again = request->pending->stream.servers,
	};
	int r = offer(&sending);

	if (!r) {
		waited = true;
		r = wait_for_room(&sending, request->pending->deadline);
	}
	if (r > 0 && waited && !request->pending->stream.servers && !any_without(request))
		r = all_have_gone(request->client);
	return r;
}

/* The same of a request with a deadline, or that is traced. */
static struct pending *make_special_pending(struct request *request)
{
	struct pending *pending = make_pending(request);

	if (!pending)
		return NULL;
	if (request->deadline)
		pending->deadline = request->deadline;
	if (request->loaned_at) {
		pending->stream.loaned = request->loaned_at;
		pending->stream.bytes = request->head.size;
	}
	return pending;
}

/* Sends a request of any kind, to any number of servers.  NULL with errno. */
static OUTLINE struct pending *send_in_any_way(struct request *request)
{
	struct pending *pending = request->pending;
	bool again = pending, full = false;
	int r;

	if (unlikely(!client_servers(request->client)))
		client_start_server(request->client);
	if (unlikely(request->deadline) && wait_check(request->deadline) < 0)
		return NULL;
	if (likely(!again))
		request->pending = pending = make_special_pending(request);
	if (unlikely(!pending))
		return NULL;
	if (likely(!again && request->route != SLUICE_ROUTE_ONE))
		full = !send_to_all(request);
	if (unlikely(again || full || request->route == SLUICE_ROUTE_ONE)) {
		r = offer_until_done(request, full);
		if (r < 0)
			return unsent(request, r);
	}
	if (unlikely(!pending->stream.servers))
		tell_sent_to_nobody(request);
	pending->sent = true;
	request_forget(request);
	return pending;
}

/* There is one server, and nothing to be said of the request but where its bytes are. */
static inline bool is_plain(const struct request *request)
{
	return request->client->count == 1 &&
	       !((uint64_t)request->deadline | (uint64_t)request->loaned_at |
		 (uint64_t)request->route | (uint64_t)(uintptr_t)request->attachment |
		 (uint64_t)(uintptr_t)request->pending);
}

/* It has not reached the server, which has gone, or has no room. */
static COLD struct pending *send_again(struct request *request, struct pending *pending)
{
	request->pending = pending;
	return send_in_any_way(request);
}

/* One system call wakes all of the servers. */
static OUTLINE struct pending *send_to_some(struct request *request)
{
	struct wait *wait = &request->client->service->node->wait;
	struct pending *pending;

	if (request->client->count <= 1)
		return send_in_any_way(request);
	wait_hold_wakes(wait);
	pending = send_in_any_way(request);
	wait_send_wakes(wait);
	return pending;
}

/* Sends a plain request, in a straight line.  NULL with errno. */
static inline struct pending *send_plain(struct request *request)
{
	const struct requester_message message = {
		.request = request->number,
		.count = request->count,
		.bytes = request->head.size,
		.slice = request->slice,
	};
	struct pending *pending;

	pending = make_pending(request);
	if (unlikely(!pending))
		return NULL;
	if (unlikely(requester_send(&request->client->channels[0]->requester, &message,
				    &pending->stream) <= 0))
		return send_again(request, pending);
	pending->sent = true;
	request_forget(request);
	return pending;
}

STRAIGHT struct sluice_pending_response *sluice_request_send(struct sluice_request *head)
{
	struct request *request = request_enter(head);
	struct pending *pending;

	if (unlikely(!request))
		return NULL;
	client_glance_to_send(request->client);
	pending = likely(is_plain(request)) ? send_plain(request) : send_to_some(request);
	return likely(pending) ? &pending->head : NULL;
}

struct sluice_response *sluice_request_call(struct sluice_request *head,
					    struct sluice_pending_response **ret_pending,
					    int64_t timeout)
{
	struct sluice_response *response = NULL;
	struct request *request;
	struct pending *pending;
	struct wait *wait;

	if (!ret_pending)
		return fail_null(EINVAL, "pending is NULL");
	*ret_pending = NULL;
	request = request_enter(head);
	if (!request)
		return NULL;
	client_glance_to_send(request->client);
	wait = &request->client->service->node->wait;
	/* And one for them and the sleep. */
	wait_hold_wakes(wait);
	pending = is_plain(request) ? send_plain(request) : send_in_any_way(request);
	if (pending) {
		*ret_pending = &pending->head;
		response = pending_receive(pending, timeout);
	}
	wait_send_wakes(wait);
	return response;
}
