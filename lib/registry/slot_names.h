/* SPDX-License-Identifier: MIT */
/* One of a limited number of names in a directory. */
#ifndef SLUICE_REGISTRY_SLOT_NAMES_H
#define SLUICE_REGISTRY_SLOT_NAMES_H

#include <stdbool.h>

#include "registry/node_entry.h"
#include "registry/presence.h"

/* The names role.0 to role.<limit - 1> in a directory. */
struct slot_names {
	int at;
	const char *role;
	uint32_t limit;
	/* Removes the entry of a dead process, even if a lock is held.  True: it did. */
	bool (*remove_dead)(const void *context, const char *name);
	const void *context;
	/* The file that gets a further name; or NULL: the file behind fd gets the name. */
	const struct presence_link *link;
};

/*
 * Gives the presence file behind fd the first free name.  If none is free, removes the names of
 * dead processes.  0, -EEXIST (quiet: all are taken) or another -errno.
 */
int slot_names_claim(const struct slot_names *names, int fd,
		     char ret_name[NODE_ENTRY_NAME_SIZE]) MUST_CHECK;

#endif /* SLUICE_REGISTRY_SLOT_NAMES_H */
