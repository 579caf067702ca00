// SPDX-License-Identifier: MIT
/*
 * Telling whether a process that left its name somewhere is still the one alive.
 *
 * A pid alone says little: it is used again, and means somebody else in another pid
 * namespace.  So the inode of the namespace goes with it, which is no other's while
 * anybody lives there, and that of the process's pidfds, which from Linux 6.9 on is
 * never used again.
 *
 * A process that lives in our pid namespace can be opened by its pid, is not readable
 * as a pidfd, and has its inode.  So what fails one of these is dead.  Everything that
 * keeps us from looking leaves it alive: another namespace, a kernel before 5.3, a
 * sandbox.  So does, before 6.9, where all pidfds share one inode, a pid that was used
 * again.
 */
#include "os/process.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/pidfd.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434		/* Linux 5.3; the same everywhere but on Alpha */
#endif

static int pidfd_open(uint32_t pid)
{
	return fd_own((int)syscall(SYS_pidfd_open, (pid_t)pid, 0u));
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Of the calling process, whoever's /proc it is. */
static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

struct process process_self(void)
{
	struct process self = { .pid = (uint32_t)getpid(), .pids = pid_namespace() };
	int fd = pidfd_open(self.pid);

	if (fd >= 0)
		self.inode = inode_of(fd);
	fd_close(fd);
	return self;
}

bool process_is_dead(const struct process *process)
{
	uint64_t inode;
	bool dead;
	int fd;

	if (!process->pid || process->pid > INT_MAX || !process->inode || !process->pids ||
	    process->pids != pid_namespace())
		return false;
	fd = pidfd_open(process->pid);
	if (fd < 0)
		return errno == ESRCH;
	inode = inode_of(fd);
	dead = pidfd_has_ended(fd) || (inode && inode != process->inode);
	fd_close(fd);
	return dead;
}

bool process_is_elsewhere(const struct process *process)
{
	uint64_t ours = pid_namespace();

	return process->pids && ours && process->pids != ours;
}
