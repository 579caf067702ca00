/* SPDX-License-Identifier: MIT */
/* The directories below which processes find each other. */
#ifndef SLUICE_REGISTRY_ROOT_H
#define SLUICE_REGISTRY_ROOT_H

#include <limits.h>
#include <stdbool.h>

#include <sluice/registry.h>

#include "base/compiler.h"
#include "registry/access.h"
#include "os/identity.h"

struct root {
	char path[PATH_MAX];	/* of the domain */
	size_t base;		/* length of the part of it that is the root's */
	struct identity slash;	/* what "/" was */
	struct access access;	/* of what is below */
	gid_t group;		/* of directories below */
	bool anybody;		/* may have made them */
	bool made;		/* some of them, while it was opened */
	int domain_fd;
	int nodes_fd;
	int services_fd;
};

/*
 * path and domain may be NULL, and then are the default.  0, -EACCES (not safe to use),
 * -EINVAL or -errno.
 */
int root_open(struct root *root, const char *path, const char *domain) MUST_CHECK;

/* A root directory as it was found, by who only looks. */
struct root_found {
	char path[PATH_MAX];
	bool anybody;		/* may have made what is below it */
	bool shared;		/* by several users */
};

/*
 * Opens the root directory without making it.  path may be NULL, and then it is the default.
 * A descriptor; -ENOENT (quiet): the default one is not there; -ENXIO: the one that was
 * named is not there; -ENOTDIR: it is a file or a symbolic link; -EACCES: it is closed to
 * us or not safe to use; or another -errno.
 */
int root_find(struct root_found *ret_root, const char *path) MUST_CHECK;

/*
 * Opens the directory of a domain, likewise.  A descriptor; -ENOENT (quiet): nobody has
 * made it; -EINVAL: the name is none; as root_find(), or as root_check_use().
 */
int root_find_domain(struct root_found *ret_root, const char *path,
		     const char *domain) MUST_CHECK;

/*
 * Can a node be made in it?  0; -ESTALE: it was removed; -EOPNOTSUPP: its file system has no
 * files without a name.
 */
int root_check_use(const struct root_found *root, int fd) MUST_CHECK;

/* 0 or -EINVAL, with the sentence. */
int root_check_domain(const char *domain) MUST_CHECK;

/* The path of the root directory, if none is named, and why it is that (root_default.c). */
const char *root_default(char *path, size_t size);

/* Can this be the name of a domain? */
bool root_is_domain(const char *name) MUST_CHECK;

/*
 * Makes services/ again, if the last node of a domain has removed it.  1: it has; 0: it
 * has not; or -errno.
 */
int root_reopen_services(struct root *root) MUST_CHECK;

/* Does the path lead where it did?  Not after chroot(2). */
bool root_can_be_seen(const struct root *root) MUST_CHECK;

/* Do the names still stand for the directories that are open? */
bool root_is_there(const struct root *root) MUST_CHECK;

/* Opens or makes them again if not.  1: it has; 0: nothing was to do; or -errno. */
int root_renew(struct root *root) MUST_CHECK;

/* Has an inode_watch tell when they are moved.  0 or -errno, quiet. */
int root_watch(const struct root *root, int watch) MUST_CHECK;

void root_close(struct root *root);

/* Removes the domain's directories if nobody is left in it and no others use it; closes. */
void root_leave(struct root *root);

#endif /* SLUICE_REGISTRY_ROOT_H */
