// SPDX-License-Identifier: MIT
/*
 * What a dead process has left in the registry, and how it may be removed: rules 2 and 3
 * of Documentation/protocol.rst, as the library follows them too (lib/registry/presence.c and
 * service_dir.c have the reasons, Documentation/models the proofs).
 *
 * A process is dead if the lock of its record can be had, or if the record says so (owner.c
 * has the reasons).
 *
 *  1. Who removes a record holds a write lock on its file, of the kind that owners never
 *     take, and has seen since that the name still stands for that file.  Of another
 *     user's file, which may be readable only, its lock and a read lock will do.
 *  2. The socket goes before the record, and of a service the name before all that is in
 *     it: who is killed in between leaves what the next finds again.
 *  3. No lock is waited for, and none is kept.  Where it is held for a moment and nothing
 *     is removed, others who wanted to remove the same have passed it over: no harm.
 *
 *  4. A record is believed for what belongs to its user, lest somebody have others remove
 *     what he could not.
 *
 * Records of other versions are left alone, for only their first 12 bytes are known, and
 * the name of a server's socket is not among these.  They go with their service.
 */
#include "leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/domain/owner.h"
#include "tools/domain/registry.h"

#define ID_LENGTH	16u
#define NAME_SIZE	(ID_LENGTH + sizeof(".sock"))
#define RENAMED		".gone"
#define UNNAMED		".new"
#define CONTRACT	"contract"
#define TRIES		16

/* ---- Taking hold of a record ------------------------------------------------ */

