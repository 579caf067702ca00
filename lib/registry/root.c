// SPDX-License-Identifier: MIT
/*
 * The directories below which processes find each other: a root directory, in it a
 * directory for each domain, and in that nodes/ and services/.
 *
 * A user who can write to these directories can pose as a service.  So each directory is
 * checked before it is used; registry/access.c has the rules, and the modes of new ones.
 * Their contents are checked as well: files by their magic, sockets by who answers.
 *
 * A root that several users can write is shared by them, and is made by the administrator.
 * Directories below it are made under another name and then renamed, so that no process
 * finds one that is not open to it yet.  They are never removed.
 *
 * Below a root of one user, the last node of a domain removes the domain's directories.
 * That can happen between the moment when another process makes a directory and the moment
 * when it uses it.  Then that process makes the directory again.
 *
 * Only the directory of the domain stays open.  nodes/ and services/ are opened again, with
 * the same checks, when they are needed (root_hold()).  A directory that has taken the place
 * of one that was checked counts as missing.
 *
 * Others can remove or move the directories too, while nodes are in them.  A node that
 * notices that opens them again by their path, or makes them (root_renew()).  It does so
 * only as long as "/" is still the same directory: after chroot(2) the path leads elsewhere.
 */
#include "registry/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/fd.h"
#include "os/inode_watch.h"
#include "os/identity.h"

/* So many times directories may vanish during one attempt. */
#define TRIES		16

/* A descriptor, and what it is; -EEXIST: it is there, and is to be opened; or -errno. */
static int make(struct root *root, int at, const char *name, struct identity *ret_identity)
{
	const struct access_making making = {
		.mode = root->access.meeting,
		.group = root->group,
	};
	int r;

	if (access_is_shared(&root->access)) {
		r = access_make_aside(at, name, &making);
		return r < 0 ? r : -EEXIST;
	}
	r = access_make_directory(at, name, &making, ret_identity);
	if (r >= 0)
		root->made = true;
	return r;
}

/*
 * Opens a directory, and makes it if it is missing.  A descriptor, and what it is; -ENOENT
 * (quiet) or -errno.
 */
static int open_or_make(struct root *root, int at, const char *name,
			struct identity *ret_identity)
{
	int fd, r;

	fd = access_find_directory(at, name, root->anybody, ret_identity);
	if (fd != -ENOENT)
		return fd;
	r = make(root, at, name, ret_identity);
	if (r >= 0)
		return r;
	fd = access_find_directory(at, name, root->anybody, ret_identity);
	return fd == -ENOENT && r != -EEXIST ? r : fd;
}

bool root_is_domain(const char *name)
{
	size_t length = strlen(name);

	return length && length <= DOMAIN_LENGTH && name[0] != '.' && !strchr(name, '/');
}

int root_check_domain(const char *domain)
{
	if (!root_is_domain(domain))
		return fail(EINVAL, "the domain \"%s\" is not a name of 1 to %u bytes without \"/\" and a leading \".\"",
			    domain, DOMAIN_LENGTH);
	return 0;
}

/* Another user may have made this user's default root first.  Root may own it. */
static int tell_taken(const struct root *root, int r)
{
	struct stat st;

	if (r != -EACCES || lstat(root->path, &st) || st.st_uid == geteuid() || !st.st_uid)
		return r;
	return fail_within(r, "the default root directory of this user is taken by another user, so SLUICE_ROOT must name another one");
}

