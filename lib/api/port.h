/* SPDX-License-Identifier: MIT */
/* A port, as its node sees a client or a server. */
#ifndef SLUICE_API_PORT_H
#define SLUICE_API_PORT_H

#include <stdbool.h>

#include <sluice.h>

struct port;

struct port_ops {
	/* A letter has come: some service has changed. */
	void (*letter)(struct port *port);
	/* Lets go of what has gone, and does what is due by now. */
	void (*tend)(struct port *port);
	/* When something will be due; CLOCK_NEVER. */
	int64_t (*alarm)(const struct port *port);
	/* Has all peers ring that may have something for us.  0 or -errno. */
	int (*arm)(struct port *port);
	/* Can anything be received? */
	bool (*ready)(const struct port *port);
	/* Another thread has the node now: live handles are no longer the first one's. */
	void (*adopted)(struct port *port);
	/* Something that can be received, and was not told since the port was rewound. */
	bool (*next)(struct port *port, struct sluice_event *event);
};

/* Peers that came and went. */
struct port_changes {
	uint32_t came;
	uint32_t went;
	int reason;			/* why the last one went: an errno */
};

/* Embedded in a client or a server; a node has a list of them. */
struct port {
	const struct port_ops *ops;
	struct sluice_client *client;	/* one of these, until the user destroys it */
	struct sluice_server *server;
	struct port *next;
	struct port_changes changes;	/* since the last wait of the node */
	struct port_changes told;	/* by that wait, and not yet asked for */
	uint32_t cursor;		/* of ops->next(); its own business */
};

/* A peer has come; one has gone, for a reason. */
void port_peer_came(struct port *port);
void port_peer_went(struct port *port, int reason);

/* The user has destroyed it: nothing is told any more but what is still held. */
void port_disown(struct port *port);

/* Has anybody come or gone since the last wait? */
bool port_has_changed(const struct port *port);

/* A wait has ended: what it has found is told next, what was told before is forgotten. */
void port_rewind(struct port *port);

/* The next thing that the wait has found. */
bool port_next(struct port *port, struct sluice_event *event);

#endif /* SLUICE_API_PORT_H */
