// SPDX-License-Identifier: MIT
/*
 * Sending a reply to the client that has asked.
 *
 *	loaned --send--> dead, and the slice is out with the client
 *
 * A reply that could not be sent is still loaned, also if the other end is gone, as a request
 * is.  Its active request gives it back when that is released.  Where responses do not
 * overflow, a send waits for the client to read some, unless it is to go without the reply
 * (api/backpressure.c); the wait ends when nobody wants the answer any more.  A reply that the
 * client goes without has a position all the same, so that the client sees that something is
 * missing.
 *
 * While it waits, the server takes connections and notices those that go, but receives
 * nothing: a client that reads nothing holds up whoever serves it, until the deadline of its
 * request, if that has one.
 */
#include <errno.h>
#include <string.h>

#include "api/server.h"
#include "base/error.h"
#include "base/limits.h"
#include "trace/counters.h"
#include "os/clock.h"

/* The sentence behind a reply that could not be sent. */
static int unsent(int error, bool gone)
{
	switch (error) {
	case EPIPE:
		return fail_quietly(EPIPE, "the client has released its pending response or left");
	case ECONNRESET:
		return fail_quietly(ECONNRESET, "the client has died");
	case EAGAIN:
		return fail_quietly(EAGAIN, "the client is too far behind to be told of new memory");
	case EPROTO:
		return fail_quietly(EPROTO, "the client has broken the protocol");
	default:
		return gone ? fail(ECONNRESET, "the channel to the client was lost: %s", strerror(error)) :
			      fail_again(-error);
	}
}

struct replying {
	struct blocking blocking;
	struct reply *reply;
	struct backpressure_pace pace;
	struct patience patience;
	bool last;
	bool behind;			/* the client's socket is full, which nobody rings for */
};

/* The results of judge(), and of the wait for room. */
enum { SENT = 1, DISCARDED = 2 };

static bool overflows(const struct sluice_server *server)
{
	return !(server->service->contract.settings.flags & SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW);
}

/* The client has no room.  DISCARDED, 0 (it is waited for) or -ENOBUFS. */
static int decide(struct replying *replying)
{
	const struct active_request *active = replying->reply->active;
	struct sluice_server *server = active->channel->server;

	switch (backpressure_decide(&server->backpressure, &replying->pace, &replying->patience,
				    active->message.in.request,
				    active->channel->responder.channel.peer)) {
	case BACKPRESSURE_WITHOUT:
		counter_add(&server->entry.counters->overflows, 1);
		return DISCARDED;
	case BACKPRESSURE_FAIL:
		return fail(ENOBUFS, "the client has no room for the reply, and ask_when_full has it fail");
	default:
		backpressure_go_on(&server->backpressure, &replying->pace);
		return 0;
	}
}

/* As responder_reply(). */
static inline int send_now(const struct reply *reply, bool last)
{
	const struct active_request *active = reply->active;
	const struct reply_message message = {
		.position = active->position,
		.count = reply->count,
		.bytes = reply->head.size,
		.attachment = reply->attachment,
		.slice = reply->slice,
		.delivery = active->message.in.slice,
		.traced = active->message.in.flags & SLUICE_RING_TRACED,
		.last = last,
	};

	return responder_reply(&active->channel->responder, &message);
}

/* Judges the result: SENT; DISCARDED; 0 (there is no room yet) or -errno. */
static int judge(struct replying *replying, int result)
{
	if (!result)
		return SENT;
	replying->behind = result == -EAGAIN;
	if (result == -ENOBUFS ||
	    (result == -EAGAIN && !overflows(replying->reply->active->channel->server)))
		return decide(replying);
	return result;
}

static int attempt(struct blocking *blocking)
{
	struct replying *replying = container_of(blocking, struct replying, blocking);

	server_glance(replying->reply->active->channel->server);
	return judge(replying, send_now(replying->reply, replying->last));
}

/*
 * The client rings for room, and not for the requests that it sends meanwhile: the channel
 * is among those that are polled afterwards.
 */
static int arm(struct blocking *blocking)
{
	struct replying *replying = container_of(blocking, struct replying, blocking);
	const struct active_request *active = replying->reply->active;
	struct server_channel *channel = active->channel;
	const struct sluice_server *server = active->channel->server;
	int r;

	blocking->alarm = min_i64(backpressure_alarm(&server->backpressure, &replying->pace),
				  server_alarm(server));
	if (replying->behind)
		blocking->alarm = min_i64(blocking->alarm, clock_now() + ANNOUNCE_RETRY_NS);
	server_channel_woken(&channel->responder);
	r = channel_arm(&channel->responder.channel, SLUICE_DOORBELL_SPACE);
	if (r < 0)
		return r;
	return responder_lost(&channel->responder, active->message.in.slice) ||
	       (!replying->behind &&
		responder_has_room(&channel->responder, active->message.in.slice));
}

