// SPDX-License-Identifier: MIT
/*
 * Finding out whether the process that wrote a record is still alive.
 *
 * A pid alone says little: it is used again, and means another process in another pid
 * namespace.  So two inodes are recorded with it.  The inode of the namespace belongs to no
 * other namespace while a process lives there.  The inode of the process's pidfds is never
 * used again from Linux 6.9 on.
 *
 * A live process in our pid namespace can be opened by its pid, is not readable as a pidfd,
 * and has its inode.  If one of these is not true, the process is dead.  If we cannot check
 * them, we take the process for alive: another namespace, a kernel before 5.3, a sandbox;
 * and before 6.9, where all pidfds share one inode, a pid that was used again.
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

/* The namespace of the calling process, even if /proc is that of another namespace. */
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
