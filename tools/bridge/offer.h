/* SPDX-License-Identifier: MIT */
/* The offering bridge: shared by offer.c and served.c. */
#ifndef TOOLS_BRIDGE_OFFER_H
#define TOOLS_BRIDGE_OFFER_H

#include "bridge.h"
#include "description.h"

/* Exchanges at a time, and bytes of requests that wait for their turn. */
#define SERVED_MOST	1024u
#define WAITING_BYTES	((size_t)64 << 20)
/* Requests that are remembered when they are over. */
#define BEGUN		1024u

struct served;

struct offer {
	struct contract contract;	/* as found in the registry */
	struct sluice_service *service;
	struct sluice_client *client;
	struct description description;
	natsSubscription *subscription;	/* to requests; NULL: the service is not offered */
	uint32_t held_most;		/* responses that may be held for a request */
	bool forgets;			/* a request that nobody awaits is sent all the same */
	struct served *first, **last;	/* exchanges, in the order of their requests */
	unsigned int count;
	size_t waiting_bytes;
	int64_t looked;			/* when the registry was read */
	char why[CONTRACT_WHY];		/* why it is not offered: what was printed */
	struct {
		uint64_t sender, exchange;
	} begun[BEGUN];			/* the newest requests */
	unsigned int next_begun;	/* the place that is used next */
};

/* A request from another host, which the packet begins. */
void served_begin(struct bridge *bridge, struct bridge_packet *packet);
/* A packet of an exchange that has begun. */
void served_packet(struct bridge *bridge, struct bridge_packet *packet);
/* Nobody has received a packet of this exchange, which was sent to this bridge. */
void served_unheard(struct bridge *bridge, uint64_t receiver, uint64_t exchange);
/* Responses, or the end of a stream. */
void served_event(struct bridge *bridge, const struct sluice_pending_response *pending);
/* Tries again what there was no room for. */
void served_again(struct bridge *bridge);
void served_tick(struct bridge *bridge, int64_t now);
/* Cancels all exchanges. */
void served_end_all(struct bridge *bridge);

#endif /* TOOLS_BRIDGE_OFFER_H */
