// SPDX-License-Identifier: MIT
/*
 * The default root directory: where the processes of a user meet if no root is configured.
 * The first of these that can be used:
 *
 *	/run/sluice			if the administrator has made it, for everybody
 *	$XDG_RUNTIME_DIR/sluice		if XDG_RUNTIME_DIR is set and private
 *	/run/user/UID/sluice		if it is not set, and logind has made /run/user/UID
 *	/dev/shm/sluice-UID		in all other cases; also if nodes are in it, and none
 *					are in the one before
 *
 * A runtime directory is private if its path is absolute, and if it is a directory on a tmpfs
 * and no symbolic link, belongs to this user and has mode 0700.  No other user can make a
 * name in it.  In /dev/shm every user can, and a user who makes sluice-UID first keeps that
 * user out of it.
 *
 * Two processes of one user meet only if they use the same root.  A program that cron, sudo
 * or a unit of systemd starts has no XDG_RUNTIME_DIR, and a program that was started before
 * the user logged in had no /run/user/UID.  So the variable is not required, and a root with
 * nodes in it is preferred to one without.  One case is left: two nodes are made at the same
 * moment, and only one of them sees a runtime directory.  sluice doctor reports two roots.
 *
 * A directory that contains directories, the domains, counts as one with nodes.  Leftovers of
 * dead processes count too, until a process opens a service there.  Other users cannot feign
 * that, because a directory of another user does not count.  Nothing is opened here, so the
 * answer does not depend on how many descriptors are left.
 */
#include "registry/root.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SYSTEM_ROOT	"/run/sluice"

/* Is it a directory of this user? */
static bool look_at(const char *path, struct stat *ret_status)
{
	return !lstat(path, ret_status) && S_ISDIR(ret_status->st_mode) &&
	       ret_status->st_uid == geteuid();
}

static bool is_private(const char *path)
{
	struct statfs filesystem;
	struct stat st;

	return path[0] == '/' && look_at(path, &st) && (st.st_mode & 0777) == 0700 &&
	       !statfs(path, &filesystem) && filesystem.f_type == TMPFS_MAGIC;
}

/* The link count of a directory says how many directories are in it. */
static bool has_domains(const char *path)
{
	struct stat st;

	return look_at(path, &st) && st.st_nlink > 2;
}

/* The root in the user's runtime directory.  Returns how it was found; NULL: there is none. */
static const char *in_runtime(char *path, size_t size)
{
	const char *named = secure_getenv("XDG_RUNTIME_DIR"), *how = "$XDG_RUNTIME_DIR is private";
	char usual[32];

	if (!named || !*named) {
		snprintf(usual, sizeof(usual), "/run/user/%u", geteuid());
		named = usual;
		how = "this user has a runtime directory";
	}
	if (!is_private(named) || (size_t)snprintf(path, size, "%s/sluice", named) >= size)
		return NULL;
	return how;
}

const char *root_default(char *path, size_t size)
{
	char shm[32];
	struct stat st;
	const char *how;

	if (!stat(SYSTEM_ROOT, &st) && S_ISDIR(st.st_mode)) {
		snprintf(path, size, "%s", SYSTEM_ROOT);
		return "the administrator has made it";
	}
	snprintf(shm, sizeof(shm), "/dev/shm/sluice-%u", geteuid());
	how = in_runtime(path, size);
	if (how && (has_domains(path) || !has_domains(shm)))
		return how;
	snprintf(path, size, "%s", shm);
	return how ? "nodes of this user are there already" :
		     "there is no " SYSTEM_ROOT ", and no private runtime directory";
}
