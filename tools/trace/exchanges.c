// SPDX-License-Identifier: MIT
/*
 * Requests that clients have sent and that have not ended yet.  A request has a delivery
 * for every server that it was sent to, and a delivery has the replies that the client has
 * not received yet.  They tell where the arrow to a handle or a hold begins.
 *
 *	request -> delivery -> reply
 *
 * A request is an asynchronous slice, from its first sending to the release of its pending
 * response, or as long as its port lives.  Its deliveries and their replies live as long.
 * A message that is received after that has no arrow.
 *
 * Invariants:
 * (1) A delivery is in the list of its request, and ends with it.
 * (2) The replies of a delivery are in the order of the queue, the oldest first, which is
 *     the order in which they are received.  What the sender of a full queue takes back
 *     is the oldest.
 * (3) A message is received once: where its arrow begins is given to one span at most.
 *
 * The record of receiving a message may come before that of sending it, if the receiver is
 * quicker than the tracer.  So when a sending is reported, it is looked for among the
 * messages that its receiver has received since the build began, and still has.
 *
 * Events may be missing.  A reply to an unknown request is ignored.  Replies that cannot be
 * in the queue any more, as its depth shows, are removed.  After a response that was missed
 * the arrows to the others of this delivery may begin at their neighbours' replies.
 *
 * All numbers are claims of a traced process.  They are keys and nothing else, and the
 * number of entries is bounded; a message without an entry has no arrow.
 */
#include "tools/trace/exchanges.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Replies that are remembered, of all deliveries together. */
#define REPLIES_MAX	(1u << 20)

#define KEY(a, b, c)	(&(struct table_key){ { (a), (b), (c) } })

struct reply {
	struct point from;
	STAILQ_ENTRY(reply) link;
};

struct delivery {
	struct table_key key;		/* client, server, request */
	struct point from;		/* no point after the server has received it */
	uint64_t unread;		/* replies */
	STAILQ_HEAD(, reply) replies;
	SLIST_ENTRY(delivery) link;
};

struct request {
	struct table_key key;		/* client, request */
	struct point from;		/* in its build */
	SLIST_HEAD(, delivery) deliveries;
	TAILQ_ENTRY(request) link;
};

/* ---- Replies ---- */

static struct point take_reply(struct exchanges *exchanges, struct delivery *delivery)
{
	struct reply *reply = STAILQ_FIRST(&delivery->replies);
	struct point from = reply->from;

	STAILQ_REMOVE_HEAD(&delivery->replies, link);
	delivery->unread--;
	exchanges->replies--;
	free(reply);
	return from;
}

static void add_reply(struct exchanges *exchanges, struct delivery *delivery,
		      const struct point *from)
{
	struct reply *reply;

	if (exchanges->replies == REPLIES_MAX)
		return;
	reply = calloc(1, sizeof(*reply));
	if (!reply)
		return;
	reply->from = *from;
	STAILQ_INSERT_TAIL(&delivery->replies, reply, link);
	delivery->unread++;
	exchanges->replies++;
}

/* ---- Deliveries ---- */

static struct delivery *find_delivery(struct exchanges *exchanges, uint64_t client,
				      uint64_t server, uint64_t request)
{
	return table_find(&exchanges->deliveries, KEY(client, server, request));
}

static struct delivery *add_delivery(struct exchanges *exchanges, struct request *request,
				     uint64_t server)
{
	struct table_key key = { { request->key.word[0], server, request->key.word[1] } };
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery || table_add(&exchanges->deliveries, &key, delivery) < 0) {
		free(delivery);
		return NULL;
	}
	delivery->key = key;
	STAILQ_INIT(&delivery->replies);
	SLIST_INSERT_HEAD(&request->deliveries, delivery, link);
	return delivery;
}

static void drop_delivery(struct exchanges *exchanges, struct delivery *delivery)
{
	while (delivery->unread)
		take_reply(exchanges, delivery);
	table_remove(&exchanges->deliveries, &delivery->key);
	free(delivery);
}

/* Gives the arrow from here to the one that has received the message already, if any. */
static bool give_to_early(struct exchanges *exchanges, const struct delivery *delivery,
			  enum span_kind kind, const struct point *from)
{
	uint64_t client = delivery->key.word[0], server = delivery->key.word[1];
	struct port *receiver = port_find(exchanges->tracks, kind == SPAN_HANDLE ? server : client);
	uint64_t sender = kind == SPAN_HANDLE ? client : server;
	struct span *span;

	if (!receiver || !from->tid)
		return false;
	TAILQ_FOREACH_REVERSE(span, &receiver->spans, span_list, link) {
		if (span->begin < from->time)
			return false;
		if (span->kind == kind && span->peer == sender && !span->from.tid &&
		    span->request == delivery->key.word[2]) {
			span->from = *from;
			return true;
		}
	}
	return false;
}

/* ---- Requests ---- */

static struct request *find_request(struct exchanges *exchanges, const struct event_record *event)
{
	return table_find(&exchanges->requests,
			  KEY(EVENT_PORT(event), EVENT_REQUEST(event), 0));
}

