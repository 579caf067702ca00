/* SPDX-License-Identifier: MIT */
/* Owners, groups and modes of the registry's directories. */
#ifndef SLUICE_REGISTRY_ACCESS_H
#define SLUICE_REGISTRY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "os/identity.h"

/* The modes of the entries in a root, or in a service. */
struct access {
	mode_t directory;	/* only its maker makes entries in it */
	mode_t meeting;		/* everybody who may enter it makes entries in it */
	mode_t file;
	mode_t socket;
};

/* No group is asked for: a directory gets the one that the directory above it gives. */
#define ACCESS_ANY_GROUP	((gid_t)-1)

/* The modes of everything below a root directory, from the mode of the root. */
struct access access_of_root(const struct stat *root);

/* The modes of a service, from its settings.mode. */
struct access access_of_service(uint32_t mode);

/* May other users than the one who made it enter? */
static inline bool access_is_shared(const struct access *access)
{
	return access->meeting & 077;
}

/* How a directory is made. */
struct access_making {
	mode_t mode;		/* exactly, whatever the umask is */
	gid_t group;
};

/*
 * Makes a directory.  Returns a descriptor, and says which directory it is; -EEXIST or -ENOENT
 * (both quiet), -EPERM (this user is not in the group) or another -errno.
 */
int access_make_directory(int at, const char *name, const struct access_making *making,
			  struct identity *ret_identity) MUST_CHECK;

/*
 * The same for a name that other processes may be making too.  They see the directory only
 * with its final mode and group.  If another process was faster, its directory stays, unless
 * it is empty: then it is replaced, and its users make their entries again.  0 or -errno.
 */
int access_make_aside(int at, const char *name, const struct access_making *making) MUST_CHECK;

/*
 * Opens a directory that is safe to use: it is no symbolic link, it is sticky if others can
 * write it, and it belongs to this user or root, or with anybody to any user.  Returns a
 * descriptor, -ENOENT (quiet), -EACCES or another -errno.
 */
int access_open_directory(int at, const char *name, bool anybody) MUST_CHECK;

/* The same, and also says which directory it is. */
int access_find_directory(int at, const char *name, bool anybody,
			  struct identity *ret_identity) MUST_CHECK;

/*
 * Opens a directory again, with the same checks.  *identity says which it was.  If the name
 * leads to another directory now: -ENOENT.
 */
int access_reopen_directory(int at, const char *name, bool anybody,
			    const struct identity *identity) MUST_CHECK;

#endif /* SLUICE_REGISTRY_ACCESS_H */
