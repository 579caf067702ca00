/* SPDX-License-Identifier: MIT */
/* What all pools of a port may have together, and those of one peer process. */
#ifndef SLUICE_MEMORY_ALLOWANCE_H
#define SLUICE_MEMORY_ALLOWANCE_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

/* Of one process at the other end of one or more channels. */
struct allowance {
	struct allowance *next;
	struct ucred user;		/* the process */
	uint64_t bytes;			/* in use */
	uint32_t references;
};

/* Of a port. */
struct allowances {
	uint64_t limit;			/* of all pools, in whole pages */
	uint64_t peer_limit;		/* of those of one process */
	uint64_t bytes;			/* in use */
	struct allowance *peers;	/* those that have pools */
};

/* That of a process, for a pool more.  NULL with errno ENOMEM. */
struct allowance *allowance_get(struct allowances *all, const struct ucred *user) MUST_CHECK;
void allowance_put(struct allowances *all, struct allowance *peer);

/* A pool of this process has so many bytes more; less is more by a number that wraps. */
void allowance_count(struct allowances *all, struct allowance *peer, uint64_t bytes);

/* Bytes that a pool of this process may have more, for others' sake. */
uint64_t allowance_room(const struct allowances *all, const struct allowance *peer);

/* There is no room for so many more.  -ENOMEM, and who has what there is. */
int allowance_refuse(const struct allowances *all, const struct allowance *peer,
		     uint64_t bytes) COLD;

#endif /* SLUICE_MEMORY_ALLOWANCE_H */
