// SPDX-License-Identifier: MIT
/*
 * The entries of ports in the directory of a service.
 *
 * Each port holds a presence file (registry/presence.c) under one of a limited number
 * of names, <kind>.0 to <kind>.<max - 1>, so that link(2) keeps the limit on ports.  A
 * port dials or listens; its kind says which.  A port that dials makes its file and then
 * looks for sockets.  A port that listens makes its socket and then sends letters to the
 * nodes of the dialling ports whose files it finds.  So the second of the two always sees
 * the first.
 *
 * A process that dies leaves names behind.  Its file is not locked any more, which shows
 * that the owner is dead, and its record has the name of its socket.  If no name is free,
 * each record is read too: a child of the dead process may hold the lock
 * (registry/presence.c).  That costs some system calls for each name.
 *
 * The file of a port contains its counters too, in the same page.  The owner has mapped the
 * page and stores the counters as long as anything of the port exists.  All of the page was
 * written, so it is allocated.  A process of this user that truncates the file ends the owner
 * by SIGBUS; it could end it by a signal as well.  Other users can read the file if they can
 * use the service.
 *
 * If others remove the file, a new one with the same content takes its place, in the
 * directory and behind the owner's mapping (port_entry_renew()).
 */
#include "registry/port_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "registry/slot_names.h"
#include "registry/presence.h"
#include "registry/server_socket.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/random.h"
#include "os/shortage.h"

static const struct {
	const char *name;	/* in names of files and settings */
	const char *what;
	enum sluice_registry_role role;
} kinds[] = {
	[PORT_CLIENT] = { "client", "a client", SLUICE_REGISTRY_DIALS },
	[PORT_SERVER] = { "server", "a server", SLUICE_REGISTRY_LISTENS },
};

enum sluice_registry_role port_kind_role(enum port_kind kind)
{
	return kinds[kind].role;
}

static int bury_socket(void *context, const void *record, uid_t user)
{
	const struct sluice_registry_port *port = record;
	const int *servers_fd = context;

	if (!record_is_port(port) || port->role != SLUICE_REGISTRY_LISTENS || *servers_fd < 0)
		return 0;
	return server_socket_bury(*servers_fd, port->id, user);
}

static bool is_of_the_dead(const void *record)
{
	const struct sluice_registry_port *port = record;
	const struct process owner = RECORD_OWNER(port);

	return record_is_port(port) && process_is_dead(&owner);
}

/*
 * Removes the entry of a dead port and its socket; with ask, even if the file is locked.  As
 * presence_bury().
 */
static int remove_dead(int ports_fd, int servers_fd, const char *name, bool ask)
{
	struct sluice_registry_port record;
	const struct presence_burial burial = {
		.record = &record,
		.size = sizeof(record),
		.is_dead = ask ? is_of_the_dead : NULL,
		.clear = bury_socket,
		.context = &servers_fd,
	};

	return presence_bury(ports_fd, name, &burial);
}

static bool is_known(const void *record)
{
	return record_is_port(record);
}

int port_entry_bury(int ports_fd, int servers_fd, const char *name, bool keep,
		    struct sluice_registry_port *ret_record)
{
	const struct presence_burial burial = {
		.record = ret_record,
		.size = sizeof(*ret_record),
		.is_known = is_known,
		.is_dead = is_of_the_dead,
		.clear = bury_socket,
		.context = &servers_fd,
		.keep = keep,
	};

	return presence_bury(ports_fd, name, &burial);
}

static bool remove_dead_port(const void *context, const char *name)
{
	const struct service_dir *dir = context;

	return remove_dead(dir->ports_fd, dir->servers_fd, name, true) > 0;
}

static int make_presence(struct presence *presence, const struct service_dir *dir,
			 enum port_kind kind, const void *page)
{
	const struct presence_file file = {
		.whose = kinds[kind].what,
		.mode = dir->access.file,
		.record = page,
		.size = SLUICE_REGISTRY_PORT_SIZE,
		.mapped = true,
	};

	return presence_make(presence, dir->ports_fd, &file);
}

/* Makes a file for the record and the counters, and maps the counters.  0 or -errno. */
static int make_file(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, const char *name)
{
	unsigned char file[SLUICE_REGISTRY_PORT_SIZE] = { 0 };
	struct sluice_registry_port record = {
		.magic = SLUICE_REGISTRY_MAGIC_PORT,
		.version = SLUICE_PROTOCOL_VERSION,
		.size = sizeof(record),
		.pid = dir->node->owner.pid,
		.node = dir->node->id,
		.role = kinds[kind].role,
		.kind = kind,
		.pidfd_inode = dir->node->owner.inode,
		.pid_namespace = dir->node->owner.pids,
	};
	int r;

	record.id = entry->id = random_id();
	if (name)
		memcpy(record.name, name, strnlen(name, sizeof(record.name) - 1));
	memcpy(file, &record, sizeof(record));
	r = make_presence(&entry->presence, dir, kind, file);
	if (r < 0)
		return r;
	entry->counters = (void *)(entry->presence.page.base + SLUICE_REGISTRY_COUNTERS);
	return 0;
}

/* 0, -EUSERS or another -errno. */
static int claim(const struct service_dir *dir, enum port_kind kind, uint32_t limit, int fd,
		 char ret_name[NODE_ENTRY_NAME_SIZE])
{
	const struct slot_names names = {
		.at = dir->ports_fd,
		.role = kinds[kind].name,
		.limit = limit,
		.remove_dead = remove_dead_port,
		.context = dir,
	};
	int r = slot_names_claim(&names, fd, ret_name);

	return r != -EEXIST ? r : fail(EUSERS, "the service has reached its max_%ss, %" PRIu32,
				       kinds[kind].name, limit);
}

