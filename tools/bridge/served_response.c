// SPDX-License-Identifier: MIT
/*
 * The stream of responses to a request that came from another host.
 *
 *	local servers --> held[] --> parts --> END
 *
 *  1. A response is held until its last part was sent.  Only held[0] is sent.
 *  2. No more responses are received than a client may hold.  What is not received stays at
 *     the server, as the service says: it waits, or pushes older ones out.
 *  3. END follows the last part, and the exchange is freed with it.
 *  4. A response with a descriptor ends the exchange with EOPNOTSUPP.
 */
#include "served.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void shift(struct served *served)
{
	(void)sluice_response_release(served->held[0]);
	served->held_count--;
	memmove(served->held, served->held + 1, served->held_count * sizeof(served->held[0]));
	served->begun = false;
}

static void begin_response(struct bridge *bridge, struct served *served)
{
	const struct sluice_contract *contract = &bridge->offer->contract.contract;
	const struct sluice_response *response = served->held[0];

	served->begun = true;
	served->outgoing = (struct outgoing){
		.header = response->header, .data = response->data,
		.header_size = (size_t)contract->response_header.size, .size = response->size,
	};
}

/* Sends one part.  0, or -ENOTCONN. */
static int send_part(struct bridge *bridge, struct served *served)
{
	struct sluice_response_info info = SLUICE_RESPONSE_INFO();
	struct outgoing *out = &served->outgoing;
	struct packet packet = {
		.kind = PACKET_RESPONSE, .exchange = served->exchange, .number = served->sent,
		.total = outgoing_total(out), .offset = out->offset,
	};
	const void *part;
	size_t size = outgoing_part(out, bridge_part_most(bridge), bridge->stage, &part);

	(void)sluice_response_info(served->held[0], &info);
	packet.flags = info.last ? PACKET_LAST : 0;
	if (bridge_send(bridge, served->sender, &packet, part, size) < 0)
		return -ENOTCONN;
	served->sent++;
	served->told = sluice_deadline(0);
	out->offset += size;
	if (outgoing_is_done(out))
		shift(served);
	return 0;
}

/* Sends what is held, as far as there is room, and then the end.  It may be freed. */
void served_send(struct bridge *bridge, struct served *served)
{
	while (served->held_count && served->sent < served->room) {
		if (!served->begun)
			begin_response(bridge, served);
		if (send_part(bridge, served) < 0)
			return;		/* the connection is lost, which ends all exchanges */
	}
	if (!served->held_count && served->ended)
		served_end(bridge, served, served->code, served->text);
}

/* Notes how the stream has ended. */
static void note_end(struct served *served, int error)
{
	struct sluice_status status = SLUICE_STATUS();

	served->ended = true;
	if (error == EPIPE)
		return;
	served->code = error;
	if (error == EREMOTEIO && sluice_pending_response_status(served->pending, &status) > 0) {
		served->code = status.code;
		memcpy(served->text, status.text, sizeof(served->text));
	} else {
		snprintf(served->text, sizeof(served->text), BRIDGE_TEXT "%s", sluice_strerror());
	}
}

static void close_fd(struct served *served, int fd)
{
	close(fd);
	served->ended = true;
	served->code = EOPNOTSUPP;
	snprintf(served->text, sizeof(served->text),
		 BRIDGE_TEXT "a response has a descriptor, which cannot go to another host");
}

/* Takes what has come from the servers: as much as may be held (2). */
void served_receive(struct bridge *bridge, struct served *served)
{
	while (!served->ended && served->held_count < bridge->offer->held_most) {
		struct sluice_response *response;
		int fd;

		response = sluice_pending_response_receive(served->pending, SLUICE_NOWAIT);
		if (!response && errno != EAGAIN && errno != EINTR &&
		    !(errno == ENOBUFS && sluice_pending_response_has_response(served->pending)))
			note_end(served, errno);
		if (!response)
			return;
		served->held[served->held_count++] = response;
		fd = sluice_response_take_fd(response);
		if (fd >= 0) {
			served->held_count--;
			(void)sluice_response_release(response);
			close_fd(served, fd);
		}
	}
}

void served_event(struct bridge *bridge, const struct sluice_pending_response *pending)
{
	struct served *served = bridge->offer->first;

	while (served && served->pending != pending)
		served = served->next;
	if (!served)
		return;
	served_receive(bridge, served);
	served_send(bridge, served);
}

