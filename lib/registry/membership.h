/* SPDX-License-Identifier: MIT */
/* A node's place among the nodes that have a service open. */
#ifndef SLUICE_REGISTRY_MEMBERSHIP_H
#define SLUICE_REGISTRY_MEMBERSHIP_H

#include "registry/service_dir.h"

struct membership {
	char name[NODE_ENTRY_NAME_SIZE]; /* in ports/; empty: none */
};

/* Takes one of limit places.  0, -EUSERS (none is free) or another -errno. */
int membership_take(struct membership *membership, const struct service_dir *dir,
		    uint32_t limit) MUST_CHECK;

/*
 * Takes another place if the name has gone, or if the node's file is a new one.  1; 0: there
 * was nothing to do; or as membership_take(), and a later call tries again.
 */
int membership_renew(struct membership *membership, const struct service_dir *dir,
		     uint32_t limit) MUST_CHECK;

/* Is the node's name still there, if it has one? */
bool membership_is_there(const struct membership *membership, const struct service_dir *dir) MUST_CHECK;

/* Gives the place back, if there is one. */
void membership_leave(struct membership *membership, const struct service_dir *dir);

/* Is this name in ports/ the name of a node? */
bool membership_is(const char *name) MUST_CHECK;

#endif /* SLUICE_REGISTRY_MEMBERSHIP_H */
