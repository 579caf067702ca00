/* SPDX-License-Identifier: MIT */
/* Files that say by a lock that their maker is alive. */
#ifndef SLUICE_REGISTRY_PRESENCE_H
#define SLUICE_REGISTRY_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

/*
 * A new file of this mode that holds record and is locked, for this process alone or
 * shared with others, but has no name yet; whose tells what for, if it fails.  A
 * descriptor, which keeps the lock, or -errno.
 */
int presence_make(int at, const char *whose, mode_t mode, const void *record, size_t size,
		  bool shared) MUST_CHECK;

/* Gives it its name.  0, -EEXIST (quiet) or another -errno. */
int presence_name(int fd, int at, const char *name) MUST_CHECK;

/* Both at once.  A descriptor, -EEXIST (quiet) or another -errno. */
int presence_create(int at, const char *name, mode_t mode, const void *record, size_t size,
		    bool shared) MUST_CHECK;

/* Removes a file that nobody holds locked.  Did it? */
bool presence_remove_dead(int at, const char *name);

/* What is to be known, and done, before the file of the dead is removed. */
struct presence_burial {
	void *record;		/* room for it */
	size_t size;
	/* Whether it is one that may be removed; NULL: any is, even none. */
	bool (*is_known)(const void *record);
	/* Whether it says that its maker is dead, although it is locked; or NULL. */
	bool (*is_dead)(const void *record);
	/*
	 * Removes what else the record tells of, if it is the user's whose the record is.  0;
	 * or -errno, and the file stays.
	 */
	int (*clear)(void *context, const void *record, uid_t user);
	void *context;
	bool keep;		/* only find out whether it would be removed */
};

/*
 * The same with a record, which is read, asked and cleared up after.  1: it was removed;
 * 0: its maker lives, somebody else is removing it, it has gone or is not known; or -errno,
 * quiet.
 */
int presence_bury(int at, const char *name, const struct presence_burial *burial);

/* Does this name still stand for the file behind fd? */
bool presence_is(int at, const char *name, int fd);

/*
 * Removes whatever has taken a name that is for nobody but the caller; 0 or -errno.  Or
 * makes way under one that others may have too: the living stay.
 */
int presence_evict(int at, const char *name) MUST_CHECK;
void presence_clear(int at, const char *name);

/* Reads a whole record.  0, or -errno; quiet. */
int presence_read(int at, const char *name, void *record, size_t size) MUST_CHECK;

#endif /* SLUICE_REGISTRY_PRESENCE_H */
