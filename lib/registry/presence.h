/* SPDX-License-Identifier: MIT */
/* Presence files: a lock on such a file says that its maker is alive. */
#ifndef SLUICE_REGISTRY_PRESENCE_H
#define SLUICE_REGISTRY_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "os/identity.h"
#include "os/mapping.h"

/* A presence file of this process, and what keeps its lock: the descriptor or the mapping. */
struct presence {
	struct identity identity;
	struct mapping page;	/* of the file; or there is none */
	int fd;			/* -1: the mapping keeps the lock */
};

/* Does a mapping keep the lock of a file, on the file system with this device? */
struct lock_keeping {
	bool by_mapping;
	dev_t device;
};

/* What a presence file is made of. */
struct presence_file {
	const char *whose;	/* for the sentence of a failure */
	mode_t mode;
	const void *record;
	size_t size;
	bool shared;		/* the lock, with others; else it is for this process alone */
	bool mapped;		/* for writing */
};

/* Nothing is kept. */
static inline struct presence presence_none(void)
{
	return (struct presence){ .fd = -1 };
}

static inline bool presence_is_kept(const struct presence *presence)
{
	return presence->fd >= 0 || presence->page.base;
}

/* Makes a file that is locked but has no name yet.  It is open.  0 or -errno. */
int presence_make(struct presence *ret_presence, int at,
		  const struct presence_file *file) MUST_CHECK;

/*
 * Finds out, with a file that was just made, whether a mapping keeps its lock.  The file
 * stays open.  0 or -errno.
 */
int presence_try_mapping(struct presence *presence, struct lock_keeping *ret_keeping) MUST_CHECK;

/* Gives the file behind fd its name.  0, -EEXIST (quiet) or another -errno. */
int presence_name(int fd, int at, const char *name) MUST_CHECK;

/* A file that has a name. */
struct presence_link {
	int at;
	const char *name;
};

/*
 * Gives it a further name.  presence_has() tells whether the file is still the one that is
 * meant.  0, -EEXIST (quiet) or another -errno.
 */
int presence_name_again(const struct presence_link *link, int at, const char *name) MUST_CHECK;

/* The file has its name.  Closes the descriptor, if the mapping keeps the lock. */
void presence_settle(struct presence *presence, const struct lock_keeping *keeping);

/* Lets go of the lock.  Harmless if nothing is kept. */
void presence_let_go(struct presence *presence);

/* Does this name still lead to it? */
static inline bool presence_has(int at, const char *name, const struct presence *presence)
{
	return identity_is(at, name, &presence->identity);
}

/* A descriptor of it, while it has this name; -ENOENT (quiet) or another -errno. */
int presence_reopen(const struct presence *presence, int at, const char *name,
		    int flags) MUST_CHECK;

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

/* Does this -errno say that this process lacks something, and that it may succeed later? */
bool presence_is_lack(int r) MUST_CHECK;

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
