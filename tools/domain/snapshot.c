// SPDX-License-Identifier: MIT
/*
 * Everything in a domain, at one moment, read so that nobody who lives notices (registry.c
 * has the rules for directories and records).
 *
 * Whether somebody lives is what owner.c says: a file of nodes/ or ports/ is held under a
 * flock by the process it stands for.  A process that died leaves its file there unlocked,
 * until somebody cleans up.  A service lives as long as its contract is locked, or a node or
 * port that has it open lives.
 *
 * Locks are read before the entries and after them; what was locked in any reading is
 * held.  That is also right for a port that was made, or has left, in between.
 *
 * Entries come and go while they are read; one that has gone is left out.
 */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "locks.h"
#include "owner.h"
#include "registry.h"

/* ---- Tables that grow ---- */

/* Room for one more; items is the address of the table's pointer. */
static void *add(void *items, size_t *count, size_t size)
{
	void **table = items, *grown;

	/* At 0, 1, 2, 4, 8, ... there is no room. */
	if (!(*count & (*count - 1))) {
		grown = realloc(*table, (*count ? 2 * *count : 1) * size);
		if (!grown)
			return NULL;
		*table = grown;
	}
	grown = (char *)*table + size * (*count)++;
	return memset(grown, 0, size);
}

/* ---- Records ---- */

struct reading {
	struct snapshot *snapshot;
	struct snapshot_service *service;	/* that is being read */
	struct locks locks;
	int error;
};

/* Of another pid namespace: the list of locks may not have its owner's. */
static void note_owner(struct reading *reading, int at, const char *name, uint64_t inode,
		       const struct owner *owner)
{
	if (!reading->locks.unlisted && !owner_is_elsewhere(owner))
		return;
	if (owner_holds(at, name) && locks_add(&reading->locks, inode) < 0)
		reading->error = -ENOMEM;
}

/* What cannot be read: gone meanwhile, or ours to fail for want of something, or counted. */
static void note_unread(struct reading *reading, int r)
{
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EIO)
		reading->error = r;
	else if (r < 0 && r != -ENOENT)
		reading->snapshot->unreadable++;
}

static void read_each(struct reading *reading, int at, const char *name, const char *below,
		      registry_entry *read)
{
	note_unread(reading, registry_each(at, name, below, reading, read));
}

