// SPDX-License-Identifier: MIT
/*
 * Requests that came from other hosts, at the offering bridge.
 *
 *	WAITING --> FILLING --> READY --> ASKED --> ended, freed
 *
 *	WAITING	the first packet is kept: no request can be loaned now
 *	FILLING	a request is loaned, and parts of it are missing; served_load()
 *	READY	it is complete, and could not be sent yet; served_fill()
 *	ASKED	it was sent to a local server, whose responses go back; served_ask()
 *
 * An exchange is named by the bridge that it came from and by the number that this bridge has
 * given it.
 *
 *  1. Each exchange that is not cancelled is ended with one END, which is its last packet.
 *  2. Packets to the using bridge are numbered from 0 without a gap.  RESPONSE is sent only
 *     below the number that the using bridge has allowed.  Until then responses stay here, as
 *     many as a client may hold, and then at the server, as its service says.
 *  3. A request is begun once: the newest are remembered, and one of these that comes again is
 *     dropped.  To remember the largest number of each bridge would take less room.  But then
 *     one packet with a huge number, sent in the name of a bridge, would shut that bridge out.
 *  4. An exchange of which nothing was heard for the timeout is cancelled.  A using bridge
 *     that lives says so each second.
 *  5. Requests begin in the order in which they came.
 *
 * A hostile bridge can occupy the exchanges and the bytes of requests that wait (SERVED_MOST,
 * WAITING_BYTES).  Others are told ENOBUFS then, and so is it.
 */
#include "served.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/text.h"

/* While the using bridge has not said anything, it is told so often who has its request. */
#define HERE_NS		(SECOND_NS / 2)

/* ---- The list --------------------------------------------------------------- */

static struct served *find(struct offer *offer, uint64_t sender, uint64_t exchange)
{
	struct served *served = offer->first;

	while (served && (served->sender != sender || served->exchange != exchange))
		served = served->next;
	return served;
}

void served_drop_first(struct offer *offer, struct served *served)
{
	if (!served->first)
		return;
	offer->waiting_bytes -= served->size;
	link_event_free(served->first);
	served->first = NULL;
}

void served_drop(struct bridge *bridge, struct served *served)
{
	struct offer *offer = bridge->offer;
	struct served **at = &offer->first;

	while (*at != served)
		at = &(*at)->next;
	*at = served->next;
	if (!served->next)
		offer->last = at;
	offer->count--;
	served_drop_first(offer, served);
	for (unsigned int i = 0; i < served->held_count; i++)
		(void)sluice_response_release(served->held[i]);
	(void)sluice_request_release(served->request);
	(void)sluice_pending_response_release(served->pending);
	free(served);
	bridge->hurry = true;		/* there may be room for one that waits */
}

/* ---- Packets to the using bridge -------------------------------------------- */

int served_tell(struct bridge *bridge, struct served *served, enum packet_kind kind,
		uint64_t number)
{
	struct packet packet = {
		.kind = (uint8_t)kind, .exchange = served->exchange, .number = number,
	};

	served->told = sluice_deadline(0);
	return bridge_send(bridge, served->sender, &packet, NULL, 0);
}

static void send_end(struct bridge *bridge, uint64_t sender, uint64_t exchange, uint64_t number,
		     int code, const char *text)
{
	struct packet packet = {
		.kind = PACKET_END, .exchange = exchange, .number = number,
		.code = (uint32_t)code,
	};

	(void)bridge_send(bridge, sender, &packet, text, strlen(text));
}

void served_end(struct bridge *bridge, struct served *served, int code, const char *text)
{
	if (!served->cancelled)
		send_end(bridge, served->sender, served->exchange, served->sent, code, text);
	served_drop(bridge, served);
}

void served_refuse(struct bridge *bridge, struct served *served, int code, const char *why)
{
	char text[SLUICE_STATUS_TEXT_MAX + 1];

	snprintf(text, sizeof(text), BRIDGE_TEXT "%s", why);
	served_end(bridge, served, code, text);
}

/* ---- Turns ------------------------------------------------------------------ */

void served_again(struct bridge *bridge)
{
	struct served *served, *next;
	bool may_begin = true;

	for (served = bridge->offer->first; served; served = next) {
		next = served->next;
		if (served->state == WAITING && may_begin)
			may_begin = served_load(bridge, served);
		else if (served->state == READY && may_begin)
			may_begin = served_ask(bridge, served);
	}
}

/* ---- What comes from the using bridge --------------------------------------- */

/* Is this exchange neither here nor one of the newest (3)?  Then it is noted. */
static bool is_new(struct offer *offer, uint64_t sender, uint64_t exchange)
{
	unsigned int place = offer->next_begun;

	if (find(offer, sender, exchange))
		return false;
	for (unsigned int i = 0; i < BEGUN; i++)
		if (offer->begun[i].sender == sender && offer->begun[i].exchange == exchange)
			return false;
	offer->begun[place].sender = sender;
	offer->begun[place].exchange = exchange;
	offer->next_begun = (place + 1) % BEGUN;
	return true;
}

