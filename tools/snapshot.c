// SPDX-License-Identifier: MIT
/*
 * Everything in a domain, at one moment, read without a lock, so that nobody notices
 * (registry.c has the rules for directories and records).
 *
 * Whether somebody lives is what the kernel's list of locks says: a file of nodes/ or
 * ports/ is held under a flock by the process it stands for, and /proc/locks names it by
 * its inode.  A process that died leaves its file there unlocked, until somebody cleans
 * up.  Of what is in another pid namespace the list may say nothing.
 *
 * The list is handed out a page at a time, and what follows moves up when a lock is given
 * back meanwhile: on a busy machine a reading misses some.  So it is read before the
 * entries and after them, until a reading has told nothing new; what was locked in any of
 * them is alive.  That is also right for a port that was made, or has left, in between.
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

#include "registry.h"

#define READ_SIZE	65536
#define READINGS_MOST	8	/* on a machine where locks come and go all the time */

/* ---- Who holds a lock ---- */

struct locks {
	uint64_t *inode;
	size_t count, room;
};

static int add_lock(struct locks *locks, uint64_t inode)
{
	uint64_t *grown;

	if (locks->count == locks->room) {
		locks->room = locks->room ? 2 * locks->room : 256;
		grown = realloc(locks->inode, locks->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		locks->inode = grown;
	}
	locks->inode[locks->count++] = inode;
	return 0;
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Sorts them, each once. */
static void sort_locks(struct locks *locks)
{
	size_t kept = 0;

	if (locks->count)
		qsort(locks->inode, locks->count, sizeof(*locks->inode), compare_inodes);
	for (size_t i = 0; i < locks->count; i++)
		if (!kept || locks->inode[kept - 1] != locks->inode[i])
			locks->inode[kept++] = locks->inode[i];
	locks->count = kept;
}

/*
 * Adds those of all files of the machine: inodes are enough, for a mistake is harmless and
 * rare.  How many are new, or -errno.
 */
static int read_locks(struct locks *locks)
{
	FILE *file = fopen("/proc/locks", "re");
	size_t before = locks->count;
	unsigned long long inode;
	char line[256];
	int r = 0;

	/* Without the list all would pass for dead; a machine may have no such list at all. */
	if (!file && errno != ENOENT)
		return -errno;
	/* As much at a time as the kernel gives: so less is missed. */
	if (file)
		setvbuf(file, NULL, _IOFBF, READ_SIZE);
	while (file && !r && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d: FLOCK %*s %*s %*d %*x:%*x:%llu", &inode) == 1)
			r = add_lock(locks, inode);
	if (file)
		fclose(file);
	sort_locks(locks);
	return r < 0 ? r : (int)(locks->count - before);
}

/* Until there is nothing new. */
static int read_locks_again(struct locks *locks)
{
	int r = 1;

	for (unsigned int i = 0; i < READINGS_MOST && r > 0; i++)
		r = read_locks(locks);
	return r < 0 ? r : 0;
}

static bool is_locked(const struct locks *locks, uint64_t inode)
{
	return locks->count && bsearch(&inode, locks->inode, locks->count, sizeof(inode),
				       compare_inodes);
}

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
	int error;
};

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

	if (left->record.role != right->record.role)
		return left->record.role < right->record.role ? -1 : 1;
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

static void mark_ports(struct snapshot_service *service, const struct locks *locks)
{
	for (size_t i = 0; i < service->ports; i++) {
		struct snapshot_port *port = &service->port[i];

		port->alive = is_locked(locks, port->inode);
		service->clients += port->alive && !port->record.role;
		service->servers += port->alive && port->record.role;
	}
}

static void mark(struct snapshot *snapshot, const struct locks *locks)
{
	for (size_t i = 0; i < snapshot->nodes; i++)
		snapshot->node[i].alive = is_locked(locks, snapshot->node[i].inode);
	for (size_t i = 0; i < snapshot->services; i++) {
		snapshot->service[i].alive = is_locked(locks, snapshot->service[i].inode);
		mark_ports(&snapshot->service[i], locks);
		for (size_t m = 0; m < snapshot->service[i].members; m++)
			snapshot->service[i].nodes +=
				is_locked(locks, snapshot->service[i].member[m]);
	}
}

static int read_all(struct snapshot *snapshot, int domain)
{
	struct reading reading = { .snapshot = snapshot };
	struct locks locks = { 0 };
	int r = read_locks(&locks);

	if (r >= 0) {
		read_each(&reading, domain, "nodes", NULL, read_node);
		read_each(&reading, domain, "services", NULL, read_service);
		r = reading.error ? reading.error : read_locks_again(&locks);
	}
	if (!r) {
		mark(snapshot, &locks);
		sort(snapshot);
	}
	free(locks.inode);
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

const struct snapshot_node *snapshot_node(const struct snapshot *snapshot, uint64_t id)
{
	for (size_t i = 0; i < snapshot->nodes; i++)
		if (snapshot->node[i].record.id == id)
			return &snapshot->node[i];
	return NULL;
}
