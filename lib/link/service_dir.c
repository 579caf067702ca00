// SPDX-License-Identifier: MIT
/*
 * A service's directory, from its creation to its removal by the last to close it.
 *
 * The contract is a presence file (link/presence.c) on which every node that has
 * the service open holds a shared lock.  Opening and removing race with each other
 * and are decided by that lock (Documentation/models/registry.pml):
 *
 *	open						close
 *	make the directory, or find it			lock exclusively without waiting
 *	link a new contract, or open the one there	  held by others: leave it to them
 *	lock it, shared					rename the directory away
 *	does the path still name this file?		delete what is in it
 *	  no: begin again
 *
 * Invariants:
 * (1) While anybody holds a service open, its name leads to the contract that this
 *     one has locked.
 * (2) A contract is never rewritten; it is whole from the time it has a name.
 * (3) No lock is waited for, and the fight to open ends at a deadline.
 *
 * A process that dies at any point leaves at most a directory whose contract is not
 * locked, or one renamed away; the next sweep (link/sweep.c) removes both.
 */
#include "link/service_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "link/presence.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/random.h"

#define CONTRACT	"contract"

/* FNV-1a; only decides the name of a directory. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

/* Deletes the files of a directory, then the directory. */
static void remove_directory(int at, const char *name)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = directory_open(at, name);
	if (fd < 0)
		return;
	dir = directory_list(fd);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
	fd_close(fd);
	unlinkat(at, name, AT_REMOVEDIR);
}

static void remove_service(int services_fd, const char *name)
{
	int fd;

	fd = directory_open(services_fd, name);
	if (fd < 0)
		return;
	remove_directory(fd, "servers");
	remove_directory(fd, "ports");
	unlinkat(fd, CONTRACT, 0);
	fd_close(fd);
	unlinkat(services_fd, name, AT_REMOVEDIR);
}

/* Renames the service away and deletes it; its contract is locked exclusively. */
static void rename_and_remove(int services_fd, const char *name)
{
	char gone[SEAT_NAME_SIZE];

	seat_name(gone, random_id(), ".gone");
	if (!renameat(services_fd, name, services_fd, gone))
		remove_service(services_fd, gone);
}

void service_dir_remove_dead(int services_fd, const char *name)
{
	char path[SEAT_NAME_SIZE + sizeof("/" CONTRACT)];
	int fd;

	if (strstr(name, ".gone")) {
		remove_service(services_fd, name);
		return;
	}
	snprintf(path, sizeof(path), "%s/" CONTRACT, name);
	fd = openat(services_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		/* Made, but never filled; harmless if somebody is about to. */
		unlinkat(services_fd, name, AT_REMOVEDIR);
		return;
	}
	if (!flock(fd, LOCK_EX | LOCK_NB) && presence_is(services_fd, path, fd))
		rename_and_remove(services_fd, name);
	fd_close(fd);
}

static int read_contract(int fd, const char *name, struct service_record *record)
{
	struct sluice_registry_contract found;
	size_t size;

	memset(&found, 0, sizeof(found));
	if (pread(fd, &found, sizeof(found), 0) < 0 ||
	    found.magic != SLUICE_REGISTRY_MAGIC_CONTRACT)
		return fail(EPROTONOSUPPORT, "the contract file of service %s is none", name);
	if (found.version != SLUICE_PROTOCOL_VERSION || found.size != sizeof(found))
		return fail(EPROTONOSUPPORT, "service %s speaks protocol version %u with %u bytes of contract, this library %u with %zu",
			    name, found.version, found.size, SLUICE_PROTOCOL_VERSION,
			    sizeof(found));
	size = found.attributes * sizeof(record->attributes[0]);
	if (found.attributes > SLUICE_ATTRIBUTES_MAX ||
	    pread(fd, record->attributes, size, sizeof(found)) != (ssize_t)size)
		return fail(EPROTONOSUPPORT, "the contract file of service %s lacks its %u attributes",
			    name, found.attributes);
	record->contract = found;
	return 0;
}

/* -EAGAIN: begin again.  Otherwise 1, 0 or -errno. */
static int open_existing(struct service_dir *dir, enum service_dir_want want,
			 struct service_record *record)
{
	const char *name = record->contract.name;

