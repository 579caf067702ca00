/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A descriptor of each kind that a peer could send in place of what is agreed: made anew, so
 * that a seal which the victim adds does not last.  A kind that this machine has not is a pipe.
 */
#ifndef SELFTESTS_DESCRIPTORS_H
#define SELFTESTS_DESCRIPTORS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum descriptor {
	FD_GOOD,		/* of the agreed size and seals */
	FD_NONE,
	FD_UNSEALED,
	FD_SHRINKABLE,		/* one seal is missing */
	FD_READ_ONLY,
	FD_HOLES,
	FD_SMALLER,
	FD_LARGER,
	FD_HUGE,		/* so much that nobody has it; none of it is allocated */
	FD_HUGETLB,
	FD_FUTURE_SEALED,	/* it cannot be mapped for writing any more */
	FD_PIPE,
	FD_DIRECTORY,
	FD_NULL,
	FD_ZERO,
	FD_PATH,		/* O_PATH of a memfd that would be good */
	FD_SOCKET,
	FD_EVENT,
	FD_EPOLL,
	FD_PROC,
	FD_WRITE_ONLY,
	FD_KINDS
};

#define FD_HUGE_SIZE	(INT64_C(1) << 46)

static inline int fd_reopened(int fd, int flags)
{
	char name[64];
	int other;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	other = open(name, flags | O_CLOEXEC);
	close(fd);
	return other;
}

static inline int fd_pipe(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	close(ends[1]);
	return ends[0];
}

/* Pages that were allocated, but not written, count as a hole. */
static inline bool fd_write_pages(int fd, uint64_t size)
{
	static const char page[4096];
	uint64_t at, part;

	for (at = 0; at < size; at += part) {
		part = size - at < sizeof(page) ? size - at : sizeof(page);
		if (pwrite(fd, page, part, (off_t)at) != (ssize_t)part)
			return false;
	}
	return true;
}

static inline int fd_memory(uint64_t size, bool holes, unsigned int seals, unsigned int flags)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	if (fd < 0)
		return fd_pipe();
	if (ftruncate(fd, (off_t)size) || (!holes && !fd_write_pages(fd, size)) ||
	    fcntl(fd, F_ADD_SEALS, (int)seals)) {
		close(fd);
		return fd_pipe();
	}
	return fd;
}

static inline int fd_socket(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -1;
	close(ends[1]);
	return ends[0];
}

static inline int fd_of_kind(enum descriptor kind, uint64_t size, unsigned int seals)
{
	switch (kind) {
	case FD_GOOD:
		return fd_memory(size, false, seals, 0);
	case FD_UNSEALED:
		return fd_memory(size, false, 0, 0);
	case FD_SHRINKABLE:
		return fd_memory(size, false, seals & ~(unsigned int)F_SEAL_SHRINK, 0);
	case FD_READ_ONLY:
		return fd_reopened(fd_memory(size, false, seals, 0), O_RDONLY);
	case FD_HOLES:
		return fd_memory(size, true, seals, 0);
	case FD_SMALLER:
		return fd_memory(size / 2, false, seals, 0);
	case FD_LARGER:
		return fd_memory(size + 4096, false, seals, 0);
	case FD_HUGE:
		return fd_memory(FD_HUGE_SIZE, true, seals, 0);
	case FD_HUGETLB:
		return fd_memory(2 << 20, true, seals, MFD_HUGETLB);
	case FD_FUTURE_SEALED:
		return fd_memory(size, false, seals | 0x10 /* F_SEAL_FUTURE_WRITE */, 0);
	case FD_PIPE:
		return fd_pipe();
	case FD_DIRECTORY:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case FD_NULL:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case FD_ZERO:
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	case FD_PATH:
		return fd_reopened(fd_memory(size, false, seals, 0), O_PATH);
	case FD_SOCKET:
		return fd_socket();
	case FD_EVENT:
		return eventfd(0, EFD_CLOEXEC);
	case FD_EPOLL:
		return epoll_create1(EPOLL_CLOEXEC);
	case FD_PROC:
		return open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	case FD_WRITE_ONLY:
		return fd_reopened(fd_memory(size, false, seals, 0), O_WRONLY);
	default:
		return -1;
	}
}

#endif /* SELFTESTS_DESCRIPTORS_H */
