// SPDX-License-Identifier: MIT
/*
 * How a request that came from another host is put together and sent to a local server.
 *
 *  1. The slice is loaned when the first packet has its turn, for the length that this packet
 *     names; memory_limit of the client bounds it.
 *  2. The request is sent when all of it is there, and to one server.
 *  3. A full queue refuses it at once (ask_when_full of the client), and it is tried again.  So
 *     the thread of the bridge never sleeps in a send.
 */
#include "served.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* READY: sends it.  False: there is no room for it now. */
bool served_ask(struct bridge *bridge, struct served *served)
{
	struct sluice_request *request = served->request;

	(void)sluice_request_set_route(request, SLUICE_ROUTE_ONE);
	(void)sluice_request_set_deadline(request, served->deadline);
	served->pending = sluice_request_send(request);
	if (!served->pending && (errno == EBUSY || errno == ENOBUFS || errno == EINTR)) {
		/* When fewer are pending the next one has its turn; room is told by nobody. */
		bridge->hurry |= errno != EBUSY;
		return false;
	}
	if (!served->pending) {
		served_refuse(bridge, served, errno, sluice_strerror());
		return true;
	}
	served->request = NULL;
	served->state = ASKED;
	if (served->cancelled)
		served_drop(bridge, served);	/* fire and forget */
	return true;
}

/* Takes a part, which may be the last one.  It may be freed. */
void served_fill(struct bridge *bridge, struct served *served, uint64_t offset, const void *data,
		 size_t size)
{
	if (!incoming_take(&served->incoming, offset, data, size)) {
		served_refuse(bridge, served, EPROTO, "a part of the request is missing or too long");
		return;
	}
	if (incoming_is_done(&served->incoming)) {
		served->state = READY;
		(void)served_ask(bridge, served);
		return;
	}
	if (served->came + WINDOW / 2 >= served->allowed) {
		served->allowed = served->came + WINDOW;
		(void)served_tell(bridge, served, PACKET_ROOM, served->allowed);
	}
}

/* WAITING: loans a request.  False: it must go on waiting.  It may be freed. */
bool served_load(struct bridge *bridge, struct served *served)
{
	const struct sluice_contract *contract = &bridge->offer->contract.contract;
	char why[CONTRACT_WHY], text[CONTRACT_WHY + 32];
	struct link_event *first = served->first;
	size_t elements;

	if (incoming_elements(&contract->request, &contract->request_header, served->head.total,
			      &elements, why) < 0) {
		snprintf(text, sizeof(text), "the request %s", why);
		served_refuse(bridge, served, EMSGSIZE, text);
		return true;
	}
	served->request = sluice_client_loan(bridge->offer->client, elements);
	if (!served->request && errno == ENOBUFS)
		return false;
	if (!served->request) {
		served_refuse(bridge, served, errno, sluice_strerror());
		return true;
	}
	served->incoming = (struct incoming){
		.header = served->request->header, .data = served->request->data,
		.header_size = (size_t)contract->request_header.size,
		.size = served->request->size,
	};
	served->state = FILLING;
	served->came = 1;
	bridge->offer->waiting_bytes -= served->size;
	served->first = NULL;
	served_fill(bridge, served, 0, served->data, served->size);
	link_event_free(first);
	return true;
}