	dir->contract_fd = fd_own(openat(dir->fd, CONTRACT,
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (dir->contract_fd < 0)
		return errno == ENOENT ? -EAGAIN :
		       fail(errno, "cannot open the contract of service %s: %s", name,
			    strerror(errno));
	if (flock(dir->contract_fd, LOCK_SH | LOCK_NB))
		return -EAGAIN;
	if (want == SERVICE_DIR_NEW)
		return fail(EEXIST, "service %s exists already", name);
	return read_contract(dir->contract_fd, name, record);
}

static int create_new(struct service_dir *dir, enum service_dir_want want,
		      const struct service_record *record)
{
	int fd;

	if (want == SERVICE_DIR_EXISTING) {
		unlinkat(dir->seat->root.services_fd, dir->name, AT_REMOVEDIR);
		return fail(ENOENT, "there is no service %s", record->contract.name);
	}
	fd = presence_create(dir->fd, CONTRACT, record,
			     sizeof(record->contract) +
			     record->contract.attributes * sizeof(record->attributes[0]), true);
	if (fd == -EEXIST || fd == -ENOENT)
		return -EAGAIN;
	dir->contract_fd = fd;
	return fd < 0 ? fd : 1;
}

static bool still_named(const struct service_dir *dir)
{
	char path[SEAT_NAME_SIZE + sizeof("/" CONTRACT)];

	snprintf(path, sizeof(path), "%s/" CONTRACT, dir->name);
	return presence_is(dir->seat->root.services_fd, path, dir->contract_fd);
}

static int try_open(struct service_dir *dir, enum service_dir_want want,
		    struct service_record *record)
{
	struct root *root = &dir->seat->root;
	int r;

	dir->fd = root_directory(root->services_fd, dir->name);
	if (dir->fd == -ENOENT) {
		r = root_reopen_services(root);
		return r < 0 && r != -ENOENT ? r : -EAGAIN;
	}
	if (dir->fd < 0)
		return dir->fd;
	if (faccessat(dir->fd, CONTRACT, F_OK, 0))
		r = create_new(dir, want, record);
	else
		r = open_existing(dir, want, record);
	if (r < 0)
		return r;
	if (!still_named(dir)) {
		/* Linked into a directory that is being removed: do not stand in the way. */
		if (r == 1)
			unlinkat(dir->fd, CONTRACT, 0);
		return -EAGAIN;
	}
	dir->ports_fd = root_directory(dir->fd, "ports");
	if (dir->ports_fd < 0)
		return dir->ports_fd;
	dir->servers_fd = root_directory(dir->fd, "servers");
	return dir->servers_fd < 0 ? dir->servers_fd : r;
}

static void close_all(struct service_dir *dir)
{
	dir->servers_fd = fd_close(dir->servers_fd);
	dir->ports_fd = fd_close(dir->ports_fd);
	dir->contract_fd = fd_close(dir->contract_fd);
	dir->fd = fd_close(dir->fd);
}

/* Removes the service if nobody else has it open. */
static void remove_if_last(struct service_dir *dir)
{
	if (dir->contract_fd >= 0 && !flock(dir->contract_fd, LOCK_EX | LOCK_NB) &&
	    still_named(dir))
		rename_and_remove(dir->seat->root.services_fd, dir->name);
}

int service_dir_open(struct service_dir *dir, struct seat *seat, enum service_dir_want want,
		     struct service_record *record)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	int64_t deadline = clock_deadline(REGISTRY_PATIENCE_NS);
	int r;

	dir->seat = seat;
	dir->hash = hash_of(record->contract.name);
	seat_name(dir->name, dir->hash, "");
	for (;;) {
		dir->fd = dir->contract_fd = dir->ports_fd = dir->servers_fd = -1;
		r = try_open(dir, want, record);
		if (r >= 0)
			return r;
		/* Our lock may have kept the last one from removing the service. */
		if (r != -EAGAIN)
			remove_if_last(dir);
		close_all(dir);
		if (r != -EAGAIN)
			return fail_again(r);
		if (clock_now() > deadline)
			return fail(ETIMEDOUT, "service %s was removed and created over and over",
				    record->contract.name);
		nanosleep(&pause, NULL);
	}
}

void service_dir_close(struct service_dir *dir)
{
	remove_if_last(dir);
	close_all(dir);
}
