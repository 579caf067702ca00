// SPDX-License-Identifier: MIT
/*
 * The using bridge: a server of the service on its own host, which forwards.
 *
 *	looking --> served --> looking
 *
 *	looking	the contract is asked for, several times a second; nothing is open
 *	served	a bridge has described the service, and the service of that name on this host
 *		has the same contract: the server is there
 *
 *  1. The service is opened with the contract and the settings of the other host.  So the
 *     library compares them with those that it has here, or makes it so, and nothing is
 *     forwarded before that.
 *  2. The question is asked again each second.  If NATS answers that nobody offers the
 *     service, or nobody answers for the timeout, the server goes when its exchanges are
 *     over.  So a client learns at once, with ENOTCONN, that nobody serves.
 *  3. If the contract is another one, service and server are made anew.
 *  4. A request of a client that is a bridge is refused (ELOOP).
 */
#include "use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local.h"
#include "tools/text/text.h"

/* How often the contract is asked for: while the service is served, and while it is not. */
#define ASK_NS		SECOND_NS
#define SEEK_NS		(SECOND_NS / 4)

static void ask(struct bridge *bridge, int64_t now)
{
	struct packet packet = { .kind = PACKET_ASK };

	bridge->use->asked = now;
	if (!bridge->use->unanswered)
		bridge->use->unanswered = now;
	(void)bridge_ask(bridge, &packet, NULL, 0);
}

/* ---- The server ------------------------------------------------------------- */

static void close_server(struct bridge *bridge)
{
	struct use *use = bridge->use;

	if (!use->service)
		return;
	used_end_all(bridge, "the service has gone");
	sluice_server_destroy(use->server);
	sluice_service_close(use->service);
	use->server = NULL;
	use->service = NULL;
}

/* Opens the service as the other host has it (1). */
static void open_server(struct bridge *bridge)
{
	struct use *use = bridge->use;
	struct sluice_service_opts service = use->description.settings;
	uint64_t memory = MEMORY_LIMITS * bridge->options.message_limit;
	const struct sluice_server_opts server = SLUICE_SERVER_OPTS(
		.port = { .name = LOCAL_USE, .ask_when_full = bridge_when_full,
			  .memory_limit = memory },
		.port_memory_limit = memory, .peer_memory_limit = memory);

	service.flags |= chosen_service_flags(&bridge->options.service);
	use->service = sluice_service_open(bridge->node, &use->description.contract, &service);
	use->server = sluice_server_create(use->service, &server);
	if (!use->server) {
		bridge_tell_why(use->why, "serve", sluice_strerror());
		close_server(bridge);
		return;
	}
	use->why[0] = 0;
	bridge_say("serves %s of the network %s; ^C ends it", bridge->options.service.name,
		   bridge->network);
}

static void not_offered(struct bridge *bridge)
{
	bridge->use->offered = false;
	bridge_tell_why(bridge->use->why, "serve", "no host offers it");
	if (!bridge->use->count)
		close_server(bridge);
}

static void described(struct bridge *bridge, const struct bridge_packet *packet)
{
	struct use *use = bridge->use;
	const struct description *old = &use->description;
	bool same = use->server && old->size == packet->size &&
		    memcmp(old->bytes, packet->data, packet->size) == 0;

	use->unanswered = 0;
	use->offered = true;
	if (same)
		return;
	close_server(bridge);
	if (description_read(&use->description, packet->data, packet->size,
			     bridge->options.service.name))
		open_server(bridge);
	else
		bridge_tell_why(use->why, "serve",
				"the other host describes it in a way that is not understood");
}

/* ---- The role --------------------------------------------------------------- */

static int use_start(struct bridge *bridge)
{
	bridge->use = calloc(1, sizeof(*bridge->use));
	return bridge->use ? 0 : -ENOMEM;
}

static void use_up(struct bridge *bridge)
{
	bridge->use->unanswered = 0;
	ask(bridge, sluice_deadline(0));
}

static void use_down(struct bridge *bridge)
{
	used_end_all(bridge, "the connection to NATS is lost");
	close_server(bridge);
}

static void use_packet(struct bridge *bridge, struct bridge_packet *packet)
{
	if (packet->packet.kind == PACKET_CONTRACT)
		described(bridge, packet);
	else
		used_packet(bridge, packet);
}

static void use_unheard(struct bridge *bridge, const struct packet *packet)
{
	if (packet->kind == PACKET_ASK)
		not_offered(bridge);
	else
		used_unheard(bridge, packet);
}

static void use_event(struct bridge *bridge, const struct sluice_event *event)
{
	if (event->kind == SLUICE_EVENT_REQUEST)
		used_event(bridge);
}

static void use_tick(struct bridge *bridge, int64_t now)
{
	struct use *use = bridge->use;

	used_tick(bridge, now);
	if (!use->offered && !use->count)
		close_server(bridge);
	if (!bridge->up || now - use->asked < (use->server ? ASK_NS : SEEK_NS))
		return;
	if (use->unanswered && now - use->unanswered > bridge->options.timeout)
		not_offered(bridge);
	ask(bridge, now);
}

static void use_finish(struct bridge *bridge)
{
	if (!bridge->use)
		return;
	used_end_all(bridge, "the using bridge has ended");
	close_server(bridge);
	free(bridge->use);
}

const struct bridge_role use_role = {
	.start = use_start,
	.up = use_up,
	.down = use_down,
	.packet = use_packet,
	.unheard = use_unheard,
	.event = use_event,
	.again = used_again,
	.tick = use_tick,
	.finish = use_finish,
};