int port_entry_claim(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit, const char *name)
{
	int r;

	if (name && strlen(name) >= SLUICE_PORT_NAME_SIZE)
		return fail(EINVAL, "the port's name has %zu bytes, and can have %u",
			    strlen(name), SLUICE_PORT_NAME_SIZE - 1);
	r = make_file(entry, dir, kind, name);
	if (r < 0)
		return r;
	r = claim(dir, kind, limit, entry->presence.fd, entry->name);
	if (r < 0)
		port_entry_deinit(entry);
	else
		presence_settle(&entry->presence, &dir->node->root.keeping);
	return r;
}

bool port_entry_is_there(const struct port_entry *entry, const struct service_dir *dir)
{
	char path[sizeof("services//ports/") + 2 * NODE_ENTRY_NAME_SIZE];

	snprintf(path, sizeof(path), "services/%s/ports/%s", dir->name, entry->name);
	return presence_has(dir->node->root.domain_fd, path, &entry->presence);
}

/* From here on counts go to the new file; one thread uses the port. */
static int move_into(struct port_entry *entry, const struct service_dir *dir,
		     struct presence *fresh, const char *name)
{
	int r = mapping_replace(&entry->presence.page, &fresh->page);

	if (r < 0) {
		service_dir_unlink(dir, dir->ports_fd, name);
		return r;
	}
	memcpy(entry->name, name, sizeof(entry->name));
	fd_close(entry->presence.fd);
	entry->presence = *fresh;
	presence_settle(&entry->presence, &dir->node->root.keeping);
	return 1;
}

int port_entry_renew(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit)
{
	char name[NODE_ENTRY_NAME_SIZE];
	struct presence fresh;
	int r;

	if (port_entry_is_there(entry, dir))
		return 0;
	presence_clear(dir->ports_fd, entry->name);
	r = make_presence(&fresh, dir, kind, entry->presence.page.base);
	if (r < 0)
		return r;
	r = claim(dir, kind, limit, fresh.fd, name);
	if (!r)
		r = move_into(entry, dir, &fresh, name);
	if (r < 0)
		presence_let_go(&fresh);
	return r;
}

int port_entry_reside(struct port_entry *entry, enum residence residence)
{
	return reside(entry->presence.page.base, entry->presence.page.length, residence);
}

void port_entry_release(struct port_entry *entry, const struct service_dir *dir)
{
	service_dir_unlink(dir, dir->ports_fd, entry->name);
	entry->presence.fd = fd_close(entry->presence.fd);
}

void port_entry_rest(struct port_entry *entry)
{
	struct sluice_registry_counters *counters = entry->counters;
	uint64_t messages = load_relaxed(&counters->sent) + load_relaxed(&counters->received);

	if (messages == entry->told)
		return;
	entry->told = messages;
	store_relaxed(&counters->active, (uint64_t)clock_coarse());
}

void port_entry_deinit(struct port_entry *entry)
{
	if (entry->counters)
		presence_let_go(&entry->presence);
	entry->counters = NULL;
}

/* 0, also if the node has gone; or -errno: this process lacks something to send a letter. */
static int notify(const struct service_dir *dir, const char *name)
{
	struct sluice_registry_port record;
	int r;

	r = presence_read(dir->ports_fd, name, &record, sizeof(record));
	if (!r && record_is_port(&record) && record.role == SLUICE_REGISTRY_DIALS)
		r = node_entry_notify(dir->node, record.node, dir->hash);
	return is_shortage(-r) ? r : 0;
}

static int notify_all(const struct service_dir *dir)
{
	DIR *ports = directory_list(dir->ports_fd);
	struct dirent *entry;
	int r, result = 0;

	if (!ports)
		return -errno;
	while ((errno = 0, entry = readdir(ports))) {
		if (entry->d_name[0] == '.')
			continue;
		r = notify(dir, entry->d_name);
		if (r < 0)
			result = r;
	}
	if (!result)
		result = -errno;
	directory_close(ports);
	return result;
}

int port_entry_notify_dialling(struct service_dir *dir)
{
	int r = service_dir_hold(dir);

	if (!r)
		r = notify_all(dir);
	service_dir_release(dir);
	/* In a directory that was removed, no client waits. */
	return r == -ENOENT ? 0 : r;
}

static bool sweep_names(int ports_fd, int servers_fd)
{
	DIR *ports = directory_list(ports_fd);
	struct dirent *entry;
	bool all = ports;

	while (ports && (entry = readdir(ports)))
		if (entry->d_name[0] != '.')
			all &= !presence_is_lack(remove_dead(ports_fd, servers_fd, entry->d_name,
							     false));
	if (ports)
		directory_close(ports);
	return all;
}

bool port_entry_sweep(int service_fd)
{
	int ports_fd, servers_fd;
	bool all = true;

	ports_fd = directory_open(service_fd, "ports");
	if (ports_fd < 0)
		return !presence_is_lack(-errno);
	servers_fd = directory_open(service_fd, "servers");
	/* A socket is found by the entry of its port, which is removed last. */
	if (servers_fd < 0 && presence_is_lack(-errno))
		all = false;
	if (all)
		all = sweep_names(ports_fd, servers_fd);
	fd_close(servers_fd);
	fd_close(ports_fd);
	return all;
}
