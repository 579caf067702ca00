/* SPDX-License-Identifier: MIT */
/* The letters that come into a node's mailbox. */
#ifndef SLUICE_API_NODE_LETTERS_H
#define SLUICE_API_NODE_LETTERS_H

#include <stdint.h>

#include "wait/retry.h"
#include "wait/wait.h"

struct sluice_node;

struct node_letters {
	struct wait_source mailbox;
	struct retry rest;		/* letters wait, or may have been lost */
	int64_t since;			/* when the window began */
	unsigned int read;		/* in it */
};

/* Watches the mailbox; harmless if it is watched already.  0 or -errno. */
int node_letters_watch(struct sluice_node *node) MUST_CHECK;

/* Is the mailbox not watched, although no time for that is set? */
static inline bool node_letters_are_missed(const struct node_letters *letters)
{
	return !letters->mailbox.watched && !letters->rest.wanted;
}

/* If it is time: reads the waiting letters, and looks at the services in case one was lost. */
void node_letters_tend(struct sluice_node *node);

#endif /* SLUICE_API_NODE_LETTERS_H */
