/* SPDX-License-Identifier: MIT */
/* Which files of this machine somebody holds a flock of. */
#ifndef SLUICE_OS_FLOCKS_H
#define SLUICE_OS_FLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Begins as zeros. */
struct flocks {
	uint64_t *inode;	/* of those files; sorted, each once */
	size_t count, room;
	bool unlisted;		/* this machine has no list of locks */
};

/*
 * Adds the files of the kernel's list, which has the locks of all processes that have a
 * pid where it is read.  Returns how many files are new, or -errno.
 */
int flocks_read(struct flocks *flocks) MUST_CHECK;

/* Reads the list until nothing is new.  0 or -errno. */
int flocks_read_again(struct flocks *flocks) MUST_CHECK;

/* Adds a file that is known to be locked; it counts from the next reading on.  0 or -ENOMEM. */
int flocks_add(struct flocks *flocks, uint64_t inode) MUST_CHECK;

/* Forgets a file whose lock says nothing. */
void flocks_drop(struct flocks *flocks, uint64_t inode);

bool flocks_have(const struct flocks *flocks, uint64_t inode);
void flocks_free(struct flocks *flocks);

#endif /* SLUICE_OS_FLOCKS_H */
