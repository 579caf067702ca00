/* SPDX-License-Identifier: MIT */
/* Descriptors that are kept free for a purpose. */
#ifndef SLUICE_OS_RESERVE_H
#define SLUICE_OS_RESERVE_H

#include "base/attributes.h"

#define RESERVE_SIZE	2

struct reserve {
	int fds[RESERVE_SIZE];	/* -1: not there */
};

/* There is nothing in it yet. */
void reserve_init(struct reserve *reserve);

/* Takes what is missing, as duplicates of fd.  0; or -errno: some is still missing. */
int reserve_fill(struct reserve *reserve, int fd) MUST_CHECK;

/* Gives all of it up: as many descriptors can be opened now. */
void reserve_release(struct reserve *reserve);

#endif /* SLUICE_OS_RESERVE_H */
