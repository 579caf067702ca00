/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that has no descriptors left, and has them again. */
#ifndef SELFTESTS_SHORTAGE_H
#define SELFTESTS_SHORTAGE_H

#include <sys/resource.h>

#include "steps.h"

static struct rlimit files;

/* exhaust(spare): from here on this process can open so many and no more. */
helper long exhaust(struct side *side, long spare, long b)
{
	struct rlimit few;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	close(fd);
	few = (struct rlimit){ (rlim_t)(fd + spare), files.rlim_max };
	return setrlimit(RLIMIT_NOFILE, &few) ? -errno : 0;
}

helper long relieve(struct side *side, long a, long b)
{
	return setrlimit(RLIMIT_NOFILE, &files) ? -errno : 0;
}

#endif /* SELFTESTS_SHORTAGE_H */
