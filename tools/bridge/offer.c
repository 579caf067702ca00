// SPDX-License-Identifier: MIT
/*
 * The offering bridge: a client of the local service, and a subscriber to its requests.
 *
 *	absent --> open --> offered
 *	   ^        |  ^       |
 *	   \--------/  \-------/
 *
 *	absent	no server of a program lives; nothing is open.  So the service can vanish, and
 *		come back with another contract.
 *	open	the service is open and has a client, which has no server yet, or exchanges
 *		that are not over
 *	offered	subscribed: requests come, and questions for the contract
 *
 * look() makes the transitions: with each change of servers, and when it is time.
 *
 *  1. The bridge subscribes only while a server of a program is connected.  So NATS tells a
 *     using bridge at once that nobody serves.
 *  2. The bridge does not offer a service that has a server of a using bridge in the same
 *     domain: the client could send it a request that has come over the network.
 *  3. Each request names the digest of the contract that was compared.  If the service has
 *     another one by now the request is refused, and its bridge compares again.
 */
#include "offer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local.h"
#include "tools/text/text.h"

/* How often the registry is read: while the service is offered, and while it is not. */
#define LOOK_NS		SECOND_NS
#define SEEK_NS		(SECOND_NS / 4)

/* ---- Opening and closing ---------------------------------------------------- */

static void close_service(struct offer *offer)
{
	sluice_client_destroy(offer->client);
	sluice_service_close(offer->service);
	contract_free(&offer->contract);
	memset(&offer->contract, 0, sizeof(offer->contract));
	offer->client = NULL;
	offer->service = NULL;
}

static void open_service(struct bridge *bridge)
{
	const struct chosen_service *chosen = &bridge->options.service;
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | chosen_service_flags(chosen));
	const struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.port = { .name = LOCAL_OFFER, .ask_when_full = bridge_when_full,
			  .memory_limit = MEMORY_LIMITS * bridge->options.message_limit });
	struct sluice_service_opts settings = SLUICE_SERVICE_OPTS();
	struct offer *offer = bridge->offer;
	char why[CONTRACT_WHY];

	if (contract_find(&offer->contract, chosen->domain, chosen->name, why) < 0) {
		bridge_tell_why(offer->why, "offer", why);
		contract_free(&offer->contract);
		return;
	}
	offer->service = sluice_service_open(bridge->node, &offer->contract.contract, &service);
	offer->client = sluice_client_create(offer->service, &client);
	if (!offer->client) {
		bridge_tell_why(offer->why, "offer", sluice_strerror());
		close_service(offer);
		return;
	}
	sluice_service_settings(offer->service, &settings);
	offer->held_most = settings.max_borrowed_responses_per_pending_response;
	offer->forgets = !(settings.flags & SLUICE_SERVICE_NO_FIRE_AND_FORGET);
	description_write(&offer->description, offer->service, &offer->contract.contract);
}

/* ---- Offering --------------------------------------------------------------- */

static void subscribe(struct bridge *bridge)
{
	char subject[SUBJECT_SIZE];
	struct offer *offer = bridge->offer;

	if (offer->subscription || !bridge->up)
		return;
	subject_service(subject, bridge->network, bridge->options.service.name);
	offer->subscription = link_subscribe(bridge->link, subject, "offer");
	if (!offer->subscription)
		return;
	offer->why[0] = 0;
	bridge_say("offers %s of the network %s; ^C ends it", bridge->options.service.name,
		   bridge->network);
}

static void unsubscribe(struct offer *offer)
{
	link_unsubscribe(offer->subscription);
	offer->subscription = NULL;
}

static void look(struct bridge *bridge)
{
	const struct chosen_service *chosen = &bridge->options.service;
	struct local_servers servers = { 0 };
	struct offer *offer = bridge->offer;

	offer->looked = sluice_deadline(0);
	(void)local_count(chosen->domain, chosen->name, &servers);
	if (servers.servers && !servers.bridges && !offer->service)
		open_service(bridge);
	if (servers.servers && !servers.bridges && offer->client) {
		if (sluice_client_wait_servers(offer->client, 1, SLUICE_NOWAIT) > 0)
			subscribe(bridge);
		return;
	}
	unsubscribe(offer);
	if (servers.bridges)
		bridge_tell_why(offer->why, "offer",
				"it has a server of \"sluice bridge use\" here, which would send "
				"its requests back");
	else if (!servers.servers)
		bridge_tell_why(offer->why, "offer", "it has no server here");
	if (offer->service && !offer->count)
		close_service(offer);
}

/* ---- The role --------------------------------------------------------------- */

static int offer_start(struct bridge *bridge)
{
	bridge->offer = calloc(1, sizeof(*bridge->offer));
	if (!bridge->offer)
		return -ENOMEM;
	bridge->offer->last = &bridge->offer->first;
	return 0;
}

static void offer_up(struct bridge *bridge)
{
	look(bridge);
}

static void offer_down(struct bridge *bridge)
{
	unsubscribe(bridge->offer);
	served_end_all(bridge);
}

static void describe(struct bridge *bridge, uint64_t to)
{
	struct packet packet = { .kind = PACKET_CONTRACT };
	const struct description *description = &bridge->offer->description;

	(void)bridge_send(bridge, to, &packet, description->bytes, description->size);
}

static void offer_packet(struct bridge *bridge, struct bridge_packet *packet)
{
	if (!bridge->offer->client)
		return;
	if (packet->packet.kind == PACKET_ASK)
		describe(bridge, packet->sender);
	else if (packet->packet.kind == PACKET_REQUEST)
		served_begin(bridge, packet);
	else
		served_packet(bridge, packet);
}

static void offer_unheard(struct bridge *bridge, const struct packet *packet)
{
	if (packet->kind != PACKET_CONTRACT)
		served_unheard(bridge, packet->about, packet->exchange);
}

static void offer_event(struct bridge *bridge, const struct sluice_event *event)
{
	if (event->kind == SLUICE_EVENT_RESPONSE)
		served_event(bridge, event->pending);
	else
		look(bridge);
}

static void offer_tick(struct bridge *bridge, int64_t now)
{
	served_tick(bridge, now);
	if (now - bridge->offer->looked >= (bridge->offer->subscription ? LOOK_NS : SEEK_NS))
		look(bridge);
}

static void offer_finish(struct bridge *bridge)
{
	struct offer *offer = bridge->offer;

	if (!offer)
		return;
	unsubscribe(offer);
	served_end_all(bridge);
	close_service(offer);
	free(offer);
}

const struct bridge_role offer_role = {
	.start = offer_start,
	.up = offer_up,
	.down = offer_down,
	.packet = offer_packet,
	.unheard = offer_unheard,
	.event = offer_event,
	.again = served_again,
	.tick = offer_tick,
	.finish = offer_finish,
};
