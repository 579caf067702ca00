// SPDX-License-Identifier: MIT
/*
 * Reads everything in a domain, as it is at one moment, and does not disturb the processes
 * there.  Nothing is written, no socket is connected to, and no lock is taken that others
 * could notice: a lock, even for a moment, could keep the last process of a service from
 * removing it.
 *
 * Directories must be safe (registry/access.c).  In a sticky directory anybody can make an
 * entry.  An entry that is not safe, or is not a whole record (registry/record.c), is counted
 * and not listed.
 *
 * A live process holds the flock of the file of its node or port.  The kernel's list of locks
 * (os/flocks.c) shows that without touching the file.  The list lacks the locks of processes
 * in pid namespaces beside or above this one.  So if a record names another namespace, the
 * lock is tried, shared and without waiting.  That succeeds only if the owner is dead, and
 * the file is closed at once.  A process that wants to remove the dead entry in that moment
 * leaves it to the next one.  A child may hold the lock of its dead parent (os/fd.c), so the
 * record is read as well (os/process.c).  In doubt a process counts as alive.
 *
 * A service lives if its contract is locked, or if a node or port lives that has it open.
 * The list of locks is read before the entries and again after them, and a file that was
 * locked at either time counts as locked.  That is right for a port that was made or was
 * removed in between.
 *
 * Entries come and go while they are read.  An entry that has gone is left out.
 */
#include "registry/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/flocks.h"
#include "registry/membership.h"
#include "registry/service_dir.h"

struct reading {
	struct listing *listing;
	struct flocks flocks;
	bool anybody;		/* the directories may belong to any user */
	int error;		/* ends the reading */
};

/* ---- Tables that grow ---- */

/* Makes room for one more item, as zeros.  *table is the pointer to the table.  Or NULL. */
static void *add(struct reading *reading, void *table, size_t *count, size_t size)
{
	void *items, *grown;

	memcpy(&items, table, sizeof(items));
	/* The table has room for a power of two: it is full at 0, 1, 2, 4, ... */
	if (!(*count & (*count - 1))) {
		grown = realloc(items, (*count ? 2 * *count : 1) * size);
		if (!grown) {
			reading->error = fail(ENOMEM, "no memory to list the registry");
			return NULL;
		}
		items = grown;
		memcpy(table, &items, sizeof(items));
	}
	return memset((char *)items + size * (*count)++, 0, size);
}

/* ---- Entries that cannot be read ---- */

/* The entry has gone; or this process lacks something, which ends the reading; or it counts. */
static void note_unread(struct reading *reading, const char *name, int r)
{
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EIO) {
		reading->error = fail(-r, "cannot read %s in the registry: %s", name,
				      strerror(-r));
	} else if (r != -ENOENT) {
		reading->listing->unreadable++;
		reading->listing->foreign += r == -EPROTONOSUPPORT;
	}
}

/* Calls read() for each name in a directory. */
static void read_each(struct reading *reading, int at, const char *name,
		      void (*read)(struct reading *reading, int at, const char *name))
{
	int fd = access_open_directory(at, name, reading->anybody);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0) {
		note_unread(reading, name, fd);
		return;
	}
	dir = directory_list(fd);
	if (!dir)
		note_unread(reading, name, -errno);
	while (dir && !reading->error && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read(reading, fd, entry->d_name);
	if (dir && !reading->error && errno)
		note_unread(reading, name, -errno);
	if (dir)
		directory_close(dir);
	fd_close(fd);
}

/* ---- Records ---- */

/* The list of locks may lack the lock of a process in another pid namespace. */
static void note_owner(struct reading *reading, struct listing_owner *owner, int fd,
		       uint64_t inode, const struct process *process)
{
	owner->inode = inode;
	owner->elsewhere = process_is_elsewhere(process);
	if (!reading->flocks.unlisted && !owner->elsewhere)
		return;
	if (flock(fd, LOCK_SH | LOCK_NB))
		reading->error = flocks_add(&reading->flocks, inode);
}

