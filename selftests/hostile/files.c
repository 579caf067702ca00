// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of all kinds (files.h).  Who asks for one owns it.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/segment.h>

#define HUGE_SIZE	(UINT64_C(1) << 40)

enum filling { FILLED, ALLOCATED, HOLE };

/* What is only allocated counts as a hole until it is written. */
static int fill(int fd, uint64_t size, enum filling filling)
{
	static const char zeros[1 << 16];
	uint64_t done, step;

	if (filling == HOLE)
		return ftruncate(fd, (off_t)size);
	if (filling == ALLOCATED)
		return fallocate(fd, 0, 0, (off_t)size);
	for (done = 0; done < size; done += step) {
		step = size - done < sizeof(zeros) ? size - done : sizeof(zeros);
		if (write(fd, zeros, step) != (ssize_t)step)
			return -1;
	}
	return 0;
}

/* A memfd; -1 and errno. */
static int memory(uint64_t size, enum filling filling, unsigned int seals)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;

	if (fd < 0)
		return -1;
	if (fill(fd, size, filling) || (seals && fcntl(fd, F_ADD_SEALS, (int)seals))) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int memory_of(enum raw_file kind, uint64_t size)
{
	switch (kind) {
	case RAW_SEGMENT:
		return memory(size, FILLED, SLUICE_SEGMENT_SEALS);
	case RAW_STATIC_SEGMENT:
		return memory(size, FILLED, SLUICE_SEGMENT_SEALS | SLUICE_SEAL_GROW);
	case RAW_CHANNEL:
		return memory(size, FILLED, SLUICE_CHANNEL_SEALS);
	case RAW_PAGE:
		return memory(size, FILLED, SLUICE_SEAL_SEAL | SLUICE_SEAL_SHRINK |
			      SLUICE_SEAL_GROW);
	case RAW_UNSEALED:
		return memory(size, FILLED, 0);
	case RAW_ALLOCATED:
		return memory(size, ALLOCATED, SLUICE_SEGMENT_SEALS);
	case RAW_HOLES:
		return memory(size, HOLE, SLUICE_SEGMENT_SEALS);
	default:
		return memory(HUGE_SIZE, HOLE, SLUICE_SEGMENT_SEALS);
	}
}

/* One of two ends that belong together; the other one is closed. */
static int one_end(bool sockets)
{
	int ends[2];

	if (sockets ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) :
		      pipe2(ends, O_CLOEXEC))
		return -1;
	close(ends[1]);
	return ends[0];
}

static int fifo_in(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/fifo", directory);
	if (mkfifo(path, 0600) && errno != EEXIST)
		return -1;
	return open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

static int open_file(enum raw_file kind, uint64_t size, const char *directory)
{
	switch (kind) {
	case RAW_PIPE:
		return one_end(false);
	case RAW_SOCKET:
		return one_end(true);
	case RAW_DIRECTORY:
		return open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	case RAW_PATH:
		return open(directory, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	case RAW_NULL:
		return open("/dev/null", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	case RAW_EPOLL:
		return epoll_create1(EPOLL_CLOEXEC);
	case RAW_EVENTFD:
		return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	case RAW_FIFO:
		return fifo_in(directory);
	default:
		return memory_of(kind, size);
	}
}

int raw_file(enum raw_file kind, uint64_t size, const char *directory)
{
	int fd = open_file(kind, size, directory);

	return fd < 0 ? -errno : fd;
}

const char *raw_file_name(enum raw_file kind)
{
	static const char *const names[] = {
		"segment", "static segment", "channel", "page", "unsealed memfd", "allocated memfd",
		"memfd with holes", "huge memfd", "pipe", "directory", "/dev/null", "O_PATH", "socket", "epoll",
		"eventfd", "FIFO",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == RAW_FILES, "a name for each");
	return names[kind];
}