/* Its beginning, "b", or its end, "e". */
static void write_request(struct exchanges *exchanges, const struct request *request,
			  const char *phase, uint64_t time)
{
	uint64_t client = request->key.word[0], number = request->key.word[1];
	struct port *port = port_find(exchanges->tracks, client);
	struct point point;
	char id[48];

	if (!port)
		return;
	point = port_point(port, time);
	snprintf(id, sizeof(id), "%016llx/%llu", (unsigned long long)client,
		 (unsigned long long)number);
	trace_json_request(exchanges->tracks->file, &point, phase, id,
			   json_pack("{s:I}", "request", (json_int_t)number));
}

/* Its port was made before, and lives longer: so both of its ends are written. */
static struct request *begin(struct exchanges *exchanges, const struct event_record *event,
			     uint64_t time)
{
	struct request *request;

	if (!port_get(exchanges->tracks, EVENT_PORT(event), event->pid))
		return NULL;
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->key = *KEY(EVENT_PORT(event), EVENT_REQUEST(event), 0);
	if (table_add(&exchanges->requests, &request->key, request) < 0) {
		free(request);
		return NULL;
	}
	SLIST_INIT(&request->deliveries);
	TAILQ_INSERT_TAIL(&exchanges->all, request, link);
	write_request(exchanges, request, "b", time);
	return request;
}

static void end(struct exchanges *exchanges, struct request *request, uint64_t time)
{
	struct delivery *delivery;

	write_request(exchanges, request, "e", time);
	while ((delivery = SLIST_FIRST(&request->deliveries))) {
		SLIST_REMOVE_HEAD(&request->deliveries, link);
		drop_delivery(exchanges, delivery);
	}
	table_remove(&exchanges->requests, &request->key);
	TAILQ_REMOVE(&exchanges->all, request, link);
	free(request);
}

/* ---- Events ---- */

void exchanges_init(struct exchanges *exchanges, struct tracks *tracks)
{
	*exchanges = (struct exchanges){ .tracks = tracks };
	TAILQ_INIT(&exchanges->all);
}

void exchanges_deinit(struct exchanges *exchanges, uint64_t time)
{
	while (!TAILQ_EMPTY(&exchanges->all))
		end(exchanges, TAILQ_FIRST(&exchanges->all), time);
	table_deinit(&exchanges->requests);
	table_deinit(&exchanges->deliveries);
}

void exchange_sent(struct exchanges *exchanges, const struct event_record *event,
		   const struct point *from, uint64_t time)
{
	struct request *request = find_request(exchanges, event);
	struct delivery *delivery;

	if (!request)
		request = begin(exchanges, event, time);
	if (!request || find_delivery(exchanges, EVENT_PORT(event), EVENT_PEER(event),
				      EVENT_REQUEST(event)))
		return;
	if (from->tid)
		request->from = *from;
	delivery = add_delivery(exchanges, request, EVENT_PEER(event));
	if (delivery && !give_to_early(exchanges, delivery, SPAN_HANDLE, &request->from))
		delivery->from = request->from;
}

void exchange_received(struct exchanges *exchanges, struct span *handle)
{
	struct delivery *delivery = find_delivery(exchanges, handle->peer, handle->port->id,
						  handle->request);

	if (!delivery)
		return;
	handle->from = delivery->from;
	delivery->from.tid = 0;
}

void exchange_replied(struct exchanges *exchanges, const struct event_record *event,
		      const struct point *from)
{
	struct delivery *delivery = find_delivery(exchanges, EVENT_PEER(event),
						  EVENT_PORT(event), EVENT_REQUEST(event));

	if (!delivery || give_to_early(exchanges, delivery, SPAN_HOLD, from))
		return;
	add_reply(exchanges, delivery, from);
	/* The client may have taken one from the queue already, which is not reported yet. */
	while (delivery->unread > 1 && delivery->unread - 1 > EVENT_DEPTH(event))
		take_reply(exchanges, delivery);
}

void exchange_responded(struct exchanges *exchanges, struct span *hold)
{
	struct delivery *delivery = find_delivery(exchanges, hold->port->id, hold->peer,
						  hold->request);

	if (delivery && delivery->unread)
		hold->from = take_reply(exchanges, delivery);
}

void exchange_reply_lost(struct exchanges *exchanges, const struct event_record *event)
{
	struct delivery *delivery = find_delivery(exchanges, EVENT_PEER(event),
						  EVENT_PORT(event), EVENT_REQUEST(event));

	if (delivery && delivery->unread)
		take_reply(exchanges, delivery);
}

void exchange_end(struct exchanges *exchanges, const struct event_record *event, uint64_t time)
{
	struct request *request = find_request(exchanges, event);

	if (request)
		end(exchanges, request, time);
}

void exchange_end_all(struct exchanges *exchanges, uint64_t client, uint64_t time)
{
	struct request *request, *next;

	for (request = TAILQ_FIRST(&exchanges->all); request; request = next) {
		next = TAILQ_NEXT(request, link);
		if (request->key.word[0] == client)
			end(exchanges, request, time);
	}
}
