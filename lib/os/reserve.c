// SPDX-License-Identifier: MIT
/*
 * Descriptors that are kept free for a purpose.
 *
 * A descriptor that comes with a packet is lost if the process has none left for it, and
 * the packet is lost with it.  So code that is about to receive such a packet makes room
 * first: it holds as many descriptors as it will need, and closes them just before.
 * Another thread of the program may be faster then.  That is rare, and the packet is lost
 * as it would have been without the reserve.
 *
 * A reserve belongs to one object and the thread that uses it.
 */
#include "os/reserve.h"

#include "os/fd.h"

void reserve_init(struct reserve *reserve)
{
	unsigned int i;

	for (i = 0; i < RESERVE_SIZE; i++)
		reserve->fds[i] = -1;
}

int reserve_fill(struct reserve *reserve, int fd, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (reserve->fds[i] >= 0)
			continue;
		reserve->fds[i] = fd_duplicate(fd);
		if (reserve->fds[i] < 0)
			return reserve->fds[i];
	}
	return 0;
}

void reserve_shrink(struct reserve *reserve, unsigned int count)
{
	unsigned int i;

	for (i = count; i < RESERVE_SIZE; i++)
		reserve->fds[i] = fd_close(reserve->fds[i]);
}
