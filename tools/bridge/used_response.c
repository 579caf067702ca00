// SPDX-License-Identifier: MIT
/*
 * The stream of responses to a request that went to another host.
 *
 *	backlog --> a loaned reply, part by part --> sent to the client --> END
 *
 *  1. Packets are taken in the order of their numbers, which is that of the backlog.
 *  2. A reply is loaned with the first part of a response, for the length that this part
 *     names, and sent with the last part.
 *  3. If responses do not overflow and the client has no room, the reply waits, and so does
 *     the backlog.  The other bridge is allowed no more packets until the client has taken
 *     some.
 *  4. The backlog has at most the packets of one window, and END.
 */
#include "use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Takes the first packet out of the backlog.  The caller frees the event. */
static struct link_event *shift(struct used *used, struct packet *ret_head)
{
	struct link_event *event = used->backlog[0];

	*ret_head = used->backlog_head[0];
	used->waiting--;
	memmove(used->backlog, used->backlog + 1, used->waiting * sizeof(used->backlog[0]));
	memmove(used->backlog_head, used->backlog_head + 1,
		used->waiting * sizeof(used->backlog_head[0]));
	return event;
}

/* Loans the reply that a response begins with.  False: it has failed, and used is freed. */
static bool loan(struct bridge *bridge, struct used *used, const struct packet *head)
{
	const struct sluice_contract *contract = &bridge->use->description.contract;
	char why[CONTRACT_WHY], text[CONTRACT_WHY + 32];
	size_t elements;

	if (head->total > bridge->options.message_limit ||
	    incoming_elements(&contract->response, &contract->response_header, head->total,
			      &elements, why) < 0) {
		snprintf(text, sizeof(text), "the response %s",
			 head->total > bridge->options.message_limit ?
			 "is longer than the message limit of the bridge" : why);
		used_fail(bridge, used, EMSGSIZE, text);
		return false;
	}
	used->reply = sluice_active_request_loan(used->request, elements);
	if (!used->reply) {
		used_fail(bridge, used, errno, sluice_strerror());
		return false;
	}
	used->last = head->flags & PACKET_LAST;
	used->incoming = (struct incoming){
		.header = used->reply->header, .data = used->reply->data,
		.header_size = (size_t)contract->response_header.size, .size = used->reply->size,
	};
	return true;
}

/* False: it has failed, and used is freed. */
static bool take(struct bridge *bridge, struct used *used, const struct packet *head,
		 const natsMsg *msg)
{
	size_t size = (size_t)natsMsg_GetDataLength(msg);

	if (!used->reply && !loan(bridge, used, head))
		return false;
	if (incoming_take(&used->incoming, head->offset, natsMsg_GetData(msg), size))
		return true;
	used_fail(bridge, used, EPROTO, "a part of a response is missing or too long");
	return false;
}

/* The client has taken a packet: the other bridge may send more of them. */
static void allow(struct bridge *bridge, struct used *used)
{
	used->delivered++;
	if (used->delivered + WINDOW / 2 < used->allowed)
		return;
	used->allowed = used->delivered + WINDOW;
	used_tell(bridge, used, PACKET_ROOM, used->allowed);
}

/* Sends a complete reply.  False: there is no room for it now, or used is freed. */
static bool reply(struct bridge *bridge, struct used *used)
{
	int r;

	if (used->last)
		(void)sluice_reply_set_last(used->reply);
	r = sluice_reply_send(used->reply);
	if (r == -ENOBUFS || r == -EAGAIN || r == -EINTR) {
		bridge->hurry = true;
		return false;
	}
	if (r == -EPIPE || r == -ECONNRESET || r == -EPROTO)
		used->reply = NULL;
	if (r < 0) {
		used_fail(bridge, used, -r, sluice_strerror());
		return false;
	}
	used->reply = NULL;
	return true;
}

/* How the stream has ended.  Frees it. */
static void finish(struct bridge *bridge, struct used *used, const struct packet *head,
		   const natsMsg *msg)
{
	char text[SLUICE_STATUS_TEXT_MAX + 1];
	size_t size = (size_t)natsMsg_GetDataLength(msg);

	if (size > SLUICE_STATUS_TEXT_MAX)
		size = SLUICE_STATUS_TEXT_MAX;
	memcpy(text, natsMsg_GetData(msg), size);
	text[size] = 0;
	if (used->reply)
		used_end(bridge, used, EPROTO, BRIDGE_TEXT "a response was not completed");
	else if (head->code > SLUICE_STATUS_MAX)
		used_end(bridge, used, EPROTO, BRIDGE_TEXT "the status is none");
	else
		used_end(bridge, used, (int)head->code, text);
}

/* Takes the next packet of the backlog.  False: used is freed. */
static bool next(struct bridge *bridge, struct used *used)
{
	struct packet head;
	struct link_event *event = shift(used, &head);
	bool goes_on = false;

	if (head.kind == PACKET_END)
		finish(bridge, used, &head, event->msg);
	else
		goes_on = take(bridge, used, &head, event->msg);
	link_event_free(event);
	if (goes_on && !incoming_is_done(&used->incoming))
		allow(bridge, used);
	return goes_on;
}

void used_deliver(struct bridge *bridge, struct used *used)
{
	for (;;) {
		if (used->reply && incoming_is_done(&used->incoming)) {
			if (!reply(bridge, used))
				return;
			allow(bridge, used);
		}
		if (!used->waiting || !next(bridge, used))
			return;
	}
}
