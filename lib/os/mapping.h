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
	bool locked;		/* memory that is populated from here on is locked too */
};

/*
 * Can mapping_populate() allocate memory of a file that has none?  If not, it is used only
 * where there is some, since a touch could raise a signal.
 */
bool mapping_can_allocate(void) MUST_CHECK;

/* Are mappings kept out of forked children?  Emulators of other machines do not do that. */
bool mapping_can_hide(void) MUST_CHECK;

/* Maps length bytes of fd, all of which exist.  0 or -errno. */
int mapping_map(struct mapping *mapping, int fd, uint64_t length, bool writable) MUST_CHECK;

/*
 * Maps a page of fd without access to it.  The open file then stays until the page is
 * unmapped.  A forked child gets the mapping only if !mapping_can_hide().  0 or -errno.
 */
int mapping_refer(struct mapping *mapping, int fd) MUST_CHECK;

/* Moves *by to the address of *mapping, of the same length, and replaces it.  0 or -errno. */
int mapping_replace(const struct mapping *mapping, struct mapping *by) MUST_CHECK;

/*
 * The same for a window, most of which may lie behind the end of the file: nothing of
 * it is allocated, populated or locked by that.  0, -ENOMEM (also: no address space) or
 * another -errno.
 */
int mapping_window(struct mapping *mapping, int fd, uint64_t length, bool writable) MUST_CHECK;

/*
 * Gives pages to a part that is backed by memory, so that no later access of it faults, and
 * locks it if the mapping is locked.  It populates as far as possible: the rest faults page
 * by page.  0, or as mapping_lock().
 */
int mapping_populate(const struct mapping *mapping, uint64_t offset, uint64_t length,
		     bool writable) MUST_CHECK;

/*
 * Allocates, by a write, a part that the file is long enough for.  It does so as far as
 * possible, and a shortage is no signal.
 */
void mapping_allocate(const struct mapping *mapping, uint64_t offset, uint64_t length);

/*
 * Keeps memory, of whatever kind, from being swapped out until it is unmapped.  0,
 * -ENOMEM or -EPERM (RLIMIT_MEMLOCK).
 */
int mapping_lock(const void *begin, uint64_t length) MUST_CHECK;

/*
 * Moves a window to where huge pages can be mapped, and asks for these; before any of it is
 * populated.  It does so as far as possible.
 */
void mapping_want_huge(struct mapping *mapping);

void mapping_unmap(struct mapping *mapping);

#endif /* SLUICE_OS_MAPPING_H */
