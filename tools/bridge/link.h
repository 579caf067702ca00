/* SPDX-License-Identifier: MIT */
/* The connection to NATS: what its threads receive, as a queue for one thread. */
#ifndef TOOLS_BRIDGE_LINK_H
#define TOOLS_BRIDGE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nats/nats.h>

#define LINK_WHY	256	/* a sentence */

struct link;

struct link_opts {
	const char *url;
	const char *name;		/* shown by the NATS server */
	const char *credentials;	/* a file; NULL: none */
	const char *ca;			/* a file of certificates to trust; NULL: none */
};

enum link_kind {
	LINK_MESSAGE = 1,	/* msg was received */
	LINK_UP,		/* connected, the first time or again */
	LINK_DOWN,		/* the connection is lost; libnats connects again */
	LINK_CLOSED,		/* and it does not any more; why says the reason */
	LINK_ERROR,		/* something else, which why says */
};

struct link_event {
	enum link_kind kind;
	natsMsg *msg;
	char why[LINK_WHY];
	struct link_event *next;
};

/* Begins to connect.  NULL, and a sentence in ret_why. */
struct link *link_open(const struct link_opts *opts, char ret_why[LINK_WHY]);

void link_close(struct link *link);

/* Readable when link_next() has something. */
int link_fd(const struct link *link);

/* The next event, to be given to link_event_free(); NULL: there is none now. */
struct link_event *link_next(struct link *link);
void link_event_free(struct link_event *event);

/* 0, or -ENOTCONN. */
int link_publish(struct link *link, const char *subject, const char *reply, const void *data,
		 size_t size);

/* queue: the name of a queue group, or NULL.  NULL: not connected. */
natsSubscription *link_subscribe(struct link *link, const char *subject, const char *queue);
void link_unsubscribe(natsSubscription *subscription);

/* The bytes that one message may have now. */
size_t link_payload_most(struct link *link);

#endif /* TOOLS_BRIDGE_LINK_H */
