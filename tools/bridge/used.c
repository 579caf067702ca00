// SPDX-License-Identifier: MIT
/*
 * Requests that go to other hosts, at the using bridge.
 *
 *	received --> sent --> responses --> ended, freed
 *
 * The first part of a request goes to one of the bridges that offer the service, which NATS
 * chooses.  The first packet that comes back tells which one it is.  Further parts go to that
 * bridge, as many as it has room for.
 *
 *  1. Each request is ended once: as the server on the other host has ended it, or with a
 *     status of this bridge.
 *  2. Only the bridge that was the first to answer is listened to.
 *  3. RESPONSE and END are numbered from 0 without a gap.  If a number is missing, packets were
 *     lost, and the request ends with ECONNRESET.
 *  4. If nothing comes for the timeout, it ends with ECONNRESET.  After a second of silence the
 *     other bridge is asked whether it still has the request.
 *  5. A request whose client has gone is cancelled there, when it was sent completely.
 *  6. A packet of an unknown exchange is answered with CANCEL, if it is of a kind that only an
 *     offering bridge sends.  CANCEL and END are never answered, so no two packets can answer
 *     each other for ever, whoever claims to have sent them.
 *  7. An exchange has at most WINDOW + 1 packets here (used_response.c).
 */
#include "use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local.h"
#include "tools/text/text.h"

/* The silence after which the other bridge is asked. */
#define ALIVE_NS	SECOND_NS

/* ---- The list --------------------------------------------------------------- */

static struct used *find(struct use *use, uint64_t exchange)
{
	struct used *used = use->first;

	while (used && used->exchange != exchange)
		used = used->next;
	return used;
}

static void drop(struct bridge *bridge, struct used *used)
{
	struct used **at = &bridge->use->first;

	while (*at != used)
		at = &(*at)->next;
	*at = used->next;
	bridge->use->count--;
	for (unsigned int i = 0; i < used->waiting; i++)
		link_event_free(used->backlog[i]);
	(void)sluice_reply_release(used->reply);
	(void)sluice_active_request_release(used->request);
	free(used);
}

void used_tell(struct bridge *bridge, struct used *used, enum packet_kind kind, uint64_t number)
{
	struct packet packet = {
		.kind = (uint8_t)kind, .exchange = used->exchange, .number = number,
	};

	used->told = sluice_deadline(0);
	if (used->peer)
		(void)bridge_send(bridge, used->peer, &packet, NULL, 0);
}

void used_end(struct bridge *bridge, struct used *used, int code, const char *text)
{
	(void)sluice_reply_release(used->reply);
	used->reply = NULL;
	/* It fails if a reply was marked as the last: then the stream has ended before. */
	if (code && sluice_active_request_end(used->request, code, text) == 0)
		used->request = NULL;
	drop(bridge, used);
}

void used_fail(struct bridge *bridge, struct used *used, int code, const char *why)
{
	char text[SLUICE_STATUS_TEXT_MAX + 1];

	snprintf(text, sizeof(text), BRIDGE_TEXT "%s", why);
	used_tell(bridge, used, PACKET_CANCEL, 0);
	used_end(bridge, used, code, text);
}

/* ---- The request ------------------------------------------------------------ */

/* Has a bridge sent it?  Its client is looked up in the registry once. */
static bool is_bridges(struct bridge *bridge, uint64_t client)
{
	const struct chosen_service *chosen = &bridge->options.service;
	struct use *use = bridge->use;
	unsigned int i = 0;

	while (i < KNOWN_CLIENTS && use->known[i].client != client)
		i++;
	if (i < KNOWN_CLIENTS)
		return use->known[i].is_bridge;
	i = use->next_known++ % KNOWN_CLIENTS;
	use->known[i].client = client;
	use->known[i].is_bridge = local_is_bridge(chosen->domain, chosen->name, client);
	return use->known[i].is_bridge;
}

/* 0, or a status and ret_why. */
static int judge(struct bridge *bridge, struct used *used, const char **ret_why)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();
	int fd = sluice_active_request_take_fd(used->request);

	if (fd >= 0)
		close(fd);
	(void)sluice_active_request_info(used->request, &info);
	*ret_why = "the request has a descriptor, which cannot go to another host";
	if (fd >= 0)
		return EOPNOTSUPP;
	*ret_why = "the request has come from another host, and is not sent on";
	if (is_bridges(bridge, info.client))
		return ELOOP;
	*ret_why = "the request is longer than the message limit of the bridge";
	if (outgoing_total(&used->outgoing) > bridge->options.message_limit)
		return EMSGSIZE;
	*ret_why = "no host offers the service";
	if (!bridge->use->offered)
		return ENOTCONN;
	return 0;
}

/* Sends one part.  0, or -ENOTCONN. */
static int send_part(struct bridge *bridge, struct used *used)
{
	struct outgoing *out = &used->outgoing;
	struct packet packet = {
		.kind = used->sent ? PACKET_PART : PACKET_REQUEST, .hops = PACKET_HOPS,
		.exchange = used->exchange, .number = used->sent,
		.total = outgoing_total(out), .offset = out->offset,
	};
	const void *part;
	size_t size = outgoing_part(out, bridge_part_most(bridge), bridge->stage, &part);
	int64_t deadline = used->request->deadline, now = sluice_deadline(0);
	int r;

	if (used->sent) {
		r = bridge_send(bridge, used->peer, &packet, part, size);
	} else {
		packet.about = bridge->use->description.digest;
		packet.left = !deadline ? 0 : deadline > now ? deadline - now : 1;
		r = bridge_ask(bridge, &packet, part, size);
	}
	if (r < 0)
		return r;
	used->sent++;
	used->told = now;
	out->offset += size;
	return 0;
}

