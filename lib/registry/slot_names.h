/* SPDX-License-Identifier: MIT */
/* One of a limited number of names in a directory. */
#ifndef SLUICE_REGISTRY_SLOT_NAMES_H
#define SLUICE_REGISTRY_SLOT_NAMES_H

#include <stdbool.h>

#include "registry/node_entry.h"

/* Names role.0 to role.<limit - 1> in the directory at. */
struct slot_names {
	int at;
	const char *role;
	uint32_t limit;
	/* Removes an entry of the dead, even if a lock is held.  Did it? */
	bool (*remove_dead)(const void *context, const char *name);
	const void *context;
};

/*
 * Gives the presence file behind fd the first name that nobody has; looks for those of
 * the dead if there is none.  0, -EEXIST (quiet: all are taken) or another -errno.
 */
int slot_names_claim(const struct slot_names *names, int fd,
		     char ret_name[NODE_ENTRY_NAME_SIZE]) MUST_CHECK;

#endif /* SLUICE_REGISTRY_SLOT_NAMES_H */
