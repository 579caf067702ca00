/* SPDX-License-Identifier: MIT */
/* Keeping the entries of a node in the registry. */
#ifndef SLUICE_API_NODE_REGISTRATION_H
#define SLUICE_API_NODE_REGISTRATION_H

#include "wait/wait.h"

struct sluice_node;
struct sluice_service;
struct port;

struct node_registration {
	struct wait_source watch;	/* its fd is -1 if there is none */
	bool unwatched;			/* not complete, which was remarked on */
	bool complete;			/* the kernel reports changes of every entry */
	uint64_t disturbed;			/* an entry was removed, or may have been */
	int64_t look_at;		/* CLOCK_NEVER: not before the kernel reports a change */
	int64_t pause;			/* until the next try, after a failure */
};

/*
 * Makes the watch.  Fills it, when the node's own entry is there.  Ends it, at any time after
 * it was made.
 */
void node_registration_init(struct sluice_node *node);
void node_registration_begin(struct sluice_node *node);
void node_registration_deinit(struct sluice_node *node);

/* Closes the watch to free its descriptor.  The next look makes it again. */
void node_registration_spare_watch(struct sluice_node *node);

/* Adds a service that has just been registered. */
void node_registration_add_service(struct sluice_service *service);
void node_registration_add_port(struct sluice_node *node, const struct port *port);

/*
 * Called before something is made in a node, or in a service of it: entries above it that
 * were removed are written again.  0; or -errno, if that cannot be done.
 */
int node_registration_check(struct sluice_node *node,
			    const struct sluice_service *service) MUST_CHECK;

/* If it is time: looks, and writes again what was removed. */
void node_registration_tend(struct sluice_node *node);

#endif /* SLUICE_API_NODE_REGISTRATION_H */