static void send_parts(struct bridge *bridge, struct used *used)
{
	while (!outgoing_is_done(&used->outgoing) && used->sent < used->room) {
		if (send_part(bridge, used) < 0) {
			used_fail(bridge, used, ECONNRESET, "the connection to NATS is lost");
			return;
		}
	}
}

static void begin(struct bridge *bridge, struct used *used)
{
	const char *why;
	int code = judge(bridge, used, &why);

	if (code)
		used_fail(bridge, used, code, why);
	else if (send_part(bridge, used) < 0)
		used_fail(bridge, used, ENOTCONN, "there is no connection to NATS");
}

static void take(struct bridge *bridge, struct sluice_active_request *request)
{
	struct use *use = bridge->use;
	struct used *used = calloc(1, sizeof(*used));

	if (!used) {
		(void)sluice_active_request_end(request, ENOMEM, BRIDGE_TEXT "there is no memory");
		return;
	}
	used->exchange = ++use->newest;
	used->request = request;
	used->outgoing = (struct outgoing){
		.header = request->header, .data = request->data,
		.header_size = (size_t)use->description.contract.request_header.size,
		.size = request->size,
	};
	used->allowed = WINDOW;
	used->heard = sluice_deadline(0);
	used->next = use->first;
	use->first = used;
	use->count++;
	begin(bridge, used);
}

void used_event(struct bridge *bridge)
{
	struct sluice_active_request *request;

	while (bridge->use->server &&
	       (request = sluice_server_receive(bridge->use->server, SLUICE_NOWAIT)))
		take(bridge, request);
}

/* ---- What comes from the other bridge --------------------------------------- */

/* RESPONSE or END: it waits for its turn, and the event is kept. */
static void append(struct bridge *bridge, struct used *used, struct bridge_packet *packet)
{
	const struct packet *head = &packet->packet;
	bool is_end = head->kind == PACKET_END;

	/* A bridge that does not know the exchange numbers its END so. */
	if (is_end && head->number == UINT64_MAX) {
		used_fail(bridge, used, ECONNRESET, "the other host has lost the request");
		return;
	}
	if (head->number != used->came) {
		used_fail(bridge, used, ECONNRESET, "packets from the other host were lost");
		return;
	}
	if (!is_end && head->number >= used->allowed) {
		used_fail(bridge, used, EPROTO, "the other host sends more than there is room for");
		return;
	}
	used->came++;
	used->backlog[used->waiting] = packet->event;
	used->backlog_head[used->waiting++] = *head;
	packet->event = NULL;
	used_deliver(bridge, used);
}

void used_packet(struct bridge *bridge, struct bridge_packet *packet)
{
	const struct packet *head = &packet->packet;
	struct packet cancel = { .kind = PACKET_CANCEL, .exchange = head->exchange };
	struct used *used = find(bridge->use, head->exchange);

	if (!used && (head->kind == PACKET_RESPONSE || head->kind == PACKET_HERE ||
		      head->kind == PACKET_ROOM))
		(void)bridge_send(bridge, packet->sender, &cancel, NULL, 0);
	if (!used)
		return;
	if (!used->peer)
		used->peer = packet->sender;
	if (used->peer != packet->sender)
		return;
	used->heard = sluice_deadline(0);
	if (head->kind == PACKET_RESPONSE || head->kind == PACKET_END) {
		append(bridge, used, packet);
	} else if (head->kind == PACKET_ROOM && head->number > used->room) {
		/* No more than the window, whatever it says. */
		used->room = head->number - used->sent > WINDOW ? used->sent + WINDOW :
								  head->number;
		send_parts(bridge, used);
	} else if (head->kind == PACKET_HERE && head->number > used->came) {
		used_fail(bridge, used, ECONNRESET, "packets from the other host were lost");
	}
}

void used_unheard(struct bridge *bridge, const struct packet *packet)
{
	struct used *used = find(bridge->use, packet->exchange);

	if (!used)
		return;
	if (packet->kind == PACKET_REQUEST)
		used_fail(bridge, used, ENOTCONN, "no host offers the service");
	else
		used_fail(bridge, used, ECONNRESET, "the bridge of the other host has gone");
}

/* ---- Turns ------------------------------------------------------------------ */

void used_again(struct bridge *bridge)
{
	struct used *used, *next;

	for (used = bridge->use->first; used; used = next) {
		next = used->next;
		used_deliver(bridge, used);
	}
}

static void look(struct bridge *bridge, struct used *used, int64_t now)
{
	if (outgoing_is_done(&used->outgoing) &&
	    sluice_active_request_is_connected(used->request) == 0) {
		used_tell(bridge, used, PACKET_CANCEL, 0);
		used_end(bridge, used, 0, NULL);
	} else if (now - used->heard > bridge->options.timeout) {
		used_fail(bridge, used, ECONNRESET, "the other host is silent");
	} else if (now - used->told > ALIVE_NS) {
		used_tell(bridge, used, PACKET_ALIVE, used->came);
	}
}

void used_tick(struct bridge *bridge, int64_t now)
{
	struct used *used, *next;

	for (used = bridge->use->first; used; used = next) {
		next = used->next;
		look(bridge, used, now);
	}
}

void used_end_all(struct bridge *bridge, const char *why)
{
	while (bridge->use && bridge->use->first)
		used_fail(bridge, bridge->use->first, ECONNRESET, why);
}
