/* SPDX-License-Identifier: MIT */
/* Descriptors that are kept free for a purpose. */
#ifndef SLUICE_OS_RESERVE_H
#define SLUICE_OS_RESERVE_H

#include "base/compiler.h"

#define RESERVE_SIZE	8

struct reserve {
	int fds[RESERVE_SIZE];	/* -1: not there */
};

/* Makes an empty reserve. */
void reserve_init(struct reserve *reserve);

/*
 * Fills the first so many places, as duplicates of fd.  0; or -errno: some are still
 * missing.
 */
int reserve_fill(struct reserve *reserve, int fd, unsigned int count) MUST_CHECK;

/* Closes all but the first so many: as many descriptors can be opened now. */
void reserve_shrink(struct reserve *reserve, unsigned int count);

/* Closes all of them. */
static inline void reserve_release(struct reserve *reserve)
{
	reserve_shrink(reserve, 0);
}

#endif /* SLUICE_OS_RESERVE_H */
