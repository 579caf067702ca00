/* SPDX-License-Identifier: MIT */
/* The using bridge: shared by use.c and used*.c. */
#ifndef TOOLS_BRIDGE_USE_H
#define TOOLS_BRIDGE_USE_H

#include "bridge.h"
#include "description.h"

/* Clients of which it is remembered whether they are bridges. */
#define KNOWN_CLIENTS	256u

/* A request that goes to another host. */
struct used {
	struct used *next;
	uint64_t exchange;
	uint64_t peer;			/* the bridge that has it; 0: not known yet */
	struct sluice_active_request *request;
	struct outgoing outgoing;	/* the request */
	uint64_t sent;			/* number of the next PART */
	uint64_t room;			/* below which PARTs may be sent */
	uint64_t came;			/* number of the next RESPONSE or END */
	uint64_t allowed;		/* below which RESPONSE may come */
	uint64_t delivered;		/* packets that the client has */
	struct link_event *backlog[WINDOW + 1];	/* RESPONSE and END that wait for their turn */
	struct packet backlog_head[WINDOW + 1];
	unsigned int waiting;		/* of these */
	struct sluice_reply *reply;	/* being put together, or waiting for room */
	struct incoming incoming;
	bool last;			/* the reply is the last of its stream */
	int64_t heard, told;		/* when something came; when something was sent */
};

struct use {
	struct description description;	/* of the remote service */
	struct sluice_service *service;
	struct sluice_server *server;
	struct used *first;
	unsigned int count;
	uint64_t newest;		/* number of the newest exchange */
	bool offered;			/* as far as known */
	int64_t asked;			/* when the contract was asked for */
	int64_t unanswered;		/* since when no answer has come; 0: the newest did */
	char why[CONTRACT_WHY];		/* why it is not served: what was printed */
	struct {
		uint64_t client;
		bool is_bridge;
	} known[KNOWN_CLIENTS];
	unsigned int next_known;	/* the place that is used next */
};

/* Requests are there. */
void used_event(struct bridge *bridge);
/* A packet of an exchange, or nobody has received one. */
void used_packet(struct bridge *bridge, struct bridge_packet *packet);
void used_unheard(struct bridge *bridge, const struct packet *packet);
/* Tries again what there was no room for. */
void used_again(struct bridge *bridge);
void used_tick(struct bridge *bridge, int64_t now);
/* Ends all exchanges with ECONNRESET. */
void used_end_all(struct bridge *bridge, const char *why);

/* Sends a packet without payload to the bridge that has the request. */
void used_tell(struct bridge *bridge, struct used *used, enum packet_kind kind, uint64_t number);
/* Ends the client's stream with a status, or without one if code is 0; and frees it. */
void used_end(struct bridge *bridge, struct used *used, int code, const char *text);
/* The same with a sentence of ours, and the other bridge is told that it is over. */
void used_fail(struct bridge *bridge, struct used *used, int code, const char *why);
/* Gives the client what has come, as far as there is room.  It may be freed. */
void used_deliver(struct bridge *bridge, struct used *used);

#endif /* TOOLS_BRIDGE_USE_H */
