/* SPDX-License-Identifier: MIT */
/* A node's entry in its domain, and its mailbox. */
#ifndef SLUICE_REGISTRY_NODE_ENTRY_H
#define SLUICE_REGISTRY_NODE_ENTRY_H

#include <stdbool.h>

#include "registry/root.h"
#include "os/process.h"

struct node_entry {
	struct root root;
	struct process owner;
	uint64_t id;
	struct presence presence;
	int mailbox_fd;
	struct identity mailbox;	/* the file that its name leads to */
	uint32_t wait;			/* as others are told */
	uint32_t rewritten;		/* how often its entries were written again */
	bool leaves_names;		/* that could not be removed; node_entry_leaves() says so */
	char name[SLUICE_NODE_NAME_SIZE];	/* zero-padded */
};

/* Names of entries: an id in hexadecimal, and the same with a suffix for its socket. */
#define NODE_ENTRY_NAME_SIZE 32
void node_entry_name(char name[NODE_ENTRY_NAME_SIZE], uint64_t id, const char *suffix);

/*
 * Enters the domain.  name may be NULL.  After a success the directories are held, and
 * root_release() follows.  0 or -errno.
 */
int node_entry_create(struct node_entry *node, const char *root, const char *domain,
		      const char *name, uint32_t wait) MUST_CHECK;

/*
 * Every name that a node has made is removed through these, wherever it is.  A name that stays
 * is told by r, which is -errno: of its removal, or of what that needs.  It is nothing to tell
 * if r is -ENOENT (it has gone), -EPERM (it is another user's) or not negative.
 */
void node_entry_leaves(struct node_entry *node, int r);
void node_entry_unlink(struct node_entry *node, int at, const char *name, int flags);

/*
 * Leaves the domain.  If names are left that could not be removed, the entry stays as that of
 * a dead node does, and a sweep removes all of it: here, or by the next process.
 */
void node_entry_remove(struct node_entry *node);

/*
 * Writes directories and entries that others have removed again.  1: something was written;
 * 0: all was there; or -errno, and a later call writes what is missing.  A mailbox that was
 * replaced stays open: from then on its descriptor is the caller's.
 */
int node_entry_renew(struct node_entry *node) MUST_CHECK;

/* Do all names lead to the directories and files that are open? */
bool node_entry_is_there(const struct node_entry *node) MUST_CHECK;

/* Counts one more renewal in the entry, where others can read it. */
void node_entry_count_rewritten(struct node_entry *node);

/* Has an inode_watch say when node_entry_is_there() may change.  0 or -errno, quiet. */
int node_entry_watch(struct node_entry *node, int watch) MUST_CHECK;

/* Sends a letter: the other node shall look at a service again.  0 or -errno (quiet). */
int node_entry_notify(struct node_entry *node, uint64_t other, uint64_t service) MUST_CHECK;

/*
 * Removes the entry of a dead node, in nodes/ or in a service, after its mailbox; or, with
 * keep, only finds out whether it would.  Entries of other versions stay.  1, and its record;
 * or as presence_bury().
 */
int node_entry_bury(int at, const char *name, bool keep,
		    struct sluice_registry_node *ret_record) MUST_CHECK;

/* A letter from the mailbox. */
struct node_letter {
	bool in_order;			/* it has the right form, and the kernel names its sender */
	uid_t user;			/* who has sent it */
};

/* Takes one packet out of the mailbox.  1; 0 (there is none); or -errno. */
int node_entry_next_letter(const struct node_entry *node,
			   struct node_letter *ret_letter) MUST_CHECK;

#endif /* SLUICE_REGISTRY_NODE_ENTRY_H */
