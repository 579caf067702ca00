/* SPDX-License-Identifier: MIT */
/* Address space: mapping memfds, reserving windows, populating in bulk, locking. */
#ifndef SLUICE_OS_MAPPING_H
#define SLUICE_OS_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct mapping {
	unsigned char *base;	/* NULL if there is none */
	uint64_t length;	/* of the address space, mapped or not */
	bool locked;		/* what is populated from here on is locked too */
};

/* Maps length bytes of fd, all of which are there.  0 or -errno. */
int mapping_map(struct mapping *mapping, int fd, uint64_t length, bool writable) MUST_CHECK;

/* Has what is mapped already be of another file, at the same address.  0 or -errno. */
int mapping_replace(const struct mapping *mapping, int fd) MUST_CHECK;

/*
 * The same for a window, most of which may lie behind the end of the file: nothing of
 * it is allocated, populated or locked by that.  0, -ENOMEM (also: no address space) or
 * another -errno.
 */
int mapping_window(struct mapping *mapping, int fd, uint64_t length, bool writable) MUST_CHECK;

/*
 * Gives pages to a part that is backed by memory, so that no later access of it
 * faults, and locks it if the mapping is locked.  Populating works as far as it gets:
 * what is left faults page by page.  0, or as mapping_lock().
 */
int mapping_populate(const struct mapping *mapping, uint64_t offset, uint64_t length,
		     bool writable) MUST_CHECK;

/*
 * Has a write allocate a part that the file is long enough for.  Works as far as it
 * gets, and a shortage is no signal.
 */
void mapping_allocate(const struct mapping *mapping, uint64_t offset, uint64_t length);

/*
 * Keeps memory, of whatever kind, from being swapped out until it is unmapped.  0,
 * -ENOMEM or -EPERM (RLIMIT_MEMLOCK).
 */
int mapping_lock(const void *begin, uint64_t length) MUST_CHECK;

/*
 * Has a window begin where huge pages can lie, and asks for these; before any of it is
 * populated.  Works as far as it gets.
 */
void mapping_want_huge(struct mapping *mapping);

void mapping_unmap(struct mapping *mapping);

#endif /* SLUICE_OS_MAPPING_H */
