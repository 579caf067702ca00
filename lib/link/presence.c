// SPDX-License-Identifier: MIT
/*
 * Files that say by a lock that their maker is alive.
 *
 * The kernel drops a flock when the last descriptor of the open file is gone, and
 * with it a process that was killed.  A file is made without a name, filled and
 * locked, and only then linked: nobody ever sees it half written or not locked
 * although its maker lives.
 *
 * The lock may outlive its maker all the same: a child that was made behind libc's
 * back (os/fd.c) holds a descriptor of the same open file.  Then the record has to
 * tell that the maker is dead, which costs some system calls and is asked only by
 * somebody who needs the name.
 *
 * Whoever finds a file of the dead may remove it, under one rule: take the lock of
 * removers, make sure that the name still stands for this very file, and unlink
 * before letting go of the lock.  Two that find the same leftover then cannot remove
 * what a third has put in its place meanwhile.  Since the dead stay dead, it does not
 * matter when that was found out.
 *
 * The lock of removers is an open file description lock (fcntl), which does not
 * interfere with flock: the first belongs to those who remove, the second to those
 * who live.  One lock for both would not do, for what a child holds nobody can have.
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

/* ext4 says EPERM of a file in a directory that was removed, others ENOENT. */
static bool is_removed(int directory)
{
	struct stat st;

	return !fstat(directory, &st) && !st.st_nlink;
}

int presence_make(int at, const char *whose, const void *record, size_t size, bool shared)
{
	int fd, r;

	fd = fd_own(openat(at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	if (fd < 0 && errno == EPERM && is_removed(at))
		errno = ENOENT;
	if (fd < 0)
		return fail(errno, "cannot make a file for %s: %s", whose, strerror(errno));
	if (write(fd, record, size) == (ssize_t)size &&
	    !flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
		return fd;
	r = fail(errno, "cannot write %s: %s", whose, strerror(errno));
	fd_close(fd);
	return r;
}

int presence_name(int fd, int at, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, path, at, name, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno == EEXIST)
		return -EEXIST;
	return fail(errno, "cannot register %s: %s", name, strerror(errno));
}

int presence_create(int at, const char *name, const void *record, size_t size, bool shared)
{
	int fd, r;

	fd = presence_make(at, name, record, size, shared);
	if (fd < 0)
		return fd;
	r = presence_name(fd, at, name);
	if (!r)
		return fd;
	fd_close(fd);
	return r;
}

bool presence_is(int at, const char *name, int fd)
{
	struct stat named, open;

	return !fstatat(at, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* Keeps other removers away, until fd is closed. */
static bool lock_for_removal(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_SETLK, &whole);
}

static bool read_record(int fd, const struct presence_burial *burial)
{
	return burial->record &&
	       pread(fd, burial->record, burial->size, 0) == (ssize_t)burial->size;
}

static bool bury(int at, const char *name, int fd, const struct presence_burial *burial)
{
	bool known = read_record(fd, burial);

	if (flock(fd, LOCK_EX | LOCK_NB) &&
	    !(known && burial->is_dead && burial->is_dead(burial->record)))
		return false;
	if (!lock_for_removal(fd) || !presence_is(at, name, fd))
		return false;
	if (known)
		burial->clear(burial->context, burial->record);
	return !unlinkat(at, name, 0);
}

bool presence_bury(int at, const char *name, const struct presence_burial *burial)
{
	bool removed;
	int fd;

	fd = openat(at, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	removed = bury(at, name, fd, burial);
	fd_close(fd);
	return removed;
}

bool presence_remove_dead(int at, const char *name)
{
	static const struct presence_burial plain = { .record = NULL };

	return presence_bury(at, name, &plain);
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
