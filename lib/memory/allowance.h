/* SPDX-License-Identifier: MIT */
/* The memory that all pools of a port may have together, and those of one peer process. */
#ifndef SLUICE_MEMORY_ALLOWANCE_H
#define SLUICE_MEMORY_ALLOWANCE_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

/* The account of one process at the other end of one or more channels. */
struct allowance {
	struct allowance *next;
	struct ucred user;		/* the process */
	uint64_t bytes;			/* in use */
	uint32_t references;
};

/* The account of a port. */
struct allowances {
	uint64_t limit;			/* of all pools, in whole pages */
	uint64_t peer_limit;		/* of those of one process */
	uint64_t bytes;			/* in use */
	struct allowance *peers;	/* those that have pools */
};

/* The account of a process, for one more pool.  NULL with errno ENOMEM. */
struct allowance *allowance_get(struct allowances *all, const struct ucred *user) MUST_CHECK;
void allowance_put(struct allowances *all, struct allowance *peer);

/* A pool of this process has grown by so many bytes; a number that wraps makes it less. */
void allowance_count(struct allowances *all, struct allowance *peer, uint64_t bytes);

/* Bytes by which a pool of this process may grow, as far as other pools are concerned. */
uint64_t allowance_room(const struct allowances *all, const struct allowance *peer);

/*
 * Reports that there is no room for so many bytes more.  -ENOMEM, with a sentence on what
 * uses them.
 */
int allowance_refuse(const struct allowances *all, const struct allowance *peer,
		     uint64_t bytes) COLD;

#endif /* SLUICE_MEMORY_ALLOWANCE_H */
