/* SPDX-License-Identifier: MIT */
/*
 * sluice bridge - shared by its files
 *
 *	bridge.c	the verb, and the loop of the bridge's thread
 *	options.c	the command line
 *	offer.c		the offering bridge: its service, its subscription
 *	served.c	requests that came from other hosts
 *	served_request.c	how one of them is put together and sent
 *	served_response.c	its stream of responses
 *	use.c		the using bridge: the remote service, its local server
 *	used.c		requests that go to other hosts
 *	used_response.c	the stream of responses of one of them
 *	local.c		which ports of a service belong to bridges
 *	message.c	a message in parts
 *	description.c	what a service is, as bytes
 *	packet.c	the header of a packet
 *	subject.c	the subjects of NATS
 *	link.c		the connection to NATS
 */
#ifndef TOOLS_BRIDGE_H
#define TOOLS_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice.h>

#include "link.h"
#include "message.h"
#include "packet.h"
#include "subject.h"
#include "tools/chosen_service.h"
#include "tools/contract.h"
#include "tools/text/say.h"

/* How often a bridge looks at everything that no event tells of. */
#define TICK_NS		INT64_C(100000000)
/* The pause before a message for which there was no room is tried again. */
#define HURRY_NS	INT64_C(2000000)
/* Beginning of the sentences of a bridge in a status; those of servers have none. */
#define BRIDGE_TEXT	"bridge: "

/* Memory of a port of a bridge, in messages of the longest kind. */
#define MEMORY_LIMITS	8

struct bridge;
struct offer;
struct use;

struct bridge_options {
	bool offers;			/* else it uses */
	struct chosen_service service;
	const char *network;		/* NULL: the name of the domain */
	const char *url, *credentials, *ca;
	uint64_t message_limit;		/* bytes of a message */
	int64_t timeout;		/* after which a silent bridge is taken for dead */
};

/* A packet that was received. */
struct bridge_packet {
	struct packet packet;
	uint64_t sender;
	const void *data;
	size_t size;
	struct link_event *event;	/* owns data; set to NULL by who keeps it */
};

/* What offering and using bridges do. */
struct bridge_role {
	int (*start)(struct bridge *bridge);		/* 0, or -ENOMEM */
	void (*up)(struct bridge *bridge);		/* connected, with a new number */
	void (*down)(struct bridge *bridge);		/* the connection is lost */
	void (*packet)(struct bridge *bridge, struct bridge_packet *packet);
	void (*unheard)(struct bridge *bridge, const struct packet *packet);
	void (*event)(struct bridge *bridge, const struct sluice_event *event);
	void (*again)(struct bridge *bridge);		/* after hurry was set */
	void (*tick)(struct bridge *bridge, int64_t now);
	void (*finish)(struct bridge *bridge);
};

extern const struct bridge_role offer_role, use_role;

struct bridge {
	struct bridge_options options;
	const char *network;
	const struct bridge_role *role;
	struct offer *offer;		/* of the role */
	struct use *use;		/* likewise */
	struct sluice_node *node;
	struct link *link;
	natsSubscription *inbox;
	uint64_t id;			/* of this connection */
	bool up;			/* connected */
	bool hurry;			/* something must be tried again soon */
	bool closed;			/* the connection does not come back */
	char error[LINK_WHY];		/* the last that was printed */
	unsigned char stage[STAGE];
};

#define bridge_say(...)	say("bridge", __VA_ARGS__)

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
int bridge_parse(struct bridge_options *options, int argc, char **argv);

/* Sends a packet to a bridge, or to one that offers the service.  0, or -ENOTCONN. */
int bridge_send(struct bridge *bridge, uint64_t to, struct packet *packet, const void *data,
		size_t size);
int bridge_ask(struct bridge *bridge, struct packet *packet, const void *data, size_t size);

/* Prints why the service is not offered or served, if that is not in why already. */
void bridge_tell_why(char why[CONTRACT_WHY], const char *verb, const char *sentence);

/* ask_when_full of the ports: fails at once, so that the thread never sleeps in a send. */
int bridge_when_full(const struct sluice_full *full, void *context);

/* Bytes that a part may have now. */
size_t bridge_part_most(struct bridge *bridge);

#endif /* TOOLS_BRIDGE_H */
