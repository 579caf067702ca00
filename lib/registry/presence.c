// SPDX-License-Identifier: MIT
/*
 * Presence files: a lock on such a file says that its maker is alive.
 *
 * The kernel drops a flock when the last descriptor of the open file is closed, which also
 * happens when a process is killed.  A file is made without a name, filled and locked, and
 * gets its name last.  So no process ever sees it half written, or not locked although its
 * maker lives.
 *
 * A mapping of the file holds a reference to the open file, as a descriptor does.  So the
 * file is mapped, without access to any of its pages, and the descriptor is closed.  The
 * kernel drops the lock when the mapping ends.  A forked child does not inherit the mapping
 * (os/mapping.c).  Some file systems, such as overlayfs, map another open file than the one
 * that was locked; there the descriptor stays open.  A node finds out with its own file which
 * of the two it is (presence_try_mapping()): a second descriptor is opened, the first one is
 * closed, and the second one tries to take the lock.  The file has no name then, so no
 * process sees it without its lock.  The descriptor also stays open where a forked child
 * inherits all mappings (qemu-user): the child would hold the lock, and cannot end it.
 *
 * The lock may outlive its maker: a child that was made without the knowledge of libc
 * (os/fd.c) shares its memory, or holds a descriptor of the same open file.  Then the record shows that the maker
 * is dead.  Finding that out costs some system calls, and only a process that needs the name
 * does it.
 *
 * Every process that finds a file of a dead process may remove it, under one rule: take the
 * lock of removers, check that the name still leads to this file, and unlink it before
 * giving the lock up.  So if two processes find the same file, they cannot remove a file
 * that a third has put in its place.  A dead process stays dead, so it does not matter when
 * that was found out.
 *
 * The lock of removers is an open file description lock (fcntl), which does not interfere
 * with flock: removers take the first, and live makers hold the second.  One lock for both
 * would not do, because nobody can take a lock that a child of a dead process holds.
 *
 * The file of another user may be open for reading only, and then it cannot be locked for
 * writing.  A remover that has got its flock takes the lock of removers for reading.  That
 * excludes removers with a lock for writing, and the flock excludes all others.  The owner of
 * the directory decides whether the name can be removed.  If it cannot, the file stays until
 * its user, or the owner of the directory, removes it.
 *
 * A record is believed only in what belongs to the user who wrote it.  So nobody can make
 * others remove a file that he could not remove himself.
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
#include "os/shortage.h"

#define PRIVATE	0600

/* ext4 gives EPERM for a file in a directory that was removed, other file systems ENOENT. */
static bool is_removed(int directory)
{
	struct stat st;

	return !fstat(directory, &st) && !st.st_nlink;
}

/* The umask has no effect on a file that others are to read. */
static int set_mode(int fd, mode_t mode)
{
	return mode == PRIVATE ? 0 : fchmod(fd, mode);
}

