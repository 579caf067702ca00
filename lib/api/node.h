/* SPDX-License-Identifier: MIT */
/* A thread's seat: what everything made from it shares. */
#ifndef SLUICE_API_NODE_H
#define SLUICE_API_NODE_H

#include <sluice.h>

#include "link/seat.h"
#include "link/wait.h"

/* Somebody who wants to know that a letter has come. */
struct node_listener {
	void (*look)(struct node_listener *listener);
	struct node_listener *next;
};

struct sluice_node {
	struct seat seat;
	struct wait wait;
	struct wait_source mailbox;
	struct node_listener *listeners;
	uint64_t owner;			/* thread_self() of its thread; 0: none yet */
	uint64_t generation;		/* of forks */
	uint32_t references;
};

/* May this thread, of this process, use the node?  0, -EBUSY or -ECHILD. */
int node_check(const struct sluice_node *node) MUST_CHECK;

/* Is this another process than the one that made the node? */
bool node_is_inherited(const struct sluice_node *node);

/* The same, and the node belongs to this thread from now on. */
int node_enter(struct sluice_node *node) MUST_CHECK;

struct sluice_node *node_get(struct sluice_node *node);
void node_put(struct sluice_node *node);

void node_listen(struct sluice_node *node, struct node_listener *listener);
void node_unlisten(struct sluice_node *node, struct node_listener *listener);

#endif /* SLUICE_API_NODE_H */
