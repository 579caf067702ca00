/* SPDX-License-Identifier: MIT */
/* Presence files: a lock on such a file says that its maker is alive. */
#ifndef SLUICE_REGISTRY_PRESENCE_H
#define SLUICE_REGISTRY_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

/*
 * Makes a file of this mode that contains record, has no name yet, and is locked: for this
 * process alone, or shared with others.  whose is for the sentence of a failure.  Returns a
 * descriptor, which keeps the lock, or -errno.
 */
int presence_make(int at, const char *whose, mode_t mode, const void *record, size_t size,
		  bool shared) MUST_CHECK;

/* Gives the file its name.  0, -EEXIST (quiet) or another -errno. */
int presence_name(int fd, int at, const char *name) MUST_CHECK;

/* Makes a file with a name.  A descriptor, -EEXIST (quiet) or another -errno. */
int presence_create(int at, const char *name, mode_t mode, const void *record, size_t size,
		    bool shared) MUST_CHECK;

/* Removes a file that nobody holds locked.  True: it did. */
bool presence_remove_dead(int at, const char *name);

/* How the file of a dead process is recognised, and what is removed before it. */
struct presence_burial {
	void *record;		/* room for it */
	size_t size;
	/* May a file with this record be removed?  NULL: yes, even without a record. */
	bool (*is_known)(const void *record);
	/* Does the record say that its maker is dead, although the file is locked?  Or NULL. */
	bool (*is_dead)(const void *record);
	/*
	 * Removes the other things that the record names, if they belong to the user whose
	 * record it is.  0; or -errno, and the file stays.
	 */
	int (*clear)(void *context, const void *record, uid_t user);
	void *context;
	bool keep;		/* only find out whether the file would be removed */
};

/*
 * Reads the record of a file, and removes the file and what the record names if its maker is
 * dead.  1: it was removed; 0: its maker lives, another process is removing it, it has gone,
 * or it may not be removed; or -errno, quiet.
 */
int presence_bury(int at, const char *name, const struct presence_burial *burial);

/* Does this name still lead to the file behind fd? */
bool presence_is(int at, const char *name, int fd);

/*
 * presence_evict() removes anything that stands under a name which only the caller may have;
 * 0 or -errno.  presence_clear() does that under a name which others may have too: the file
 * of a live process stays.
 */
int presence_evict(int at, const char *name) MUST_CHECK;
void presence_clear(int at, const char *name);

/* Reads a whole record.  0, or -errno; quiet. */
int presence_read(int at, const char *name, void *record, size_t size) MUST_CHECK;

#endif /* SLUICE_REGISTRY_PRESENCE_H */
