// SPDX-License-Identifier: MIT
/*
 * The ports of a service, as its directory shows them.
 *
 * Each port holds a presence file (link/presence.c) under one of a limited number
 * of names, client.0 to client.<max - 1> or server.0 and so on, so that the limit
 * on ports is kept by link(2).  A client makes its file and then looks for the
 * sockets of servers; a server makes its socket and then writes to the nodes of
 * the clients whose files it finds: whoever comes second sees the other.
 *
 * A process that dies leaves names behind that lead nowhere; that its file is not
 * locked any more tells which, and its record tells the name of its socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "link/port_entry.h"
#include "link/presence.h"
#include "link/server_socket.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/random.h"

static const char *const role_names[] = { "client", "server" };

static bool is_ours(const struct sluice_registry_port *record)
{
	return record->magic == SLUICE_REGISTRY_MAGIC_PORT &&
	       record->version == SLUICE_PROTOCOL_VERSION && record->size == sizeof(*record);
}

static void bury_server(void *context, const void *record)
{
	const struct sluice_registry_port *port = record;
	const int *servers_fd = context;

	if (is_ours(port))
		server_socket_unlink(*servers_fd, port->id);
}

/* Removes the entry of a dead port together with its socket. */
static bool remove_dead(int ports_fd, int servers_fd, const char *name)
{
	struct sluice_registry_port record;

	return presence_bury(ports_fd, name, &record, sizeof(record), bury_server,
			     &servers_fd);
}

int port_entry_claim(struct port_entry *entry, const struct service_dir *dir,
		     enum port_role role, uint32_t limit)
{
	struct sluice_registry_port record = {
		.magic = SLUICE_REGISTRY_MAGIC_PORT,
		.version = SLUICE_PROTOCOL_VERSION,
		.size = sizeof(record),
		.pid = (uint32_t)getpid(),
		.node = dir->seat->id,
		.role = role,
	};
	uint32_t n;

	record.id = random_id();
	for (n = 0; n < limit;) {
		snprintf(entry->name, sizeof(entry->name), "%s.%" PRIu32, role_names[role], n);
		entry->fd = presence_create(dir->ports_fd, entry->name, &record,
					    sizeof(record), false);
		if (entry->fd >= 0) {
			entry->id = record.id;
			return 0;
		}
		if (entry->fd != -EEXIST)
			return entry->fd;
		if (!remove_dead(dir->ports_fd, dir->servers_fd, entry->name))
			n++;
	}
	return fail(EUSERS, "the service has all of its max_%ss, %" PRIu32,
		    role_names[role], limit);
}

void port_entry_release(struct port_entry *entry, const struct service_dir *dir)
{
	unlinkat(dir->ports_fd, entry->name, 0);
	entry->fd = fd_close(entry->fd);
}

void port_entry_notify_clients(const struct service_dir *dir)
{
	struct sluice_registry_port record;
	struct dirent *entry;
	DIR *ports = directory_list(dir->ports_fd);

	if (!ports)
		return;
	while ((entry = readdir(ports)))
		if (!strncmp(entry->d_name, "client.", strlen("client.")) &&
		    !presence_read(dir->ports_fd, entry->d_name, &record, sizeof(record)) &&
		    is_ours(&record))
			seat_notify(dir->seat, record.node, dir->hash);
	closedir(ports);
}

void port_entry_sweep(int service_fd)
{
	int ports_fd, servers_fd;
	struct dirent *entry;
	DIR *ports;

	ports_fd = directory_open(service_fd, "ports");
	servers_fd = directory_open(service_fd, "servers");
	ports = ports_fd < 0 ? NULL : directory_list(ports_fd);
	while (ports && (entry = readdir(ports)))
		if (entry->d_name[0] != '.')
			remove_dead(ports_fd, servers_fd, entry->d_name);
	if (ports)
		closedir(ports);
	fd_close(servers_fd);
	fd_close(ports_fd);
}
