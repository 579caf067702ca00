// SPDX-License-Identifier: MIT
/*
 * A packet with a descriptor, in or out, never half of either.
 *
 * The receiver owns the descriptor it is given.  A hostile peer may attach up to
 * 253 of them to any packet, and at the limit of open files the kernel delivers
 * only some and says MSG_CTRUNC: whatever is not exactly what was agreed is
 * closed, and the packet counts as broken.  Nothing here prints a sentence for
 * EAGAIN or a hang-up, which belong to the daily run of things.
 */
#include "os/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sluice/wire.h>

#include "base/error.h"
#include "os/fd.h"

/* SCM_MAX_FD of the kernel: no packet carries more. */
#define FDS_MAX	253

int fdpass_send(int fd, const void *packet, size_t size, int passed)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (passed >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &passed, sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	/* Too many descriptors in flight to a sleeping peer is fullness too. */
	return errno == ETOOMANYREFS || errno == ENOBUFS ? -EAGAIN : -errno;
}

/* Keeps the first descriptor of a packet, closes any others, counts them all. */
static size_t take_descriptors(struct msghdr *msg, int *ret_passed)
{
	struct cmsghdr *cmsg;
	size_t count = 0, n, i;
	int passed;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++, count++) {
			memcpy(&passed, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (count < 1)
				*ret_passed = passed;
			else
				close(passed);
		}
	}
	return count;
}

int fdpass_receive(int fd, void *packet, size_t size, int *ret_passed)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { packet, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int passed = -1;
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (take_descriptors(&msg, &passed) > 1 || (msg.msg_flags & MSG_TRUNC)) {
		fd_close(passed);
		return fail(EPROTO, "the peer sent a packet that is too long or carries too many descriptors");
	}
	if (msg.msg_flags & MSG_CTRUNC) {
		fd_close(passed);
		return fail(EMFILE, "no room for a descriptor that the peer sent");
	}
	*ret_passed = fd_own(passed);
	return passed >= 0 && *ret_passed < 0 ? *ret_passed : (int)n;
}
