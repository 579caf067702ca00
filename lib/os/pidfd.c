// SPDX-License-Identifier: MIT
/*
 * Learning that a process has died.
 *
 * The hang-up of a socket reports it too, unless a child that was made without libc's
 * knowledge (see os/fd.c) still holds the other end.  The kernel recorded the pidfd when
 * the socket was connected, so a process id that is used again causes no mistake.
 */
#include "os/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "os/fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77		/* Linux 6.5 */
#endif

int pidfd_of_peer(int fd)
{
	socklen_t size = sizeof(int);
	int pidfd;

	fd_hold_forks();
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size))
		pidfd = errno == EINVAL ? -ESRCH : -errno;
	return fd_owned(pidfd);
}

bool pidfd_has_ended(int pidfd)
{
	struct pollfd pollfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN);
}
