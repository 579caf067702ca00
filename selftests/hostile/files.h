/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors of all kinds that a hostile peer can send.  Those that have a name are made
 * below a directory of the test's own, and opened with O_NOFOLLOW.
 */
#ifndef SELFTESTS_HOSTILE_FILES_H
#define SELFTESTS_HOSTILE_FILES_H

#include <stdint.h>

enum raw_file {
	RAW_SEGMENT,		/* as it should be; the first so many are memfds */
	RAW_STATIC_SEGMENT,
	RAW_CHANNEL,		/* with the seals that a client gives a channel */
	RAW_PAGE,		/* with those of a server's page */
	RAW_UNSEALED,
	RAW_ALLOCATED,		/* sealed as a segment, and never written */
	RAW_HOLES,		/* likewise, and not even allocated */
	RAW_HUGE,		/* of 1 TiB, all of it a hole */
	RAW_MEMFDS,
	RAW_PIPE = RAW_MEMFDS,
	RAW_DIRECTORY,
	RAW_NULL,
	RAW_PATH,		/* O_PATH */
	RAW_SOCKET,
	RAW_EPOLL,
	RAW_EVENTFD,
	RAW_FIFO,
	RAW_FILES,
};

/* A new descriptor, -errno.  @size is for memfds, @directory for what has a name. */
int raw_file(enum raw_file kind, uint64_t size, const char *directory);
const char *raw_file_name(enum raw_file kind);

#endif /* SELFTESTS_HOSTILE_FILES_H */
