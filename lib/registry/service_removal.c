// SPDX-License-Identifier: MIT
/*
 * Removing the directory of a service that nobody has open.  The remover holds the exclusive
 * lock of the contract, and has checked that the name still leads to that contract.  It
 * renames the directory to <random>.gone and deletes that.  registry/service_dir.c has the
 * reasons, and Documentation/models/registry.pml checks them.
 *
 *  1. The directory is renamed first.  A process that is killed in between leaves a directory
 *     that is not looked for, and the next process that finds it deletes it.
 *  2. A process that cannot remove all of a service removes nothing of it.
 *  3. A directory without a contract is that of a service that is being made, or whose maker
 *     has died.
 */
#include "registry/service_removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/random.h"
#include "registry/access.h"
#include "registry/node_entry.h"
#include "registry/presence.h"
#include "registry/service_dir.h"

#define RENAMED		".gone"
#define UNNAMED		".new"
#define ID_LENGTH	16u

/* So many late contracts are removed at once.  The next sweep removes any others. */
#define REMOVAL_TRIES	16

/* No process takes so long to make a service. */
#define UNFILLED_SECONDS	10

static bool is_not_empty(int error)
{
	return error == ENOTEMPTY || error == EEXIST;
}

/* 0, also if it has gone already; or -errno. */
static int remove_name(int at, const char *name, int flags)
{
	return !unlinkat(at, name, flags) || errno == ENOENT ? 0 : -errno;
}

/* Deletes the files of a directory, then the directory.  0 or -errno. */
static int remove_directory(int at, const char *name)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = directory_open(at, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = directory_list(fd);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, 0);
	if (dir)
		directory_close(dir);
	fd_close(fd);
	return remove_name(at, name, AT_REMOVEDIR);
}

/*
 * A process that has opened the directory before it was renamed finds no contract there, and
 * writes one (service_creation.c).  Then it sees that the name has gone, and begins again.
 * The contract that it wrote is removed here.
 */
int service_removal_finish(int services_fd, const char *name)
{
	int fd, r = 0, parts, tries = REMOVAL_TRIES;

	fd = directory_open(services_fd, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	parts = remove_directory(fd, "servers");
	if (!parts)
		parts = remove_directory(fd, "ports");
	while (tries--) {
		r = presence_evict(fd, SERVICE_DIR_CONTRACT);
		if (!r && unlinkat(services_fd, name, AT_REMOVEDIR))
			r = -errno;
		if (!is_not_empty(-r))
			break;
	}
	fd_close(fd);
	if (r == -ENOENT)
		return 0;
	return r < 0 && parts < 0 ? parts : r < 0 ? r : 1;
}

/* May this user remove everything in the directory?  0, -EPERM or another -errno. */
static int may_remove(int services_fd, const char *name)
{
	struct stat st;

	if (!geteuid())
		return 0;
	if (fstatat(services_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return st.st_uid == geteuid() ? 0 : -EPERM;
}

/* If something cannot be deleted now, the next process that finds the directory deletes it. */
int service_removal_remove(int services_fd, const char *name)
{
	int r = may_remove(services_fd, name);
	char gone[NODE_ENTRY_NAME_SIZE];

	if (r < 0)
		return r;
	node_entry_name(gone, random_id(), RENAMED);
	if (renameat(services_fd, name, services_fd, gone))
		return -errno;
	return service_removal_finish(services_fd, gone) >= 0;
}

/* Removes a directory that holds no contract. */
static int bury_unfilled(int services_fd, const char *name, bool empty, bool keep)
{
	struct stat st;

	if (fstatat(services_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (!empty && st.st_mtime + UNFILLED_SECONDS > time(NULL))
		return 0;
	if (keep)
		return 1;
	if (unlinkat(services_fd, name, AT_REMOVEDIR))
		return errno == ENOENT || is_not_empty(errno) ? 0 : -errno;
	return 1;
}

static int open_contract(int services_fd, const char *name, bool anybody)
{
	int fd, service = access_open_directory(services_fd, name, anybody);

	if (service < 0)
		return service;
	fd = record_open(service, SERVICE_DIR_CONTRACT);
	fd_close(service);
	return fd;
}

int service_removal_bury(int services_fd, const char *name, bool anybody, bool empty, bool keep)
{
	char path[NODE_ENTRY_NAME_SIZE + sizeof("/" SERVICE_DIR_CONTRACT)];
	int r = 0, fd = open_contract(services_fd, name, anybody);

	if (fd == -ENOENT)
		return bury_unfilled(services_fd, name, empty, keep);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%.20s/" SERVICE_DIR_CONTRACT, name);
	if (!flock(fd, LOCK_EX | LOCK_NB) && presence_is(services_fd, path, fd)) {
		r = keep ? 1 : service_removal_remove(services_fd, name);
		/* The rest is for whoever finds it. */
		if (!r)
			r = -EAGAIN;
	}
	fd_close(fd);
	return r == -ENOENT ? 0 : r;
}

static bool has_suffix(const char *name, const char *suffix)
{
	return strspn(name, "0123456789abcdef") == ID_LENGTH && !strcmp(name + ID_LENGTH, suffix);
}

bool service_removal_is_renamed(const char *name)
{
	return has_suffix(name, RENAMED);
}

bool service_removal_is_unnamed(const char *name)
{
	return has_suffix(name, UNNAMED);
}
