// SPDX-License-Identifier: MIT
/*
 * Which root directory the processes of a user meet in, if nobody names one.  In this
 * order:
 *
 *	/run/sluice			the administrator has made it, for everybody
 *	$XDG_RUNTIME_DIR/sluice		if XDG_RUNTIME_DIR is private; where it is not set,
 *	/run/user/UID/sluice		in its place, where logind has made that
 *	/dev/shm/sluice-UID		else; and also if nodes are there, and none in the one
 *					before
 *
 * A runtime directory is private if it is an absolute path to a directory on a tmpfs, no
 * symbolic link, of this user and of mode 0700.  Nobody else can make a name in it.  In
 * /dev/shm everybody can, and whoever makes sluice-UID first keeps that user out of it.
 *
 * Two processes of one user meet only in one root.  A program that cron, sudo or a unit of
 * systemd starts has no XDG_RUNTIME_DIR, and one that was started before the user logged
 * in had no /run/user/UID.  So the variable is not needed, and a root with nodes in it is
 * preferred to one without.  What is left: two nodes that are made at the same moment, one
 * of which sees a runtime directory that the other does not.  sluice doctor tells that
 * there are two.
 *
 * A directory that holds directories, the domains, is taken for one with nodes; what the
 * dead have left counts until somebody opens a service there.  Others cannot pretend that,
 * for a directory of another user does not count.  Nothing is opened here, so that the
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

/* Is it a directory of this user's? */
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

/* The root in the user's runtime directory.  How it was found; NULL: there is none. */
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
