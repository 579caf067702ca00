/* SPDX-License-Identifier: MIT */
/* A node's place among those that have a service open. */
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
 * Takes another if others have taken the name away, or the node's file is another.  1, 0
 * (nothing was to do) or as membership_take(), and then it is tried again by a later call.
 */
int membership_renew(struct membership *membership, const struct service_dir *dir,
		     uint32_t limit) MUST_CHECK;

/* Has the node its place, if it had one? */
bool membership_is_there(const struct membership *membership, const struct service_dir *dir) MUST_CHECK;

/* Harmless if none was taken. */
void membership_leave(struct membership *membership, const struct service_dir *dir);

/* Is this name in ports/ that of a node? */
bool membership_is(const char *name) MUST_CHECK;

#endif /* SLUICE_REGISTRY_MEMBERSHIP_H */
