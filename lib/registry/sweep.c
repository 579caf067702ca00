// SPDX-License-Identifier: MIT
/*
 * Removing what dead processes have left in a domain.
 *
 * A process that dies leaves names behind, and nothing else: memory and sockets vanish with
 * their last descriptor.  Every process that leaves names has a node, whose file in nodes/
 * is not locked any more.  So a look at nodes/ shows whether there is anything to do.  That
 * is so for a living process too that could not remove a name: its node's file stays
 * (node_entry_remove()).  The dead node's file is removed last, and not by a process that
 * lacked something, so a sweep that was cut short is done again by the next process.  What
 * another user owns, and this one may not remove, does not keep a node's file.
 */
#include "registry/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "registry/port_entry.h"
#include "registry/presence.h"
#include "registry/service_removal.h"
#include "os/directory.h"
#include "os/fd.h"

static bool is_dead(int at, const char *name)
{
	int fd = fd_own(openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	bool dead = fd >= 0 && !flock(fd, LOCK_SH | LOCK_NB);

	fd_close(fd);
	return dead;
}

static bool is_node(const char *name)
{
	return strlen(name) == 16;
}

static bool any_node_dead(int nodes_fd)
{
	DIR *nodes = directory_list(nodes_fd);
	struct dirent *entry;
	bool dead = false;

	while (nodes && !dead && (entry = readdir(nodes)))
		dead = is_node(entry->d_name) && is_dead(nodes_fd, entry->d_name);
	if (nodes)
		directory_close(nodes);
	return dead;
}

/* A directory of this user, so that nobody else's is in the way. */
static bool is_own(int services_fd, const char *name)
{
	struct stat st;

	return !fstatat(services_fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid();
}

/* A service that cannot be removed stays.  False: another process may be able to. */
static bool remove_dead(int services_fd, const char *name)
{
	int r;

	if (service_removal_is_renamed(name))
		r = service_removal_finish(services_fd, name);
	else
		r = service_removal_bury(services_fd, name, true, true, false);
	return r >= 0 || !(presence_is_lack(r) || is_own(services_fd, name));
}

static bool sweep_ports(int services_fd, const char *name)
{
	int fd = directory_open(services_fd, name);
	bool all;

	if (fd < 0)
		return !presence_is_lack(-errno);
	all = port_entry_sweep(fd);
	fd_close(fd);
	return all;
}

/* False: something was lacking here. */
static bool sweep_services(int services_fd)
{
	DIR *services = directory_list(services_fd);
	struct dirent *entry;
	bool all = services;

	while (services && (entry = readdir(services))) {
		if (entry->d_name[0] == '.')
			continue;
		all &= remove_dead(services_fd, entry->d_name);
		all &= sweep_ports(services_fd, entry->d_name);
	}
	if (services)
		directory_close(services);
	return all;
}

static void sweep_nodes(int nodes_fd)
{
	DIR *nodes = directory_list(nodes_fd);
	char mailbox[NODE_ENTRY_NAME_SIZE];
	struct dirent *entry;

	while (nodes && (entry = readdir(nodes))) {
		if (!is_node(entry->d_name) || !is_dead(nodes_fd, entry->d_name))
			continue;
		snprintf(mailbox, sizeof(mailbox), "%.16s.sock", entry->d_name);
		if (unlinkat(nodes_fd, mailbox, 0) && errno != ENOENT)
			continue;
		presence_remove_dead(nodes_fd, entry->d_name);
	}
	if (nodes)
		directory_close(nodes);
}

void sweep_domain(const struct root *root)
{
	if (!any_node_dead(root->nodes_fd))
		return;
	if (sweep_services(root->services_fd))
		sweep_nodes(root->nodes_fd);
}