/* A node that has the service open; whether it lives, its file in nodes/ tells. */
static void read_member(struct reading *reading, int ports, const char *name)
{
	struct snapshot_service *service = reading->service;
	struct stat status;
	uint64_t *added;

	if (fstatat(ports, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	added = add(&service->member, &service->members, sizeof(*added));
	if (added)
		*added = status.st_ino;
	else
		reading->error = -ENOMEM;
}

static void read_port(void *context, int ports, const char *name)
{
	struct reading *reading = context;
	struct snapshot_service *service = reading->service;
	struct snapshot_port port = { .alive = false }, *added;
	struct stat status;
	int r;

	if (strlen(name) >= sizeof(port.entry))
		return;
	if (registry_is_member(name)) {
		read_member(reading, ports, name);
		return;
	}
	strcpy(port.entry, name);
	r = registry_read_port(ports, name, &port.record, &port.counters, &status);
	if (r < 0) {
		note_unread(reading, r);
		return;
	}
	port.inode = status.st_ino;
	note_owner(reading, ports, name, port.inode, &OWNER(&port.record));
	added = add(&service->port, &service->ports, sizeof(port));
	if (!added) {
		reading->error = -ENOMEM;
		return;
	}
	*added = port;
}

static void read_service(void *context, int services, const char *hash)
{
	struct reading *reading = context;
	struct snapshot_service service = { .alive = false }, *added;
	struct snapshot *snapshot = reading->snapshot;
	struct stat status;
	int r;

	if (strlen(hash) >= sizeof(service.hash) || hash[0] == '.' || strchr(hash, '.'))
		return;		/* it is being made, or removed */
	strcpy(service.hash, hash);
	r = registry_read_contract(services, hash, &service.contract, service.attribute, &status);
	if (r < 0) {
		note_unread(reading, r);
		return;
	}
	service.inode = status.st_ino;
	reading->service = &service;
	read_each(reading, services, hash, "ports", read_port);
	added = add(&snapshot->service, &snapshot->services, sizeof(service));
	if (added)
		*added = service;
	else
		reading->error = -ENOMEM;
}

static void read_node(void *context, int nodes, const char *name)
{
	struct reading *reading = context;
	struct snapshot *snapshot = reading->snapshot;
	struct snapshot_node node = { .alive = false }, *added;
	struct stat status;
	int r;

	if (strchr(name, '.'))
		return;		/* its mailbox */
	r = registry_read_node(nodes, name, &node.record, &status);
	if (r < 0) {
		note_unread(reading, r);
		return;
	}
	node.inode = status.st_ino;
	note_owner(reading, nodes, name, node.inode, &OWNER(&node.record));
	added = add(&snapshot->node, &snapshot->nodes, sizeof(node));
	if (added)
		*added = node;
	else
		reading->error = -ENOMEM;
}

/* ---- All of it ---- */

static int compare_services(const void *a, const void *b)
{
	const struct snapshot_service *left = a, *right = b;

	return strcmp(left->contract.name, right->contract.name);
}

static int compare_ports(const void *a, const void *b)
{
	const struct snapshot_port *left = a, *right = b;

	if (left->record.kind != right->record.kind)
		return left->record.kind < right->record.kind ? -1 : 1;
	return strverscmp(left->entry, right->entry);
}

static void sort(struct snapshot *snapshot)
{
	if (snapshot->services)
		qsort(snapshot->service, snapshot->services, sizeof(*snapshot->service),
		      compare_services);
	for (size_t i = 0; i < snapshot->services; i++)
		if (snapshot->service[i].ports)
			qsort(snapshot->service[i].port, snapshot->service[i].ports,
			      sizeof(*snapshot->service[i].port), compare_ports);
}

/* ---- Who lives ---- */

static void mark_nodes(struct snapshot *snapshot, struct locks *locks)
{
	for (size_t i = 0; i < snapshot->nodes; i++) {
		struct snapshot_node *node = &snapshot->node[i];

		/* Services have such a file too. */
		if (owner_is_dead(&OWNER(&node->record)))
			locks_drop(locks, node->inode);
		node->alive = locks_have(locks, node->inode);
	}
}

static void mark_service(struct snapshot_service *service, const struct locks *locks)
{
	for (size_t i = 0; i < service->ports; i++) {
		struct snapshot_port *port = &service->port[i];

		port->alive = locks_have(locks, port->inode) &&
			      !owner_is_dead(&OWNER(&port->record));
		service->clients += port->alive && port->record.kind == SLUICE_REGISTRY_CLIENT;
		service->servers += port->alive && port->record.kind == SLUICE_REGISTRY_SERVER;
	}
	for (size_t i = 0; i < service->members; i++)
		service->nodes += locks_have(locks, service->member[i]);
	service->alive = locks_have(locks, service->inode) || service->nodes ||
			 service->clients || service->servers;
}

static void mark(struct snapshot *snapshot, struct locks *locks)
{
	mark_nodes(snapshot, locks);
	for (size_t i = 0; i < snapshot->services; i++)
		mark_service(&snapshot->service[i], locks);
}

static int read_all(struct snapshot *snapshot, int domain)
{
	struct reading reading = { .snapshot = snapshot };
	int r = locks_read(&reading.locks);

	if (r >= 0) {
		read_each(&reading, domain, "nodes", NULL, read_node);
		read_each(&reading, domain, "services", NULL, read_service);
		r = reading.error ? reading.error : locks_read_again(&reading.locks);
	}
	if (!r) {
		mark(snapshot, &reading.locks);
		sort(snapshot);
	}
	locks_free(&reading.locks);
	return r;
}

int snapshot_take(struct snapshot *snapshot, const char *domain)
{
	struct timespec now;
	int fd, r;

	memset(snapshot, 0, sizeof(*snapshot));
	clock_gettime(CLOCK_MONOTONIC, &now);
	snapshot->time = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	registry_root(snapshot->root, sizeof(snapshot->root));
	snprintf(snapshot->domain, sizeof(snapshot->domain), "%s", registry_domain(domain));
	fd = registry_open_domain(domain);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = read_all(snapshot, fd);
	close(fd);
	if (r < 0)
		snapshot_free(snapshot);
	return r;
}

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->services; i++) {
		free(snapshot->service[i].port);
		free(snapshot->service[i].member);
	}
	free(snapshot->service);
	free(snapshot->node);
	snapshot->service = NULL;
	snapshot->node = NULL;
	snapshot->services = 0;
	snapshot->nodes = 0;
}

const struct snapshot_service *snapshot_service(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->services; i++)
		if (!strcmp(snapshot->service[i].contract.name, name))
			return &snapshot->service[i];
	return NULL;
}

char *snapshot_suggest(const struct snapshot *snapshot, const char *name,
		       char buffer[SUGGEST_TEXT])
{
	struct suggestion suggestion = { .typed = name };

	for (size_t i = 0; i < snapshot->services; i++)
		suggest_among(&suggestion, snapshot->service[i].contract.name);
	return suggest_text(buffer, &suggestion, "");
}

const struct snapshot_node *snapshot_node(const struct snapshot *snapshot, uint64_t id)
{
	for (size_t i = 0; i < snapshot->nodes; i++)
		if (snapshot->node[i].record.id == id)
			return &snapshot->node[i];
	return NULL;
}
