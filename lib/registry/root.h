/* SPDX-License-Identifier: MIT */
/* The directories below which processes find each other. */
#ifndef SLUICE_REGISTRY_ROOT_H
#define SLUICE_REGISTRY_ROOT_H

#include <limits.h>
#include <stdbool.h>

#include <sluice/registry.h>

#include "base/compiler.h"
#include "registry/access.h"
#include "registry/presence.h"
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
	/* Open while somebody holds them, and else -1. */
	int nodes_fd, services_fd;
	unsigned int nodes_holders, services_holders;
	struct identity itself, nodes, services;	/* what they were when they were checked */
	struct lock_keeping keeping;	/* of presence files in them */
};

/*
 * Opens or makes the directories of a domain.  path and domain may be NULL, and are then the
 * default.  nodes/ and services/ are held.  0, -EACCES (not safe to use), -EINVAL or -errno.
 */
int root_open(struct root *root, const char *path, const char *domain) MUST_CHECK;

/* A root directory as a process that makes no node finds it. */
struct root_found {
	char path[PATH_MAX];
	bool anybody;		/* the directories below it may belong to any user */
	bool shared;		/* by several users */
};

/*
 * Opens the root directory, and does not make it.  path may be NULL, and is then the default.
 * A descriptor; -ENOENT (quiet): the default one is not there; -ENXIO: the one that was
 * named is not there; -ENOTDIR: it is a file or a symbolic link; -EACCES: it is closed to
 * this user or not safe to use; or another -errno.
 */
int root_find(struct root_found *ret_root, const char *path) MUST_CHECK;

/*
 * Opens the directory of a domain, and does not make it.  A descriptor; -ENOENT (quiet): it is
 * not there; -EINVAL: the name is not valid; or as root_find() or root_check_use().
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

/* Writes the path of the default root directory.  Returns the reason for it, in words. */
const char *root_default(char *path, size_t size);

/* Is this a valid name for a domain? */
bool root_is_domain(const char *name) MUST_CHECK;

/*
 * Makes services/ again, which is held, if the last node of a domain has removed it.  1: it
 * was made; 0: it is there; or -errno.
 */
int root_reopen_services(struct root *root) MUST_CHECK;

/*
 * Opens a directory of the domain, if it is the one that was checked.  0; -ENOENT (quiet): it
 * is not; or another -errno.  After a failure its descriptor is -1.  In each case the release
 * follows, and closes it when nobody holds it any more.
 */
int root_hold_nodes(struct root *root);
void root_release_nodes(struct root *root);
int root_hold_services(struct root *root);
void root_release_services(struct root *root);

/* Both of them. */
int root_hold(struct root *root);
void root_release(struct root *root);

/* Does "/" still lead to the same directory?  After chroot(2) it does not. */
bool root_can_be_seen(const struct root *root) MUST_CHECK;

/* Does the path still lead to the directory of the domain? */
bool root_is_in_place(const struct root *root) MUST_CHECK;

/* Do the names still lead to the directories that were checked? */
bool root_is_there(const struct root *root) MUST_CHECK;

/* If they do not: opens or makes them again.  1: it did; 0: there was nothing to do; or -errno. */
int root_renew(struct root *root) MUST_CHECK;

/* Has an inode_watch say when the directories are moved; they are held.  0 or -errno, quiet. */
int root_watch(const struct root *root, int watch) MUST_CHECK;

void root_close(struct root *root);

/*
 * Closes the directories.  Removes those of the domain if no node is left in it and the root
 * is of one user.
 */
void root_leave(struct root *root);

#endif /* SLUICE_REGISTRY_ROOT_H */
