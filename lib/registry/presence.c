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
 *
 * The file of another user may be readable only, and then no lock for writing can be
 * had.  Who has got its flock takes one for reading: that keeps off those with a lock for
 * writing, and the flock all others.  Whether the name can be removed depends on whose
 * the directory is; where it cannot, it is still there, and stays until its user or the
 * directory's comes.
 *
 * What a record says is believed for what belongs to its user alone, so that nobody can
 * have others remove what he could not.
 */
#include "registry/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/file_size.h"
#include "os/identity.h"
#include "os/random.h"

#define PRIVATE	0600

/* ext4 says EPERM of a file in a directory that was removed, others ENOENT. */
static bool is_removed(int directory)
{
	struct stat st;

	return !fstat(directory, &st) && !st.st_nlink;
}

/* No umask has a say, where others are to read it. */
static int set_mode(int fd, mode_t mode)
{
	return mode == PRIVATE ? 0 : fchmod(fd, mode);
}

int presence_make(int at, const char *whose, mode_t mode, const void *record, size_t size,
		  bool shared)
{
	char what[64];
	int fd, r;

	fd = fd_own(openat(at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, PRIVATE));
	if (fd < 0 && errno == EPERM && is_removed(at))
		errno = ENOENT;
	if (fd < 0)
		return fail(errno, "cannot make a file for %s: %s", whose, strerror(errno));
	snprintf(what, sizeof(what), "the file for %s", whose);
	r = file_size_write(fd, what, record, size);
	if (!r && set_mode(fd, mode))
		r = fail(errno, "cannot give %s mode %04o: %s", what, mode, strerror(errno));
	if (!r && flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
		r = fail(errno, "cannot lock %s: %s", what, strerror(errno));
	if (!r)
		return fd;
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

int presence_create(int at, const char *name, mode_t mode, const void *record, size_t size,
		    bool shared)
{
	int fd, r;

	fd = presence_make(at, name, mode, record, size, shared);
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
	return identity_is_open(at, name, fd);
}

/* A directory that is not empty is kept, under a name that nobody looks for. */
static bool remove_any(int at, const char *name)
{
	char aside[24];

	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return true;
	if (errno == EISDIR && !unlinkat(at, name, AT_REMOVEDIR))
		return true;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return false;
	snprintf(aside, sizeof(aside), "%016llx.gone", (unsigned long long)random_id());
	return !renameat(at, name, at, aside);
}

int presence_evict(int at, const char *name)
{
	if (remove_any(at, name))
		return 0;
	return fail(errno, "something else has the name %s, and cannot be removed: %s", name,
		    strerror(errno));
}

void presence_clear(int at, const char *name)
{
	struct stat st;

	if (!fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
		remove_any(at, name);
	else
		presence_remove_dead(at, name);
}

/* Keeps other removers away, until fd is closed. */
static bool lock_for_removal(int fd, bool flocked)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_OFD_SETLK, &whole))
		return true;
	whole.l_type = F_RDLCK;
	return errno == EBADF && flocked && !fcntl(fd, F_OFD_SETLK, &whole);
}

static bool read_record(int fd, const struct presence_burial *burial)
{
	return burial->record &&
	       pread(fd, burial->record, burial->size, 0) == (ssize_t)burial->size;
}

/* What the record tells of goes first: who is killed in between leaves what is found again. */
static int remove_buried(int at, const char *name, int fd, const struct presence_burial *burial,
			 bool known)
{
	struct stat st;
	int r = 0;

	if (known && burial->clear && !fstat(fd, &st))
		r = burial->clear(burial->context, burial->record, st.st_uid);
	if (r < 0)
		return r;
	if (unlinkat(at, name, 0))
		return errno == ENOENT ? 0 : -errno;
	return 1;
}

static int bury(int at, const char *name, int fd, const struct presence_burial *burial)
{
	bool known = read_record(fd, burial), flocked;

	if (burial->is_known && !(known && burial->is_known(burial->record)))
		return 0;
	flocked = !flock(fd, LOCK_EX | LOCK_NB);
	if (!flocked && !(known && burial->is_dead && burial->is_dead(burial->record)))
		return 0;
	if (!lock_for_removal(fd, flocked) || !presence_is(at, name, fd))
		return 0;
	return burial->keep ? 1 : remove_buried(at, name, fd, burial, known);
}

int presence_bury(int at, const char *name, const struct presence_burial *burial)
{
	int fd, r;

	fd = fd_own(openat(at, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (fd < 0 && errno == EACCES)
		fd = fd_own(openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = bury(at, name, fd, burial);
	fd_close(fd);
	return r;
}

bool presence_remove_dead(int at, const char *name)
{
	static const struct presence_burial plain = { .record = NULL };

	return presence_bury(at, name, &plain) > 0;
}

int presence_read(int at, const char *name, void *record, size_t size)
{
	ssize_t n;
	int fd;

	fd = fd_own(openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (fd < 0)
		return -errno;
	n = pread(fd, record, size, 0);
	fd_close(fd);
	return n == (ssize_t)size ? 0 : -EPROTO;
}