/* 0, or a status and ret_why. */
static int judge(const struct bridge *bridge, const struct bridge_packet *packet,
		 const char **ret_why)
{
	const struct offer *offer = bridge->offer;
	const struct packet *head = &packet->packet;

	*ret_why = "the request has passed more than one bridge";
	if (head->hops != PACKET_HOPS)
		return ELOOP;
	*ret_why = "the service has another contract now";
	if (head->about != offer->description.digest)
		return EPROTOTYPE;
	*ret_why = "the request does not begin with its first part";
	if (head->offset || head->number || head->left < 0 || packet->size > head->total)
		return EPROTO;
	*ret_why = "the request is longer than the message limit of the bridge";
	if (head->total > bridge->options.message_limit)
		return EMSGSIZE;
	*ret_why = "too many requests wait here";
	if (offer->count >= SERVED_MOST || offer->waiting_bytes + packet->size > WAITING_BYTES)
		return ENOBUFS;
	return 0;
}

void served_begin(struct bridge *bridge, struct bridge_packet *packet)
{
	const struct packet *head = &packet->packet;
	struct offer *offer = bridge->offer;
	struct served *served = NULL;
	char text[SLUICE_STATUS_TEXT_MAX + 1];
	const char *why;
	int code;

	if (!is_new(offer, packet->sender, head->exchange))
		return;
	code = judge(bridge, packet, &why);
	if (!code)
		served = calloc(1, sizeof(*served) + offer->held_most * sizeof(served->held[0]));
	if (!served) {
		snprintf(text, sizeof(text), BRIDGE_TEXT "%s", code ? why : "there is no memory");
		send_end(bridge, packet->sender, head->exchange, 0, code ? code : ENOMEM, text);
		return;
	}
	served->sender = packet->sender;
	served->exchange = head->exchange;
	served->head = *head;
	served->first = packet->event;
	packet->event = NULL;
	served->data = packet->data;
	served->size = packet->size;
	served->room = WINDOW;
	served->heard = served->told = sluice_deadline(0);
	served->deadline = head->left ? sluice_deadline(head->left) : 0;
	*offer->last = served;
	offer->last = &served->next;
	offer->count++;
	offer->waiting_bytes += served->size;
	served_again(bridge);
}

static void cancel(struct bridge *bridge, struct served *served)
{
	served->cancelled = true;
	/* A complete request that nobody awaits is sent all the same, unless the service says no. */
	if (served->state == ASKED || served->state == FILLING || !bridge->offer->forgets ||
	    (served->state == WAITING && served->size < served->head.total))
		served_drop(bridge, served);
}

static void part(struct bridge *bridge, struct served *served, const struct bridge_packet *packet)
{
	if (served->state != FILLING || packet->packet.number != served->came ||
	    packet->packet.number >= served->allowed) {
		served_refuse(bridge, served, EPROTO, "a part of the request is missing or repeated");
		return;
	}
	served->came++;
	served_fill(bridge, served, packet->packet.offset, packet->data, packet->size);
}

void served_packet(struct bridge *bridge, struct bridge_packet *packet)
{
	const struct packet *head = &packet->packet;
	struct served *served = find(bridge->offer, packet->sender, head->exchange);

	if (!served) {
		if (head->kind == PACKET_ALIVE || head->kind == PACKET_PART)
			send_end(bridge, packet->sender, head->exchange, UINT64_MAX, ECONNRESET,
				 BRIDGE_TEXT "the request is not known here any more");
		return;
	}
	served->heard = sluice_deadline(0);
	served->known = true;
	if (head->kind == PACKET_CANCEL) {
		cancel(bridge, served);
	} else if (head->kind == PACKET_PART) {
		part(bridge, served, packet);
	} else if (head->kind == PACKET_ALIVE) {
		(void)served_tell(bridge, served, PACKET_HERE, served->sent);
	} else if (head->kind == PACKET_ROOM && served->state == ASKED &&
		   head->number > served->room) {
		/* No more than the window, whatever it says. */
		served->room = head->number - served->sent > WINDOW ? served->sent + WINDOW :
								      head->number;
		served_receive(bridge, served);
		served_send(bridge, served);
	}
}

void served_unheard(struct bridge *bridge, uint64_t receiver, uint64_t exchange)
{
	struct served *served = find(bridge->offer, receiver, exchange);

	if (served)
		served_drop(bridge, served);
}

void served_tick(struct bridge *bridge, int64_t now)
{
	struct served *served, *next;

	for (served = bridge->offer->first; served; served = next) {
		next = served->next;
		if (now - served->heard > bridge->options.timeout)
			served_drop(bridge, served);
		else if (!served->known && now - served->told > HERE_NS)
			(void)served_tell(bridge, served, PACKET_HERE, served->sent);
	}
}

void served_end_all(struct bridge *bridge)
{
	while (bridge->offer && bridge->offer->first) {
		served_refuse(bridge, bridge->offer->first, ECONNRESET,
			      "the offering bridge has ended");
	}
}
