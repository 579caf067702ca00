/* SPDX-License-Identifier: MIT */
/* Everything that dead processes have left in a domain. */
#ifndef SLUICE_REGISTRY_LEFTOVERS_H
#define SLUICE_REGISTRY_LEFTOVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/root.h"

/* The numbers are those of enum sluice_leftover_kind. */
enum leftover_kind {
	LEFTOVER_NODE = 1,
	LEFTOVER_PORT = 2,
	LEFTOVER_SERVICE = 3,
	LEFTOVER_REMAINS = 4,
	LEFTOVER_DOMAIN = 5,
	LEFTOVER_DIRECTORY = 6,
};

struct leftover {
	enum leftover_kind kind;
	const char *entry;
	const char *name;	/* given by its program; or NULL */
	const char *service;	/* of a port, or NULL */
	uint64_t id;
	uint32_t pid;
	int error;		/* -errno: it could not be looked at or removed; or 0 */
};

struct leftovers {
	bool keep;		/* only look */
	bool anybody;		/* the directories may belong to any user */
	/* Called with each leftover; -errno ends the walk. */
	int (*found)(void *context, const struct leftover *leftover);
	void *context;
};

/* Goes through a domain and removes leftovers.  0, or the failure of found(). */
int leftovers_walk(const struct leftovers *leftovers, int domain_fd) MUST_CHECK;

/*
 * Removes an empty domain, as its last node would have done.  A process that needs it makes
 * it again.  0, or the failure of found().
 */
int leftovers_remove_domain(const struct leftovers *leftovers, int root_fd, int domain_fd,
			    const char *domain) MUST_CHECK;

#endif /* SLUICE_REGISTRY_LEFTOVERS_H */
