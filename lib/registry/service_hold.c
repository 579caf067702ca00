// SPDX-License-Identifier: MIT
/*
 * The directories of a service (registry/service_dir.c), which are open only while somebody
 * uses them.
 *
 * A function that works in them holds them and releases them again.  Holds nest, and the last
 * release closes the descriptors.  The directories are opened by their names, each below the
 * one before, with the checks that they were first opened with (registry/access.c).
 *
 *  1. A directory that has taken the place of another one counts as missing, whoever has put
 *     it there.  The next look at the registered names finds that, and opens the service again
 *     (api/node_registration.c).
 *  2. The first directory is opened below that of the domain, which stays open
 *     (registry/root.c).  So nobody outside the domain can replace one by renaming.
 *  3. A hold fails if descriptors are short.  The descriptors that it could not open are -1,
 *     and a system call with such a descriptor fails and does nothing.
 *  4. A name in a directory that has gone has gone with it.  A name in a directory that could
 *     not be opened stays, and the node is told (service_dir_unlink()).
 */
#include "registry/service_hold.h"

#include <errno.h>

#include "os/fd.h"
#include "os/inode_watch.h"

void service_hold_close(struct service_dir *dir)
{
	dir->servers_fd = fd_close(dir->servers_fd);
	dir->ports_fd = fd_close(dir->ports_fd);
	dir->fd = fd_close(dir->fd);
}

static int reopen(const struct service_dir *dir, int at, const char *name,
		  const struct identity *identity, int *ret_fd)
{
	int fd;

	if (*ret_fd >= 0)
		return 0;
	fd = access_reopen_directory(at, name, dir->any_user, identity);
	*ret_fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

static int open_directories(struct service_dir *dir)
{
	int ports, servers, r;

	r = reopen(dir, dir->node->root.services_fd, dir->name, &dir->itself, &dir->fd);
	if (r < 0)
		return r;
	ports = reopen(dir, dir->fd, "ports", &dir->ports, &dir->ports_fd);
	servers = reopen(dir, dir->fd, "servers", &dir->servers, &dir->servers_fd);
	/* One that is not there says nothing about the other one. */
	return ports == 0 || (ports == -ENOENT && servers < 0) ? servers : ports;
}

int service_dir_hold(struct service_dir *dir)
{
	struct root *root = &dir->node->root;
	int r = root_hold_services(root);

	/* The first one keeps it until the last one is gone. */
	if (dir->holders++)
		root_release_services(root);
	dir->held = r < 0 ? r : open_directories(dir);
	return dir->held;
}

void service_dir_unlink(const struct service_dir *dir, int at, const char *name)
{
	if (at < 0)
		node_entry_leaves(dir->node, dir->held);
	else
		node_entry_unlink(dir->node, at, name, 0);
}

void service_dir_release(struct service_dir *dir)
{
	if (--dir->holders)
		return;
	/* Until here, a failed opening could be undone without a further descriptor. */
	if (dir->contract.fd >= 0)
		presence_settle(&dir->contract, &dir->node->root.keeping);
	service_hold_close(dir);
	root_release_services(&dir->node->root);
}

int service_dir_watch(struct service_dir *dir, int watch)
{
	int r = service_dir_hold(dir);

	if (!r)
		r = inode_watch_file(watch, dir->fd, SERVICE_DIR_CONTRACT);
	if (!r)
		r = inode_watch_open_directory(watch, dir->fd);
	if (!r)
		r = inode_watch_open_directory(watch, dir->ports_fd);
	if (!r)
		r = inode_watch_open_directory(watch, dir->servers_fd);
	service_dir_release(dir);
	return r;
}