static bool still_named(int at, const char *name, int fd)
{
	struct stat named, open;

	return fstatat(at, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open) == 0 &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* Keeps other removers away until the file is closed. */
static bool lock_for_removal(int fd, bool flocked)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return true;
	whole.l_type = F_RDLCK;
	return errno == EBADF && flocked && fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

/* The file, which need not be one of the dead yet. */
static int open_record(struct leftover *leftover, int at, const char *name)
{
	/* Not to wait for anybody, should it be a FIFO. */
	int fd = openat(at, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*leftover = (struct leftover){ .at = at, .name = name, .fd = fd };
	if (fd >= 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static bool read_record(const struct leftover *leftover, void *record, size_t size)
{
	return pread(leftover->fd, record, size, 0) == (ssize_t)size;
}

static int take(struct leftover *leftover, const struct owner *owner)
{
	int fd = leftover->fd;
	bool flocked = flock(fd, LOCK_EX | LOCK_NB) == 0;

	if ((flocked || owner_is_dead(owner)) && lock_for_removal(fd, flocked) &&
	    still_named(leftover->at, leftover->name, fd))
		return 1;
	leftover_release(leftover);
	return 0;
}

int leftover_take_node(struct leftover *leftover, int nodes, const char *name)
{
	const struct sluice_registry_node *node = &leftover->record.node;
	int r = open_record(leftover, nodes, name);

	if (r <= 0)
		return r;
	if (!read_record(leftover, &leftover->record.node, sizeof(*node)) ||
	    node->magic != SLUICE_REGISTRY_MAGIC_NODE ||
	    node->version != SLUICE_PROTOCOL_VERSION || node->size != sizeof(*node)) {
		leftover_release(leftover);
		return 0;
	}
	leftover->record.node.name[sizeof(node->name) - 1] = '\0';
	return take(leftover, &OWNER(node));
}

int leftover_take_port(struct leftover *leftover, int ports, const char *name)
{
	const struct sluice_registry_port *port = &leftover->record.port;
	int r = open_record(leftover, ports, name);

	if (r <= 0)
		return r;
	if (!read_record(leftover, &leftover->record.port, sizeof(*port)) ||
	    port->magic != SLUICE_REGISTRY_MAGIC_PORT ||
	    port->version != SLUICE_PROTOCOL_VERSION || port->size != sizeof(*port)) {
		leftover_release(leftover);
		return 0;
	}
	return take(leftover, &OWNER(port));
}

void leftover_release(struct leftover *leftover)
{
	close(leftover->fd);
	leftover->fd = -1;
}

/* ---- Removing --------------------------------------------------------------- */

/* What somebody else has removed already is as good. */
static int remove_name(int at, const char *name, int flags)
{
	return unlinkat(at, name, flags) == 0 || errno == ENOENT ? 0 : -errno;
}

int leftover_remove_node(struct leftover *leftover)
{
	char mailbox[NAME_SIZE];
	int r;

	snprintf(mailbox, sizeof(mailbox), "%.16s.sock", leftover->name);
	r = remove_name(leftover->at, mailbox, 0);
	return r < 0 ? r : remove_name(leftover->at, leftover->name, 0);
}

/* The socket that clients see, and that which nobody has heard of yet; if of this user. */
static int remove_sockets(int servers, uint64_t id, uid_t user)
{
	static const char *const suffixes[] = { "sock", "new" };
	struct stat status;
	char name[NAME_SIZE];
	int r = 0;

	for (unsigned int i = 0; i < 2 && r == 0; i++) {
		snprintf(name, sizeof(name), "%016llx.%s", (unsigned long long)id,
			 suffixes[i]);
		if (fstatat(servers, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    status.st_uid == user)
			r = remove_name(servers, name, 0);
	}
	return r;
}

int leftover_remove_port(struct leftover *leftover, int servers)
{
	const struct sluice_registry_port *port = &leftover->record.port;
	struct stat status;
	int r = 0;

	if (port->role == SLUICE_REGISTRY_LISTENS && servers >= 0 && fstat(leftover->fd, &status) == 0)
		r = remove_sockets(servers, port->id, status.st_uid);
	return r < 0 ? r : remove_name(leftover->at, leftover->name, 0);
}

/* ---- Services --------------------------------------------------------------- */

static int open_contract(int services, const char *hash)
{
	int fd, service = registry_open_directory(services, hash);

	if (service < 0)
		return service;
	fd = openat(service, CONTRACT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(service);
	return fd;
}

int leftover_lock_service(int services, const char *hash)
{
	char path[NAME_SIZE + sizeof("/" CONTRACT)];
	int fd = open_contract(services, hash);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%.21s/" CONTRACT, hash);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_named(services, path, fd))
		return fd;
	close(fd);
	return -EBUSY;
}

static void remove_entry(void *context, int directory, const char *name)
{
	int *result = context, r = remove_name(directory, name, 0);

	if (r < 0)
		*result = r;
}

/* A directory of files, with these. */
static int remove_directory(int at, const char *name)
{
	int result = 0, r = registry_each(at, name, NULL, &result, remove_entry);

	if (r < 0)
		return r;
	return result < 0 ? result : remove_name(at, name, AT_REMOVEDIR);
}

static int delete_renamed(int services, const char *name)
{
	int r, fd = registry_open_directory(services, name);

	if (fd < 0)
		return fd;
	r = remove_directory(fd, "servers");
	if (r == 0)
		r = remove_directory(fd, "ports");
	if (r == 0)
		r = remove_name(fd, CONTRACT, 0);
	close(fd);
	if (r < 0)
		return r;
	return unlinkat(services, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Who found the directory too late puts a contract into it, and takes that out again. */
int leftover_delete_renamed(int services, const char *name)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int r, tries = 0;

	while ((r = delete_renamed(services, name)) == -ENOTEMPTY && ++tries < TRIES)
		nanosleep(&pause, NULL);
	return r;
}

int leftover_remove_service(int services, const char *hash)
{
	unsigned long long random;
	struct stat status;
	char name[NAME_SIZE];
	int r;

	/* Who cannot remove all of it leaves all of it. */
	if (geteuid() && fstatat(services, hash, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    status.st_uid != geteuid())
		return -EPERM;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(name, sizeof(name), "%016llx" RENAMED, random);
	if (renameat(services, hash, services, name) < 0)
		return -errno;
	r = leftover_delete_renamed(services, name);
	return r == -ENOENT ? 0 : r;
}

bool leftover_is_id(const char *name)
{
	return strlen(name) == ID_LENGTH && strspn(name, "0123456789abcdef") == ID_LENGTH;
}

bool leftover_is_unnamed(const char *name)
{
	return strspn(name, "0123456789abcdef") == ID_LENGTH &&
	       strcmp(name + ID_LENGTH, UNNAMED) == 0;
}

bool leftover_is_renamed(const char *name)
{
	return strspn(name, "0123456789abcdef") == ID_LENGTH &&
	       strcmp(name + ID_LENGTH, RENAMED) == 0;
}
