// SPDX-License-Identifier: MIT
/*
 * Sending and receiving a packet with descriptors: always both or neither.
 *
 * A struct fdpass_extras owns the descriptors that came with a packet.  It closes them when
 * its block ends, in every case; fdpass_take() moves them out of it.
 *
 * A hostile peer may attach up to 253 descriptors to any packet, even to an empty one.  At
 * the limit of open files the kernel delivers only some and sets MSG_CTRUNC.  Descriptors
 * beyond the largest number that can have been agreed are closed at once, and the packet
 * counts as broken.  The caller checks how many are right for a packet of its kind.  An
 * empty packet without descriptors cannot be told from a hang-up.  An empty packet with
 * descriptors is no hang-up, since the peer is still there: it counts as broken too.
 *
 * No function here writes a sentence for EAGAIN or a hang-up, which are no failures.
 */
#include "os/fdpass.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/shortage.h"

/* SCM_MAX_FD of the kernel: no packet carries more. */
#define FDS_MAX	253

int fdpass_send_all(int fd, const void *packet, size_t size, const int *passed,
		    unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(SLUICE_WIRE_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (count) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), passed, count * sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	/*
	 * Too many descriptors in flight to a sleeping peer means that the peer is full
	 * too; a shortage of memory passes.
	 */
	return errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM ? -EAGAIN : -errno;
}

int fdpass_send(int fd, const void *packet, size_t size, int passed)
{
	return fdpass_send_all(fd, packet, size, &passed, passed >= 0);
}

/* Keeps as many descriptors as there is room for, closes any others, counts them all. */
static size_t take_descriptors(const struct cmsghdr *cmsg, struct fdpass_extras *extras)
{
	size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int passed;

	for (i = 0; i < n; i++) {
		memcpy(&passed, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		if (extras->count < SLUICE_WIRE_FDS_MAX)
			extras->fds[extras->count++] = passed;
		else
			close(passed);
	}
	return n;
}

/* How many descriptors there were. */
static size_t take_extras(struct msghdr *msg, struct fdpass_extras *extras)
{
	struct cmsghdr *cmsg;
	size_t count = 0;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		if (cmsg->cmsg_type == SCM_RIGHTS)
			count += take_descriptors(cmsg, extras);
		if (cmsg->cmsg_type == SCM_CREDENTIALS &&
		    cmsg->cmsg_len == CMSG_LEN(sizeof(extras->sender))) {
			memcpy(&extras->sender, CMSG_DATA(cmsg), sizeof(extras->sender));
			extras->has_sender = true;
		}
	}
	return count;
}

int fdpass_first(const struct fdpass_extras *extras)
{
	return extras->count ? extras->fds[0] : -1;
}

void fdpass_take(struct fdpass_extras *extras, int *fds)
{
	memcpy(fds, extras->fds, extras->count * sizeof(*fds));
	extras->count = 0;
}

void fdpass_close(struct fdpass_extras *extras)
{
	while (extras->count)
		fd_close(extras->fds[--extras->count]);
}

/* Notes the descriptors that there is memory for, and closes the others.  0 or -ENOMEM. */
static int note_all(struct fdpass_extras *extras)
{
	unsigned int i, kept = 0;

	for (i = 0; i < extras->count; i++) {
		extras->fds[kept] = fd_note(extras->fds[i]);
		kept += extras->fds[kept] >= 0;
	}
	i -= kept;
	extras->count = kept;
	return i ? -ENOMEM : 0;
}

/* Bytes that were received, or -errno; *ret_count: how many descriptors came. */
static ssize_t receive(int fd, struct msghdr *msg, struct fdpass_extras *extras, size_t *ret_count)
{
	ssize_t n;
	int r = 0;

	fd_hold_forks();
	do {
		n = recvmsg(fd, msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		n = -errno;
	} else {
		*ret_count = take_extras(msg, extras);
		r = note_all(extras);
	}
	fd_let_forks();
	return r < 0 ? r : n;
}

int fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *extras)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { packet, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	size_t count = 0;
	ssize_t n;

	fdpass_close(extras);
	extras->has_sender = false;
	n = receive(fd, &msg, extras, &count);
	if (n < 0)
		return (int)n;
	if (msg.msg_flags & MSG_CTRUNC)
		return fail_for_want(EMFILE, "what a peer has sent");
	if (count > SLUICE_WIRE_FDS_MAX || (msg.msg_flags & MSG_TRUNC))
		return fail(EPROTO, "the peer sent a packet that is too long or carries too many descriptors");
	if (!n && count)
		return fail(EPROTO, "the peer sent %zu descriptors with an empty packet", count);
	return (int)n;
}