/* Opens the root directory, whose mode decides about everything below it. */
static int open_root(struct root *root, const char *path)
{
	struct identity unused;
	struct stat st;
	int fd, r;

	if (path)
		snprintf(root->path, sizeof(root->path), "%s", path);
	else
		root_default(root->path, sizeof(root->path));
	root->access = access_of_service(0600);
	root->group = ACCESS_ANY_GROUP;
	root->anybody = false;
	fd = open_or_make(root, AT_FDCWD, root->path, &unused);
	if (fd == -ENOENT)
		return fail(ENOENT, "cannot make the directory %s: %s", root->path,
			    strerror(ENOENT));
	if (fd < 0)
		return path ? fd : tell_taken(root, fd);
	if (fstat(fd, &st)) {
		r = fail(errno, "cannot look at the root directory %s: %s", root->path,
			 strerror(errno));
		fd_close(fd);
		return r;
	}
	root->access = access_of_root(&st);
	if (access_is_shared(&root->access)) {
		/* A user who is not in its group has entered as one of all users. */
		root->group = st.st_mode & S_IWOTH ? ACCESS_ANY_GROUP : st.st_gid;
		root->anybody = st.st_uid == 0;
	}
	return fd;
}

/* The directories of the domain, below the root. */
static int open_domain(struct root *root, int root_fd, const char *domain)
{
	root->domain_fd = open_or_make(root, root_fd, domain, &root->itself);
	if (root->domain_fd < 0)
		return root->domain_fd;
	root->nodes_fd = open_or_make(root, root->domain_fd, "nodes", &root->nodes);
	if (root->nodes_fd < 0)
		return root->nodes_fd;
	root->services_fd = open_or_make(root, root->domain_fd, "services", &root->services);
	return root->services_fd < 0 ? root->services_fd : 0;
}

/* Writes the sentence for a domain that cannot be opened; there is none for a missing one. */
static int tell_why(const struct root *root, int root_fd, int r)
{
	struct stat st;

	if (r != -ENOENT)
		return fail_within(r, "the root directory %s cannot be used", root->path);
	if (!fstat(root_fd, &st) && !st.st_nlink)
		return fail(ENOENT, "the root directory %s was removed, and nothing can be made in what is left of it: %s",
			    root->path, strerror(ENOENT));
	return fail(ENOENT, "nothing can be made in the root directory %s: %s", root->path,
		    strerror(ENOENT));
}

/* Removes directories that were made in vain.  One that is not empty is used by others. */
static void remove_made(const struct root *root, int root_fd, const char *domain)
{
	if (!root->made)
		return;
	if (root->domain_fd >= 0) {
		unlinkat(root->domain_fd, "nodes", AT_REMOVEDIR);
		unlinkat(root->domain_fd, "services", AT_REMOVEDIR);
	}
	unlinkat(root_fd, domain, AT_REMOVEDIR);
}

static int open_below(struct root *root, const char *path, const char *domain)
{
	int fd = open_root(root, path), r;

	if (fd < 0)
		return fd;
	root->made = false;
	r = open_domain(root, fd, domain);
	if (r < 0) {
		r = tell_why(root, fd, r);
		remove_made(root, fd, domain);
	}
	fd_close(fd);
	return r;
}

int root_open(struct root *root, const char *path, const char *domain)
{
	int r, tries = 0;
	size_t used;

	if (!domain || !*domain)
		domain = DOMAIN_DEFAULT;
	r = root_check_domain(domain);
	if (r < 0)
		return r;
	if (!identity_named(AT_FDCWD, "/", &root->slash))
		return fail_system("cannot look at /");
	do {
		root->domain_fd = root->nodes_fd = root->services_fd = -1;
		root->nodes_holders = root->services_holders = 1;
		root->keeping = (struct lock_keeping){ .by_mapping = false };
		r = open_below(root, path, domain);
		if (r < 0)
			root_close(root);
	} while (r == -ENOENT && ++tries < TRIES);
	if (r < 0)
		return fail_again(r);

	used = strlen(root->path);
	if ((size_t)snprintf(root->path + used, sizeof(root->path) - used, "/%s", domain) >=
	    sizeof(root->path) - used) {
		root_close(root);
		return fail(ENAMETOOLONG, "the path of the root directory is too long");
	}
	root->base = used;
	return 0;
}

