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
