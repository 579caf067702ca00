/* SPDX-License-Identifier: MIT */
/* Seeing to it that others find what a node has registered. */
#ifndef SLUICE_API_NODE_REGISTRATION_H
#define SLUICE_API_NODE_REGISTRATION_H

#include "wait/wait.h"

struct sluice_node;
struct sluice_service;
struct port;

struct node_registration {
	struct wait_source watch;	/* its fd is -1 if there is none */
	bool complete;			/* the kernel tells of every entry */
	bool disturbed;			/* something was taken away, or may have been */
	int64_t look_at;		/* CLOCK_NEVER: not before the kernel tells */
	int64_t pause;			/* until it is tried again, if it fails */
};

/* Begins with the node's own entry, and ends. */
void node_registration_init(struct sluice_node *node);
void node_registration_deinit(struct sluice_node *node);

/* One more to see to, which has just been registered. */
void node_registration_add_service(struct sluice_service *service);
void node_registration_add_port(struct sluice_node *node, const struct port *port);

/*
 * Before something is made in a node, or also in a service: what is above it is written
 * again if it was taken away.  0; or -errno, if that cannot be done.
 */
int node_registration_check(struct sluice_node *node,
			    const struct sluice_service *service) MUST_CHECK;

/* Looks, if it is time to, and writes again what was taken away. */
void node_registration_tend(struct sluice_node *node);

#endif /* SLUICE_API_NODE_REGISTRATION_H */
