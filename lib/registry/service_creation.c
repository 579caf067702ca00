// SPDX-License-Identifier: MIT
/*
 * Making the directory of a service, or what is missing in one.
 *
 * A service is made under a random name, <random>.new.  It gets its contract, which is locked
 * already, and the modes and the group that others need (registry/access.c).  Then the
 * directory is renamed.  So a process that finds a service finds all of it.
 *
 *  1. The contract is made first and deleted last.  A process that is killed meanwhile leaves
 *     a directory without a locked contract, and a sweep (registry/sweep.c) removes that.
 *  2. If several processes make a service at once, rename(2) lets one of them win.  The
 *     others get -EAGAIN, delete what they have made, and open the winner's.
 *  3. If only a part of a directory was removed, that part is written into it.  The mode and
 *     the owner of the directory must be those that this service would have.
 */
#include "registry/service_creation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/random.h"
#include "registry/presence.h"

#define CONTRACT	SERVICE_DIR_CONTRACT

/* Every service is made with this directory.  If it is missing, somebody has removed it. */
static int open_or_make(const struct service_dir *dir, const char *name, bool any_user,
			gid_t group, struct identity *ret_identity)
{
	const struct access_making making = { .mode = dir->access.meeting, .group = group };
	int r, fd = access_find_directory(dir->fd, name, any_user, ret_identity);

	if (fd != -ENOENT)
		return fd;
	r = access_make_aside(dir->fd, name, &making);
	return r < 0 ? r : access_find_directory(dir->fd, name, any_user, ret_identity);
}

int service_creation_open_ports(struct service_dir *dir, bool any_user,
				const struct sluice_registry_settings *settings)
{
	gid_t group = settings->group ? settings->group : ACCESS_ANY_GROUP;

	dir->access = access_of_service(settings->mode);
	dir->ports_fd = open_or_make(dir, "ports", any_user, group, &dir->ports);
	if (dir->ports_fd < 0)
		return dir->ports_fd;
	dir->servers_fd = open_or_make(dir, "servers", any_user, group, &dir->servers);
	return dir->servers_fd < 0 ? dir->servers_fd : 0;
}

/* 0, -EEXIST (quiet) or another -errno. */
static int make_contract(struct service_dir *dir, struct service_record *record)
{
	struct sluice_registry_settings *settings = &record->contract.settings;
	const struct presence_file file = {
		.whose = CONTRACT,
		.mode = dir->access.file,
		.record = record,
		.size = sizeof(record->contract) +
			record->contract.attributes * sizeof(record->attributes[0]),
		.shared = true,
	};
	struct stat st;
	int r;

	if (fstat(dir->fd, &st))
		return fail(errno, "cannot look at its directory: %s", strerror(errno));
	if (access_is_shared(&dir->access))
		settings->group = st.st_gid;
	r = presence_make(&dir->contract, dir->fd, &file);
	if (r < 0)
		return r;
	r = presence_name(dir->contract.fd, dir->fd, CONTRACT);
	if (r < 0)
		presence_let_go(&dir->contract);
	return r;
}

int service_creation_complete(struct service_dir *dir, struct service_record *record)
{
	struct stat st;
	int r;

	dir->access = access_of_service(record->contract.settings.mode);
	if (fstat(dir->fd, &st) || st.st_uid != geteuid() ||
	    (st.st_mode & 07777) != dir->access.directory)
		return -ENOENT;
	r = make_contract(dir, record);
	if (r == -EEXIST || r == -ENOENT)
		return -EAGAIN;
	if (r < 0)
		return r;
	if (!service_dir_is_named(dir))
		return -EAGAIN;
	r = service_creation_open_ports(dir, false, &record->contract.settings);
	return r == -ENOENT ? -EAGAIN : r < 0 ? r : 1;
}

/* The contract comes first: its lock says that a process is making the service. */
static int make_service(struct service_dir *dir, const char *name, struct service_record *record)
{
	const struct sluice_registry_settings *settings = &record->contract.settings;
	struct access_making making = {
		.group = settings->group ? settings->group : ACCESS_ANY_GROUP,
	};
	int r;

	dir->access = access_of_service(settings->mode);
	making.mode = dir->access.directory;
	dir->fd = access_make_directory(dir->node->root.services_fd, name, &making, &dir->itself);
	if (dir->fd < 0)
		return dir->fd;
	r = make_contract(dir, record);
	if (r < 0)
		return r;
	making.mode = dir->access.meeting;
	dir->ports_fd = access_make_directory(dir->fd, "ports", &making, &dir->ports);
	if (dir->ports_fd < 0)
		return dir->ports_fd;
	dir->servers_fd = access_make_directory(dir->fd, "servers", &making, &dir->servers);
	return dir->servers_fd < 0 ? dir->servers_fd : 0;
}

/* Replaces an empty directory, which is no service.  1, -EAGAIN or another -errno. */
static int name_service(const struct service_dir *dir, const char *made, const char *name)
{
	int services_fd = dir->node->root.services_fd;

	if (!renameat(services_fd, made, services_fd, dir->name))
		return 1;
	/* EPERM: the name is that of another user's directory. */
	if (errno == ENOTEMPTY || errno == EEXIST || errno == EPERM || errno == ENOENT)
		return -EAGAIN;
	return fail(errno, "cannot make service %s: %s", name, strerror(errno));
}

/*
 * Deletes a directory that never had a name.  There may be no descriptor left to list it, so
 * its parts are deleted by name; nothing else is in it.
 */
static void remove_made(const struct service_dir *dir, const char *made)
{
	static const char *const parts[] = { "servers", "ports", CONTRACT };
	char path[NODE_ENTRY_NAME_SIZE + sizeof("/" CONTRACT)];
	int services_fd = dir->node->root.services_fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", made, parts[i]);
		node_entry_unlink(dir->node, services_fd, path,
				  i + 1 < ARRAY_SIZE(parts) ? AT_REMOVEDIR : 0);
	}
	node_entry_unlink(dir->node, services_fd, made, AT_REMOVEDIR);
}

int service_creation_make(struct service_dir *dir, struct service_record *record)
{
	uint32_t group = record->contract.settings.group;
	char made[NODE_ENTRY_NAME_SIZE];
	int r;

	node_entry_name(made, random_id(), ".new");
	r = make_service(dir, made, record);
	if (r < 0 && r != -ENOENT)
		fail_within(r, "service %s cannot be made", record->contract.name);
	if (!r)
		r = name_service(dir, made, record->contract.name);
	if (r > 0)
		return r;
	record->contract.settings.group = group;
	remove_made(dir, made);
	if (r == -ENOENT)
		r = root_reopen_services(&dir->node->root);
	return r < 0 ? r : -EAGAIN;
}
