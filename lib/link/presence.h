/* SPDX-License-Identifier: MIT */
/* Files that say by a lock that their maker is alive. */
#ifndef SLUICE_LINK_PRESENCE_H
#define SLUICE_LINK_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/*
 * A new file that holds record and is locked from before it gets its name, for
 * this process alone or shared with others.  A descriptor, which keeps the lock;
 * -EEXIST (quiet) or another -errno.
 */
int presence_create(int at, const char *name, const void *record, size_t size,
		    bool shared) MUST_CHECK;

/* Removes a file that nobody holds locked.  Did it? */
bool presence_remove_dead(int at, const char *name);

/* The same, after what() has been done with the record of the dead. */
bool presence_bury(int at, const char *name, void *record, size_t size,
		   void (*what)(void *context, const void *record), void *context);

/* Does this name still stand for the file behind fd? */
bool presence_is(int at, const char *name, int fd);

/* Reads a whole record.  0, or -errno; quiet. */
int presence_read(int at, const char *name, void *record, size_t size) MUST_CHECK;

#endif /* SLUICE_LINK_PRESENCE_H */