static int reopen(const struct root *root, const char *name, const struct identity *identity,
		  int *ret_fd)
{
	int fd;

	if (*ret_fd >= 0)
		return 0;
	fd = access_reopen_directory(root->domain_fd, name, root->anybody, identity);
	*ret_fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

int root_hold_nodes(struct root *root)
{
	root->nodes_holders++;
	return reopen(root, "nodes", &root->nodes, &root->nodes_fd);
}

void root_release_nodes(struct root *root)
{
	if (!--root->nodes_holders)
		root->nodes_fd = fd_close(root->nodes_fd);
}

int root_hold_services(struct root *root)
{
	root->services_holders++;
	return reopen(root, "services", &root->services, &root->services_fd);
}

void root_release_services(struct root *root)
{
	if (!--root->services_holders)
		root->services_fd = fd_close(root->services_fd);
}

int root_hold(struct root *root)
{
	int nodes = root_hold_nodes(root), services = root_hold_services(root);

	/* A directory that is not there says nothing about the other one. */
	return nodes == 0 || (nodes == -ENOENT && services < 0) ? services : nodes;
}

void root_release(struct root *root)
{
	root_release_nodes(root);
	root_release_services(root);
}

bool root_can_be_seen(const struct root *root)
{
	return identity_is(AT_FDCWD, "/", &root->slash);
}

bool root_is_in_place(const struct root *root)
{
	return identity_is(AT_FDCWD, root->path, &root->itself);
}

bool root_is_there(const struct root *root)
{
	return root_is_in_place(root) &&
	       identity_is(root->domain_fd, "nodes", &root->nodes) &&
	       identity_is(root->domain_fd, "services", &root->services);
}

int root_renew(struct root *root)
{
	char path[PATH_MAX];
	struct root fresh;
	int r;

	if (root_is_there(root))
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)root->base, root->path);
	r = root_open(&fresh, path, root->path + root->base + 1);
	if (r < 0)
		return r;
	fresh.nodes_holders += root->nodes_holders;
	fresh.services_holders += root->services_holders;
	fresh.keeping = root->keeping;
	root_close(root);
	*root = fresh;
	root_release(root);
	return 1;
}

int root_watch(const struct root *root, int watch)
{
	char path[PATH_MAX], *end;
	int r;

	snprintf(path, sizeof(path), "%s", root->path);
	/* A directory above the root may be closed to us; then its moves are not noticed. */
	for (end = strchr(path + 1, '/'); end && (size_t)(end - path) < root->base;
	     end = strchr(end + 1, '/')) {
		*end = 0;
		(void)!inode_watch_directory(watch, path);
		*end = '/';
	}
	path[root->base] = 0;
	r = inode_watch_directory(watch, path);
	if (!r)
		r = inode_watch_open_directory(watch, root->domain_fd);
	if (!r)
		r = inode_watch_open_directory(watch, root->nodes_fd);
	return r ? r : inode_watch_open_directory(watch, root->services_fd);
}

int root_reopen_services(struct root *root)
{
	struct stat st;
	int tries = 0;

	if (!fstat(root->services_fd, &st) && st.st_nlink)
		return 0;
	root->services_fd = fd_close(root->services_fd);
	do {
		root->services_fd = open_or_make(root, root->domain_fd, "services",
						 &root->services);
	} while (root->services_fd == -ENOENT && ++tries < TRIES);
	if (root->services_fd == -ENOENT)
		return fail(ENOENT, "the directory %s was removed, and services/ cannot be made in it: %s",
			    root->path, strerror(ENOENT));
	return root->services_fd < 0 ? root->services_fd : 1;
}

void root_close(struct root *root)
{
	if (root->domain_fd >= 0)
		root->domain_fd = fd_close(root->domain_fd);
	if (root->nodes_fd >= 0)
		root->nodes_fd = fd_close(root->nodes_fd);
	if (root->services_fd >= 0)
		root->services_fd = fd_close(root->services_fd);
}

void root_leave(struct root *root)
{
	/* A directory that is not empty is in use. */
	if (!access_is_shared(&root->access) &&
	    !unlinkat(root->domain_fd, "nodes", AT_REMOVEDIR) &&
	    !unlinkat(root->domain_fd, "services", AT_REMOVEDIR))
		rmdir(root->path);
	root_close(root);
}
