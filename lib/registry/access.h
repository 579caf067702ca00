/* SPDX-License-Identifier: MIT */
/* Who may do what in the directories of the registry. */
#ifndef SLUICE_REGISTRY_ACCESS_H
#define SLUICE_REGISTRY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/compiler.h"

/* The modes of what is in a root, or in a service. */
struct access {
	mode_t directory;	/* in which its maker alone makes entries */
	mode_t meeting;		/* in which everybody does who may */
	mode_t file;
	mode_t socket;
};

/* No group is asked for; a directory has that which the one above it gives. */
#define ACCESS_ANY_GROUP	((gid_t)-1)

/* The access to all below a root directory, from that of the root itself. */
struct access access_of_root(const struct stat *root);

/* The access to a service, from its settings.mode. */
struct access access_of_service(uint32_t mode);

/* May anybody enter but the user who made it? */
static inline bool access_is_shared(const struct access *access)
{
	return access->meeting & 077;
}

/*
 * Makes a directory with exactly this mode, whatever the umask is, and this group.  A
 * descriptor, -EEXIST or -ENOENT (both quiet), -EPERM (not in the group) or another
 * -errno.
 */
int access_make_directory(int at, const char *name, mode_t mode, gid_t group) MUST_CHECK;

/*
 * The same for a name that others may be making too: they see it with all of its access.
 * Whoever was faster has made as good a one; an empty one of ours is replaced, and its
 * users make it once more.  0 or -errno.
 */
int access_make_aside(int at, const char *name, mode_t mode, gid_t group) MUST_CHECK;

/*
 * Opens a directory that is safe to use: no symbolic link, not writable by others unless
 * it is sticky, and of this user or root; or, with anybody, of any user.  A descriptor,
 * -ENOENT (quiet), -EACCES or another -errno.
 */
int access_open_directory(int at, const char *name, bool anybody) MUST_CHECK;

#endif /* SLUICE_REGISTRY_ACCESS_H */
