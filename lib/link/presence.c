// SPDX-License-Identifier: MIT
/*
 * Files that say by a lock that their maker is alive.
 *
 * The kernel drops a flock when the last descriptor of the open file is gone, and
 * with it a process that was killed.  A file is made without a name, filled and
 * locked, and only then linked: nobody ever sees it half written or not locked
 * although its maker lives.
 *
 * Whoever finds a file that is not locked may remove it, under one rule: lock it,
 * make sure that the name still stands for this very file, and unlink before
 * letting go of the lock.  Two that find the same leftover then cannot remove what
 * a third has put in its place meanwhile.
 */
#include "link/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

static int fill_and_link(int fd, int at, const char *name, const void *record, size_t size,
			 bool shared)
{
	char path[64];

	if (write(fd, record, size) != (ssize_t)size ||
	    flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
		return fail(errno, "cannot write %s: %s", name, strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, path, at, name, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno == EEXIST)
		return -EEXIST;
	return fail(errno, "cannot register %s: %s", name, strerror(errno));
}

/* ext4 says EPERM of a file in a directory that was removed, others ENOENT. */
static bool is_removed(int directory)
{
	struct stat st;

	return !fstat(directory, &st) && !st.st_nlink;
}

int presence_create(int at, const char *name, const void *record, size_t size, bool shared)
{
	int fd, r;

	fd = openat(at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EPERM && is_removed(at))
		errno = ENOENT;
	if (fd < 0)
		return fail(errno, "cannot make a file for %s: %s", name, strerror(errno));
	r = fill_and_link(fd, at, name, record, size, shared);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd_own(fd);
}

bool presence_is(int at, const char *name, int fd)
{
	struct stat named, open;

	return !fstatat(at, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

bool presence_bury(int at, const char *name, void *record, size_t size,
		   void (*what)(void *context, const void *record), void *context)
{
	bool removed = false;
	int fd;

	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (!flock(fd, LOCK_EX | LOCK_NB) && presence_is(at, name, fd)) {
		if (what && pread(fd, record, size, 0) == (ssize_t)size)
			what(context, record);
		removed = !unlinkat(at, name, 0);
	}
	fd_close(fd);
	return removed;
}

bool presence_remove_dead(int at, const char *name)
{
	return presence_bury(at, name, NULL, 0, NULL, NULL);
}

int presence_read(int at, const char *name, void *record, size_t size)
{
	ssize_t n;
	int fd;

	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, record, size, 0);
	fd_close(fd);
	return n == (ssize_t)size ? 0 : -EPROTO;
}
