/* SPDX-License-Identifier: MIT */
/* A node's place among those that have a service open. */
#ifndef SLUICE_LINK_MEMBERSHIP_H
#define SLUICE_LINK_MEMBERSHIP_H

#include "link/service_dir.h"

struct membership {
	char name[SEAT_NAME_SIZE];	/* in ports/; empty: none */
};

/* Takes one of limit places.  0, -EUSERS (none is free) or another -errno. */
int membership_take(struct membership *membership, const struct service_dir *dir,
		    uint32_t limit) MUST_CHECK;

/* Harmless if none was taken. */
void membership_leave(struct membership *membership, const struct service_dir *dir);

#endif /* SLUICE_LINK_MEMBERSHIP_H */
