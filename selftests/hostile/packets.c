// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (peer.h) sends and receives on a channel's socket.  Nothing blocks: a
 * victim that does not read must not stop the attack.
 */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"

#define HEADER(kind)	{ SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, kind }

union control {
	char bytes[CMSG_SPACE(RAW_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

int raw_packet(int fd, const void *packet, size_t size, const int *fds, unsigned int count)
{
	union control control = { .bytes = { 0 } };
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
		memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int raw_segment(struct raw_end *end, uint32_t number, int fd, uint64_t size, uint64_t window)
{
	struct sluice_wire_segment segment = {
		.header = HEADER(SLUICE_WIRE_SEGMENT),
		.number = number,
		.size = size,
		.window = window,
	};

	return raw_packet(end->fd, &segment, sizeof(segment), &fd, 1);
}

int raw_retire(struct raw_end *end, uint32_t number)
{
	struct sluice_wire_retire retire = {
		.header = HEADER(SLUICE_WIRE_RETIRE),
		.number = number,
	};

	return raw_packet(end->fd, &retire, sizeof(retire), NULL, 0);
}

int raw_goodbye(struct raw_end *end)
{
	struct sluice_wire_goodbye goodbye = { .header = HEADER(SLUICE_WIRE_GOODBYE) };

	return raw_packet(end->fd, &goodbye, sizeof(goodbye), NULL, 0);
}

int raw_receive(int fd, void *packet, size_t size, int *fds, unsigned int *ret_count)
{
	union control control;
	struct iovec iov = { packet, size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg;
	ssize_t n;

	*ret_count = 0;
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		*ret_count = (unsigned int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(cmsg), *ret_count * sizeof(int));
	}
	return (int)n;
}

void raw_drain(struct raw_end *end)
{
	int fds[RAW_FDS_MAX];
	unsigned int count;
	char packet[2048];

	while (raw_receive(end->fd, packet, sizeof(packet), fds, &count) > 0)
		while (count)
			close(fds[--count]);
}

bool raw_hung_up(const struct raw_end *end)
{
	struct pollfd poll_fd = { .fd = end->fd };

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int raw_new_segment(struct raw_end *end, uint64_t size)
{
	int fd = raw_file(RAW_SEGMENT, size, NULL), r;

	if (fd < 0)
		return fd;
	r = raw_segment(end, end->segment + 1, fd, size, size);
	close(fd);
	return r < 0 ? r : (int)++end->segment;
}