static int wait_for_room(struct replying *replying)
{
	const struct active_request *active = replying->reply->active;
	struct sluice_server *server = active->channel->server;
	int64_t since = clock_now();
	int r;

	r = block_until(&replying->blocking, active->deadline ? active->deadline : CLOCK_NEVER);
	channel_disarm(&active->channel->responder.channel);
	counter_add(&server->entry.counters->blocked, (uint64_t)(clock_now() - since));
	return r;
}

/* It was sent, or discarded. */
static inline void end_reply(struct reply *reply, bool last)
{
	struct active_request *active = reply->active;

	active->position++;
	active->ended = last;
	reply_forget(reply);
}

/* It was not sent at once.  0; 1 (it was discarded); or -errno. */
static COLD int send_later(struct reply *reply, bool last, int result)
{
	struct active_request *active = reply->active;
	struct replying replying = {
		.blocking = {
			.node = active->channel->server->service->node,
			.attempt = attempt,
			.arm = arm,
		},
		.reply = reply,
		.last = last,
	};
	int r = judge(&replying, result);

	if (!r)
		r = wait_for_room(&replying);
	if (r > 0) {
		/* A reply that is discarded does not tell the client that it was the last. */
		end_reply(reply, last);
		active->told_end = last && r == SENT;
		return r == DISCARDED;
	}
	return unsent(-r, active->channel->responder.channel.gone);
}

/* 0; 1 (it was discarded); or -errno. */
static int send_reply(struct reply *reply, bool last)
{
	struct active_request *active = reply->active;
	int r;

	if (unlikely(active->ended))
		return fail(EINVAL, "a reply that was marked as the last was sent");
	wait_glance_to_send(active->channel->responder.channel.wait);
	r = send_now(reply, last);
	if (unlikely(r))
		return send_later(reply, last, r);
	end_reply(reply, last);
	active->told_end = last;
	return 0;
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE int send_otherwise(struct sluice_reply *head)
{
	struct reply *reply = reply_enter(head);

	return likely(reply) ? send_reply(reply, reply->last) : -errno;
}

/*
 * The common case: there is no news, nothing is to be said of the reply but where its bytes are,
 * and the client has room.  *ret_sleeps: the client is to be rung.  False: it is not so, and
 * nothing has changed.
 */
static inline bool send_plain(struct reply *reply, bool *ret_sleeps)
{
	struct active_request *active = reply->active;
	struct responder *responder = &active->channel->responder;
	bool last = reply->last;
	const struct reply_message message = {
		.position = active->position,
		.count = reply->count,
		.bytes = reply->head.size,
		.slice = reply->slice,
		.delivery = active->message.in.slice,
		.last = last,
	};

	if (unlikely(active->ended || reply->attachment ||
		     active->message.in.flags & SLUICE_RING_TRACED ||
		     wait_may_handle(responder->channel.wait) ||
		     !responder_reply_plain(responder, &message, active->message.in.request,
					    ret_sleeps)))
		return false;
	active->position = message.position + 1;
	active->ended = last;
	active->told_end = last;
	reply_end(reply);
	return true;
}

static COLD int sent_to_sleeper(const struct active_request *active)
{
	channel_ring(&active->channel->responder.channel, SLUICE_DOORBELL_MESSAGE);
	return 0;
}

STRAIGHT int sluice_reply_send(struct sluice_reply *head)
{
	struct reply *reply = reply_of_ours(head);
	bool sleeps = false;

	if (unlikely(!reply || !send_plain(reply, &sleeps)))
		return send_otherwise(head);
	return likely(!sleeps) ? 0 : sent_to_sleeper(reply->active);
}

/* Nobody is there to get an answer. */
static bool is_gone(int result)
{
	return result == -EPIPE || result == -ECONNRESET || result == -EPROTO;
}

struct sluice_active_request *
sluice_reply_send_and_receive(struct sluice_reply *head, int64_t timeout, int *ret_sent)
{
	struct sluice_active_request *received;
	struct reply *reply = reply_enter(head);
	struct active_request *active;
	struct sluice_server *server;
	struct wait *wait;
	int r;

	if (!reply) {
		if (ret_sent)
			*ret_sent = -errno;
		return NULL;
	}
	active = reply->active;
	server = active->channel->server;
	wait = &server->service->node->wait;
	/* The client is woken once, for all that it gets. */
	wait_hold_wakes(wait);
	r = send_reply(reply, true);
	if (ret_sent)
		*ret_sent = r;
	if (r < 0 && !is_gone(r)) {
		wait_send_wakes(wait);
		return fail_again_null(r);
	}
	active_request_finish(active, 0, NULL);
	received = server_receive(server, timeout);
	wait_send_wakes(wait);
	return received;
}

