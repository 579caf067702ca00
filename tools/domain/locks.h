/* SPDX-License-Identifier: MIT */
/* Which files somebody holds a flock of. */
#ifndef TOOLS_LOCKS_H
#define TOOLS_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. */
struct locks {
	uint64_t *inode;		/* of those files, sorted, each once */
	size_t count, room;
	bool unlisted;			/* this machine has no list of locks */
};

/*
 * Adds those of the kernel's list, which has all that processes with a pid here hold.  How
 * many are new, or -errno.
 */
int locks_read(struct locks *locks);

/* The same, until there is nothing new.  0 or -errno. */
int locks_read_again(struct locks *locks);

/* One that was found otherwise, to be had from the next reading on.  0 or -ENOMEM. */
int locks_add(struct locks *locks, uint64_t inode);

/* One that is of no account. */
void locks_drop(struct locks *locks, uint64_t inode);

bool locks_have(const struct locks *locks, uint64_t inode);
void locks_free(struct locks *locks);

#endif /* TOOLS_LOCKS_H */
