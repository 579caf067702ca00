// SPDX-License-Identifier: MIT
/*
 * Finds and removes everything that dead processes have left in a domain, and reports each
 * thing to the caller.
 *
 * The sweep of each sluice_service_open() (registry/sweep.c) removes the same things, but
 * reports nothing, and begins only if the record of a node can be locked.  So it finds
 * nothing if a child holds the locks of its dead parent, or if an earlier sweep ended after
 * it had removed the nodes.  This walk looks at everything, and reads the records of files
 * that are locked.
 *
 * The order is that of the sweep: ports, then services that nobody has open, then nodes.  A
 * node's record tells the sweep that there is something to do, so it stays until all else is
 * gone.  The name that a dead node has in a service is removed with the ports there, and is
 * reported only if it cannot be removed.
 *
 *  1. Records of other versions are left alone: only their first 12 bytes are known, and
 *     these do not say which socket belongs to it.  They are removed with their service.
 *  2. An entry of another user in a directory of a third user can be removed by these two
 *     users, or by root.
 *  3. No lock is waited for, and none is kept.
 */
#include "registry/leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/directory.h"
#include "os/fd.h"
#include "registry/membership.h"
#include "registry/node_entry.h"
#include "registry/port_entry.h"
#include "registry/record.h"
#include "registry/service_removal.h"

#define ID_LENGTH	16u

/* The service that is being looked at. */
struct place {
	const struct leftovers *leftovers;
	const char *hash;
	char service[SLUICE_SERVICE_NAME_SIZE];
	int servers_fd;
};

static bool is_id(const char *name)
{
	return strlen(name) == ID_LENGTH && strspn(name, "0123456789abcdef") == ID_LENGTH;
}

/* r is 1: it was removed; 0 or -ENOENT: it lives, or has gone already; or another -errno. */
static int tell(const struct leftovers *leftovers, struct leftover *leftover, int r)
{
	if (!r || r == -ENOENT)
		return 0;
	leftover->error = r < 0 ? r : 0;
	return leftovers->found(leftovers->context, leftover);
}

/* Looks at each entry of a directory.  Reports a directory that cannot be read. */
static int look_at_each(struct place *place, int at, const char *name,
			int (*look)(struct place *place, int at, const char *name))
{
	struct leftover directory = { .kind = LEFTOVER_DIRECTORY, .entry = name };
	int r = 0, fd = access_open_directory(at, name, place->leftovers->anybody);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return tell(place->leftovers, &directory, fd);
	dir = directory_list(fd);
	if (!dir)
		r = tell(place->leftovers, &directory, -errno);
	while (dir && !r && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = look(place, fd, entry->d_name);
	if (dir && !r && errno)
		r = tell(place->leftovers, &directory, -errno);
	if (dir)
		directory_close(dir);
	fd_close(fd);
	return r;
}

/* ---- Records ---- */

static int look_at_node(struct place *place, int nodes, const char *name)
{
	struct leftover leftover = { .kind = LEFTOVER_NODE, .entry = name };
	struct sluice_registry_node record;
	int r;

	if (!is_id(name))
		return 0;	/* a mailbox */
	r = node_entry_bury(nodes, name, place->leftovers->keep, &record);
	if (r > 0) {
		record.name[sizeof(record.name) - 1] = 0;
		leftover.name = record.name;
		leftover.id = record.id;
		leftover.pid = record.pid;
	}
	return tell(place->leftovers, &leftover, r);
}

static int look_at_member(struct place *place, int ports, const char *name)
{
	struct leftover leftover = {
		.kind = LEFTOVER_NODE, .entry = name, .service = place->service,
	};
	struct sluice_registry_node record;
	int r = node_entry_bury(ports, name, place->leftovers->keep, &record);

	return r < 0 ? tell(place->leftovers, &leftover, r) : 0;
}

static int look_at_port(struct place *place, int ports, const char *name)
{
	struct leftover leftover = {
		.kind = LEFTOVER_PORT, .entry = name, .service = place->service,
	};
	struct sluice_registry_port record;
	int r;

	if (membership_is(name))
		return look_at_member(place, ports, name);
	r = port_entry_bury(ports, place->servers_fd, name, place->leftovers->keep, &record);
	if (r > 0) {
		leftover.id = record.id;
		leftover.pid = record.pid;
	}
	return tell(place->leftovers, &leftover, r);
}

/* ---- Services ---- */

static void name_service(struct place *place, int service_fd)
{
	struct service_record record;
	struct stat st;
	int r, fd = record_open(service_fd, SERVICE_DIR_CONTRACT);

	r = fd < 0 ? fd : record_read_service(fd, &record, &st);
	snprintf(place->service, sizeof(place->service), "%s",
		 r < 0 ? place->hash : record.contract.name);
	fd_close(fd);
}

static int look_at_ports(struct place *place, int services)
{
	int r, fd = access_open_directory(services, place->hash, place->leftovers->anybody);

	snprintf(place->service, sizeof(place->service), "%s", place->hash);
	if (fd < 0)
		return 0;	/* service_removal_bury() will find the reason */
	name_service(place, fd);
	place->servers_fd = access_open_directory(fd, "servers", place->leftovers->anybody);
	r = look_at_each(place, fd, "ports", look_at_port);
	if (place->servers_fd >= 0)
		fd_close(place->servers_fd);
	fd_close(fd);
	return r;
}

/* Does this directory belong to another user, and is it closed to this one? */
static bool is_closed(int services, const char *name)
{
	struct stat st;

	return geteuid() && !fstatat(services, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode) && st.st_uid != geteuid() &&
	       faccessat(services, name, R_OK | X_OK, AT_EACCESS);
}

static int look_at_service(struct place *place, int services, const char *name)
{
	const struct leftovers *leftovers = place->leftovers;
	struct leftover remains = { .kind = LEFTOVER_REMAINS, .entry = name };
	struct leftover service = {
		.kind = LEFTOVER_SERVICE, .entry = name, .name = place->service,
		.id = strtoull(name, NULL, 16),
	};
	int r;

	if (service_removal_is_renamed(name))
		return tell(leftovers, &remains,
			    leftovers->keep ? 1 : service_removal_finish(services, name));
	if ((!is_id(name) && !service_removal_is_unnamed(name)) || is_closed(services, name))
		return 0;
	place->hash = name;
	r = look_at_ports(place, services);
	if (r < 0)
		return r;
	return tell(leftovers, &service, service_removal_bury(services, name, leftovers->anybody,
							      false, leftovers->keep));
}

/* ---- The whole ---- */

int leftovers_walk(const struct leftovers *leftovers, int domain_fd)
{
	struct place place = { .leftovers = leftovers, .servers_fd = -1 };
	int r = look_at_each(&place, domain_fd, "services", look_at_service);

	return r < 0 ? r : look_at_each(&place, domain_fd, "nodes", look_at_node);
}

int leftovers_remove_domain(const struct leftovers *leftovers, int root_fd, int domain_fd,
			    const char *domain)
{
	struct leftover leftover = { .kind = LEFTOVER_DOMAIN, .entry = domain };

	if ((unlinkat(domain_fd, "nodes", AT_REMOVEDIR) && errno != ENOENT) ||
	    (unlinkat(domain_fd, "services", AT_REMOVEDIR) && errno != ENOENT) ||
	    unlinkat(root_fd, domain, AT_REMOVEDIR))
		return 0;
	return tell(leftovers, &leftover, 1);
}
