// SPDX-License-Identifier: MIT
/*
 * A descriptor that becomes readable on request.  One thread ends the sleep of another with
 * it, and an io_uring tells a foreign event loop of completions.  No peer can reach it.
 */
#include "os/eventfd.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

int eventfd_make(void)
{
	int fd = fd_own(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	return fd < 0 ? fail_system("cannot make an eventfd") : fd;
}

void eventfd_signal(int fd)
{
	int saved = errno;

	/* The write fails only if the descriptor is readable already. */
	(void)!eventfd_write(fd, 1);
	errno = saved;
}

void eventfd_drain(int fd)
{
	eventfd_t count;

	(void)!eventfd_read(fd, &count);
}
