/* SPDX-License-Identifier: MIT */
/* A thread in a domain: what everything made from it shares. */
#ifndef SLUICE_API_NODE_H
#define SLUICE_API_NODE_H

#include <sluice.h>

#include "config/config.h"
#include "api/node_letters.h"
#include "api/node_registration.h"
#include "api/port.h"
#include "api/remarks.h"
#include "base/atomic.h"
#include "base/handles.h"
#include "os/thread.h"
#include "registry/node_entry.h"
#include "wait/spin.h"
#include "wait/wait.h"

/* The owner of a node that has none yet.  No thread has this number, known or not. */
#define NODE_NOBODY	1u

struct sluice_node {
	struct node_entry entry;
	struct wait wait;
	struct spin spin;
	struct node_letters letters;
	struct node_registration registration;
	struct remarks remarks;
	struct wait_source interruption;
	uint32_t interrupted;		/* set by anybody, cleared by our thread */
	struct config config;		/* as it was when the node was made */
	bool asleep;			/* seen by another thread that adopts the node */
	bool waits_briefly;		/* its last wait was short */
	int64_t spin_wanted;		/* by the options */
	struct sluice_service *services;	/* that it has open */
	struct port *ports;
	struct port *cursor;		/* of sluice_node_next() */
	/* Tables of requests and of replies with handles that the library has voided. */
	struct handles_kept *void_requests, *void_replies;
	uint64_t owner;			/* thread_self() of its thread, or NODE_NOBODY */
	uint64_t generation;		/* of forks */
	uint32_t references;
};

/* Handles what a glance has found. */
void node_handle(struct sluice_node *node) COLD;

static inline uint64_t node_has_news(const struct sluice_node *node)
{
	return node->registration.disturbed | node->letters.rest.wanted |
	       wait_may_handle(&node->wait);
}

/*
 * Looks what has happened, without waiting: a few loads, if nothing has.  True: something
 * may have, which was handled.
 */
static inline bool node_glance(struct sluice_node *node)
{
	if (likely(!node_has_news(node)))
		return false;
	node_handle(node);
	return true;
}

/* When the node itself has something to do; CLOCK_NEVER. */
static inline int64_t node_alarm(const struct sluice_node *node)
{
	return min_i64(node->registration.look_at, retry_alarm(&node->letters.rest));
}

/* May this thread, of this process, use the node?  0, -EBUSY or -ECHILD. */
int node_check(const struct sluice_node *node) MUST_CHECK;

/* The same, and the node belongs to this thread from now on. */
int node_claim(struct sluice_node *node) MUST_CHECK COLD;

/* A thread that has the number of the owner is the owner, and in no forked child. */
static inline bool node_is_ours(const struct sluice_node *node)
{
	return load_relaxed(&node->owner) == thread_number;
}

/* As node_claim(). */
static inline int node_enter(struct sluice_node *node)
{
	if (likely(node_is_ours(node)))
		return 0;
	return node_claim(node);
}

/* Is this another process than the one that made the node? */
bool node_is_inherited(const struct sluice_node *node);

/* 0; or -EINTR if somebody has called sluice_node_interrupt(). */
int node_check_interruption(const struct sluice_node *node) MUST_CHECK;

/* The program is told of it now. */
void node_end_interruption(struct sluice_node *node);

struct sluice_node *node_get(struct sluice_node *node);
void node_put(struct sluice_node *node);

void node_add_port(struct sluice_node *node, struct port *port);

/* Harmless if it was not added. */
void node_remove_port(struct sluice_node *node, struct port *port);

#endif /* SLUICE_API_NODE_H */