static void read_node(struct reading *reading, int nodes, const char *name)
{
	struct listing *listing = reading->listing;
	struct sluice_registry_node record;
	struct listing_node *node;
	struct process process;
	struct stat st;
	int fd, r;

	if (strchr(name, '.') || strlen(name) >= LISTING_ENTRY_SIZE)
		return;		/* a mailbox */
	fd = record_open(nodes, name);
	r = fd < 0 ? fd : record_read_node(fd, &record, &st);
	if (r < 0) {
		note_unread(reading, name, r);
	} else {
		node = add(reading, &listing->node, &listing->nodes, sizeof(*node));
		if (node) {
			node->record = record;
			strcpy(node->entry, name);
			process = RECORD_OWNER(&record);
			note_owner(reading, &node->owner, fd, st.st_ino, &process);
		}
	}
	fd_close(fd);
}

/* A node that has the service open.  Its file in nodes/ says whether it lives. */
static void read_member(struct reading *reading, int ports, const char *name)
{
	struct listing *listing = reading->listing;
	struct stat st;
	uint64_t *inode;

	if (fstatat(ports, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	inode = add(reading, &listing->member, &listing->members, sizeof(*inode));
	if (inode)
		*inode = st.st_ino;
}

static void read_port(struct reading *reading, int ports, const char *name)
{
	struct listing *listing = reading->listing;
	struct port_record record;
	struct listing_port *port;
	struct process process;
	struct stat st;
	int fd, r;

	if (strlen(name) >= LISTING_ENTRY_SIZE)
		return;
	if (membership_is(name)) {
		read_member(reading, ports, name);
		return;
	}
	fd = record_open(ports, name);
	r = fd < 0 ? fd : record_read_port(fd, &record, &st);
	if (r < 0) {
		note_unread(reading, name, r);
	} else {
		port = add(reading, &listing->port, &listing->ports, sizeof(*port));
		if (port) {
			port->record = record;
			strcpy(port->entry, name);
			process = RECORD_OWNER(&record.port);
			note_owner(reading, &port->owner, fd, st.st_ino, &process);
		}
	}
	fd_close(fd);
}

static int read_contract(int service_fd, struct service_record *ret_record, struct stat *ret_st)
{
	int fd = record_open(service_fd, SERVICE_DIR_CONTRACT), r;

	if (fd < 0)
		return fd;
	r = record_read_service(fd, ret_record, ret_st);
	fd_close(fd);
	return r;
}

static void read_service(struct reading *reading, int services, const char *name)
{
	struct listing *listing = reading->listing;
	struct listing_service *service;
	struct service_record record;
	struct stat st;
	int fd, r;

	if (strchr(name, '.') || strlen(name) >= LISTING_ENTRY_SIZE)
		return;		/* it is being made or removed */
	fd = access_open_directory(services, name, reading->anybody);
	r = fd < 0 ? fd : read_contract(fd, &record, &st);
	if (r < 0) {
		note_unread(reading, name, r);
		fd_close(fd);
		return;
	}
	service = add(reading, &listing->service, &listing->services, sizeof(*service));
	if (service) {
		service->record = record;
		strcpy(service->entry, name);
		service->inode = st.st_ino;
		service->port = listing->ports;
		service->member = listing->members;
		read_each(reading, fd, "ports", read_port);
		service->ports = listing->ports - service->port;
		service->members = listing->members - service->member;
	}
	fd_close(fd);
}

/* ---- Order ---- */

static int compare_services(const void *a, const void *b)
{
	const struct listing_service *left = a, *right = b;

	return strcmp(left->record.contract.name, right->record.contract.name);
}

static int compare_ports(const void *a, const void *b)
{
	const struct listing_port *left = a, *right = b;
	uint32_t kinds[2] = { left->record.port.kind, right->record.port.kind };

	if (kinds[0] != kinds[1])
		return kinds[0] < kinds[1] ? -1 : 1;
	return strverscmp(left->entry, right->entry);
}

static void sort(struct listing *listing)
{
	const struct listing_service *service;
	size_t i;

	if (listing->services)
		qsort(listing->service, listing->services, sizeof(*listing->service),
		      compare_services);
	for (i = 0; i < listing->services; i++) {
		service = &listing->service[i];
		if (service->ports)
			qsort(listing->port + service->port, service->ports,
			      sizeof(*listing->port), compare_ports);
	}
}

/* ---- Which processes live ---- */

static void mark_nodes(struct listing *listing, struct flocks *flocks)
{
	struct listing_node *node;
	struct process process;
	size_t i;

	for (i = 0; i < listing->nodes; i++) {
		node = &listing->node[i];
		process = RECORD_OWNER(&node->record);
		/* The names that the node has in services are names of this file too. */
		if (process_is_dead(&process))
			flocks_drop(flocks, node->owner.inode);
		node->owner.alive = flocks_have(flocks, node->owner.inode);
	}
}

static void mark_service(struct listing *listing, struct listing_service *service,
			 const struct flocks *flocks)
{
	struct listing_port *port;
	struct process process;
	size_t i;

	service->alive = flocks_have(flocks, service->inode);
	for (i = 0; i < service->ports; i++) {
		port = &listing->port[service->port + i];
		process = RECORD_OWNER(&port->record.port);
		port->owner.alive = flocks_have(flocks, port->owner.inode) &&
				    !process_is_dead(&process);
		service->alive |= port->owner.alive;
	}
	for (i = 0; i < service->members; i++)
		service->nodes += flocks_have(flocks, listing->member[service->member + i]);
	service->alive |= service->nodes != 0;
}

static void mark(struct listing *listing, struct flocks *flocks)
{
	size_t i;

	mark_nodes(listing, flocks);
	for (i = 0; i < listing->services; i++)
		mark_service(listing, &listing->service[i], flocks);
}

/* ---- The whole ---- */

int listing_read(struct listing *ret_listing, int domain_fd, bool anybody)
{
	struct reading reading = { .listing = ret_listing, .anybody = anybody };
	int r;

	*ret_listing = (struct listing){ .nodes = 0 };
	r = flocks_read(&reading.flocks);
	if (r >= 0) {
		read_each(&reading, domain_fd, "nodes", read_node);
		if (!reading.error)
			read_each(&reading, domain_fd, "services", read_service);
		r = reading.error ? reading.error : flocks_read_again(&reading.flocks);
	}
	if (!r) {
		mark(ret_listing, &reading.flocks);
		sort(ret_listing);
	}
	flocks_free(&reading.flocks);
	if (r < 0)
		listing_free(ret_listing);
	return r;
}

/* Reads a record of any kind. */
static int read_any(struct reading *reading, int fd)
{
	struct listing *listing = reading->listing;
	struct sluice_registry_node node;
	struct service_record service;
	struct port_record port;
	struct stat st;
	int r;

	r = record_read_node(fd, &node, &st);
	if (!r && add(reading, &listing->node, &listing->nodes, sizeof(*listing->node)))
		listing->node->record = node;
	if (r != -EBADMSG)
		return r;
	r = record_read_port(fd, &port, &st);
	if (!r && add(reading, &listing->port, &listing->ports, sizeof(*listing->port)))
		listing->port->record = port;
	if (r != -EBADMSG)
		return r;
	r = record_read_service(fd, &service, &st);
	if (!r && add(reading, &listing->service, &listing->services, sizeof(*listing->service)))
		listing->service->record = service;
	return r;
}

int listing_read_file(struct listing *ret_listing, int fd)
{
	struct reading reading = { .listing = ret_listing };
	int r;

	*ret_listing = (struct listing){ .nodes = 0 };
	r = read_any(&reading, fd);
	if (r == -EBADMSG || r == -EPROTONOSUPPORT)
		return fail(-r, "the file is no record of the registry of protocol version %u",
			    SLUICE_PROTOCOL_VERSION);
	if (r < 0)
		return fail(-r, "cannot read the file: %s", strerror(-r));
	return reading.error;
}

void listing_free(struct listing *listing)
{
	free(listing->node);
	free(listing->service);
	free(listing->port);
	free(listing->member);
	*listing = (struct listing){ .nodes = 0 };
}