static int fill(int fd, const struct presence_file *file)
{
	char what[64];
	int r;

	snprintf(what, sizeof(what), "the file for %s", file->whose);
	r = file_size_write(fd, what, file->record, file->size);
	if (!r && set_mode(fd, file->mode))
		r = fail(errno, "cannot give %s mode %04o: %s", what, file->mode, strerror(errno));
	if (!r && flock(fd, (file->shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
		r = fail(errno, "cannot lock %s: %s", what, strerror(errno));
	return r;
}

int presence_make(struct presence *ret_presence, int at, const struct presence_file *file)
{
	struct presence presence = presence_none();
	int r;

	presence.fd = fd_own(openat(at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, PRIVATE));
	if (presence.fd < 0 && errno == EPERM && is_removed(at))
		errno = ENOENT;
	if (presence.fd < 0)
		return fail(errno, "cannot make a file for %s: %s", file->whose, strerror(errno));
	r = fill(presence.fd, file);
	if (!r && !identity_open(presence.fd, &presence.identity))
		r = fail_system("cannot look at a file of the registry");
	if (!r && file->mapped)
		r = mapping_map(&presence.page, presence.fd, file->size, true);
	if (r < 0)
		presence_let_go(&presence);
	else
		*ret_presence = presence;
	return r;
}

int presence_try_mapping(struct presence *presence, struct lock_keeping *ret_keeping)
{
	char path[32];
	int second;

	*ret_keeping = (struct lock_keeping){ .device = presence->identity.device };
	if (!mapping_can_hide())
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", presence->fd);
	second = fd_own(open(path, O_RDONLY | O_CLOEXEC));
	if (second < 0)
		return 0;
	if (mapping_refer(&presence->page, presence->fd) < 0) {
		fd_close(second);
		return 0;
	}
	fd_close(presence->fd);
	presence->fd = second;
	if (!flock(second, LOCK_EX | LOCK_NB)) {
		mapping_unmap(&presence->page);
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return fail_system("cannot lock a file of the registry");
	ret_keeping->by_mapping = true;
	return 0;
}

void presence_settle(struct presence *presence, const struct lock_keeping *keeping)
{
	if (!keeping->by_mapping || keeping->device != presence->identity.device)
		return;
	if (!presence->page.base && mapping_refer(&presence->page, presence->fd) < 0)
		return;
	presence->fd = fd_close(presence->fd);
}

void presence_let_go(struct presence *presence)
{
	mapping_unmap(&presence->page);
	presence->fd = fd_close(presence->fd);
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

int presence_name_again(const struct presence_link *link, int at, const char *name)
{
	if (linkat(link->at, link->name, at, name, 0))
		return errno == EEXIST ? -EEXIST :
		       fail(errno, "cannot register %s: %s", name, strerror(errno));
	return 0;
}

int presence_reopen(const struct presence *presence, int at, const char *name, int flags)
{
	int r, fd = fd_own(openat(at, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	struct identity found = { 0 };

	if (fd < 0)
		return -errno;
	r = identity_open(fd, &found) ? -ENOENT : -errno;
	if (r == -ENOENT && identity_equals(&found, &presence->identity))
		return fd;
	fd_close(fd);
	return r;
}

bool presence_is(int at, const char *name, int fd)
{
	return identity_is_open(at, name, fd);
}

/* A directory that is not empty is kept, under a name that is not looked for. */
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

bool presence_is_lack(int r)
{
	return r < 0 && (is_shortage(-r) || r == -ENOLCK || r == -EIO);
}

/* Takes a lock without waiting.  1; 0: it cannot be had; or -errno: this process lacks something. */
static int locked(int result)
{
	return !result ? 1 : errno != EWOULDBLOCK && presence_is_lack(-errno) ? -errno : 0;
}

/* Keeps other removers out until fd is closed.  As locked(). */
static int lock_for_removal(int fd, bool flocked)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r = locked(fcntl(fd, F_OFD_SETLK, &whole));

	if (r || errno != EBADF || !flocked)
		return r;
	whole.l_type = F_RDLCK;
	return locked(fcntl(fd, F_OFD_SETLK, &whole));
}

static bool read_record(int fd, const struct presence_burial *burial)
{
	return burial->record &&
	       pread(fd, burial->record, burial->size, 0) == (ssize_t)burial->size;
}

/*
 * Removes the other things that the record names first: if this process is killed in between,
 * the file is still there, and is found again.
 */
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
	bool known = read_record(fd, burial);
	int flocked, r;

	if (burial->is_known && !(known && burial->is_known(burial->record)))
		return 0;
	flocked = locked(flock(fd, LOCK_EX | LOCK_NB));
	if (flocked <= 0 && !(known && burial->is_dead && burial->is_dead(burial->record)))
		return flocked;
	r = lock_for_removal(fd, flocked > 0);
	if (r <= 0 || !presence_is(at, name, fd))
		return r < 0 ? r : 0;
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
