// SPDX-License-Identifier: MIT
/*
 * Whether the process lives that a record of the registry stands for.  All verbs go by
 * what is here, so that none calls alive what another one calls dead.
 *
 * Who lives holds the flock of its record's file.  The kernel's list of locks (locks.c)
 * tells that without touching the file.  The list leaves out locks of processes that have
 * no pid where it is read: those in a pid namespace beside or above.  If the record names
 * another namespace, the lock itself is tried, shared and without waiting.  That succeeds
 * only if the owner is dead, and the file is closed at once.  Who wants to remove the dead
 * in that moment passes it over, and the next one finds it.
 *
 * A child that was made behind libc's back may hold the lock of the dead.  Then the record
 * is asked, which names the process by its pid, its pid namespace and the inode of its
 * pidfds.  It can be asked only in its own namespace.  In doubt the process lives.
 */
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434		/* Linux 5.3; the same everywhere but on Alpha */
#endif

/* 0 if it is not known. */
static uint64_t own_pid_namespace(void)
{
	static uint64_t inode;
	struct stat status;

	if (!inode && stat("/proc/self/ns/pid", &status) == 0)
		inode = status.st_ino;
	return inode;
}

static bool pidfd_is_of_dead(int pidfd, uint64_t inode)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	struct stat status;

	if (poll(&end, 1, 0) == 1 && (end.revents & POLLIN))
		return true;
	return fstat(pidfd, &status) == 0 && status.st_ino && status.st_ino != inode;
}

bool owner_is_dead(const struct owner *owner)
{
	bool dead;
	int pidfd;

	if (!owner->pid || owner->pid > INT_MAX || !owner->pidfd_inode || !owner->pid_namespace ||
	    owner->pid_namespace != own_pid_namespace())
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)owner->pid, 0u);
	if (pidfd < 0)
		return errno == ESRCH;
	dead = pidfd_is_of_dead(pidfd, owner->pidfd_inode);
	close(pidfd);
	return dead;
}

bool owner_is_elsewhere(const struct owner *owner)
{
	uint64_t ours = own_pid_namespace();

	return owner->pid_namespace && ours && owner->pid_namespace != ours;
}

bool owner_holds(int at, const char *name)
{
	/* Not to wait for anybody, should it be a FIFO. */
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return errno != ENOENT;
	held = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return held;
}
