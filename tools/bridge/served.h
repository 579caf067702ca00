/* SPDX-License-Identifier: MIT */
/* A request that came from another host: shared by served*.c. */
#ifndef TOOLS_BRIDGE_SERVED_H
#define TOOLS_BRIDGE_SERVED_H

#include "offer.h"

enum served_state { WAITING, FILLING, READY, ASKED };

struct served {
	struct served *next;
	uint64_t sender, exchange;
	enum served_state state;
	bool known;			/* the using bridge knows who has the exchange */
	bool cancelled;			/* nobody wants responses */
	struct packet head;		/* of the first packet */
	int64_t deadline;		/* 0: none */
	struct link_event *first;	/* WAITING: the first packet */
	const void *data;		/* its payload */
	size_t size;
	struct sluice_request *request;	/* FILLING, READY */
	struct incoming incoming;
	uint64_t came;			/* number of the next PART */
	uint64_t allowed;		/* below which PARTs may come */
	struct sluice_pending_response *pending;
	struct outgoing outgoing;	/* of held[0], if begun */
	bool begun;
	uint64_t sent;			/* number of the next packet */
	uint64_t room;			/* below which RESPONSE may be sent */
	int64_t heard, told;		/* when something came; when something was sent */
	bool ended;			/* the stream has; code and text say how */
	int code;
	char text[SLUICE_STATUS_TEXT_MAX + 1];
	unsigned int held_count;
	struct sluice_response *held[];
};

/* Sends a packet without payload.  0, or -ENOTCONN. */
int served_tell(struct bridge *bridge, struct served *served, enum packet_kind kind,
		uint64_t number);

/* Gives back all that it holds, and frees it: local servers see that it was cancelled. */
void served_drop(struct bridge *bridge, struct served *served);
/* Gives the first packet back, if it is kept. */
void served_drop_first(struct offer *offer, struct served *served);

/* Tells the using bridge how the stream has ended, and frees it; with a sentence of ours. */
void served_end(struct bridge *bridge, struct served *served, int code, const char *text);
void served_refuse(struct bridge *bridge, struct served *served, int code, const char *why);

/* WAITING: loans a request.  False: it must go on waiting.  It may be freed. */
bool served_load(struct bridge *bridge, struct served *served);
/* FILLING: takes a part, which may be the last one.  It may be freed. */
void served_fill(struct bridge *bridge, struct served *served, uint64_t offset,
		 const void *data, size_t size);
/* READY: sends it.  False: there is no room for it now.  It may be freed. */
bool served_ask(struct bridge *bridge, struct served *served);

/* ASKED: takes what has come from the servers. */
void served_receive(struct bridge *bridge, struct served *served);
/* ASKED: sends that, as far as there is room, and then the end.  It may be freed. */
void served_send(struct bridge *bridge, struct served *served);

#endif /* TOOLS_BRIDGE_SERVED_H */
