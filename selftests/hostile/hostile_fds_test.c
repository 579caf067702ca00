// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that a hostile peer (hostile.h) attaches to packets which may have none, or
 * not so many: to an empty packet, to a ring by the socket, to a packet that is too long, and
 * to any packet when the victim may open no more.  The peer loses its channel, and each
 * descriptor is closed, at the server and at the client, before and after the handshake.
 */
#include "hostile.h"

#include <sys/resource.h>

#include "registry/server_socket.h"
#include "os/fd.h"

/* SCM_MAX_FD of the kernel. */
#define MOST	253

/* More than any packet of the protocol has. */
#define TOO_LONG	1024

static const unsigned int counts[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, MOST,
};

static const size_t sizes[] = { 0, 1, 8, TOO_LONG };

/* Sends bytes that mean nothing, and one descriptor so many times.  0 or -errno. */
static int send_with(int socket, size_t size, unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(MOST * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	char bytes[TOO_LONG] = { 0 };
	struct iovec iov = { bytes, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), r;
	unsigned int i;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (i = 0; i < count; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(int));
	r = sendmsg(socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* For each size and number of descriptors. */
struct packet_kind {
	size_t size;
	unsigned int count;
};

#define KINDS	(ARRAY_SIZE(sizes) * ARRAY_SIZE(counts))

static struct packet_kind kind_of(size_t index)
{
	return (struct packet_kind){
		.size = sizes[index / ARRAY_SIZE(counts)],
		.count = counts[index % ARRAY_SIZE(counts)],
	};
}

#define DESCRIPTION_SIZE	64

/* Sends a packet of this kind through a channel's socket, and the other end reads it. */
static void send_kind(struct __test_metadata *_metadata, size_t index, struct channel *from,
		      struct channel *to, char *description)
{
	struct packet_kind kind = kind_of(index);

	snprintf(description, DESCRIPTION_SIZE, "%u with %zu bytes", kind.count, kind.size);
	ASSERT_EQ(0, send_with(from->source.fd, kind.size, kind.count));
	channel_drain(to);
}

/* The good client is served as before. */
static void expect_service(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	EXPECT_EQ(1, ask_blob(&self->good, 0, 100));
	EXPECT_EQ(100, take_blob(&self->server, 0, LONG));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(-EPIPE, hear_blob(&self->good, 0, LONG));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
	/* Only with nothing to receive, the server is sure to look at its sockets. */
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 0, SLUICE_NOWAIT));
}

/* A packet of each kind, through an attack; afterwards all is as before. */
static void try_each_kind(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			  void (*attack)(struct __test_metadata *_metadata,
					 FIXTURE_DATA(hostile) *self, size_t kind, char *what))
{
	char what[DESCRIPTION_SIZE];
	int fds = count_fds();
	size_t i;

	for (i = 0; i < KINDS; i++) {
		let_in(_metadata, self);
		attack(_metadata, self, i, what);
		expect_service(_metadata, self);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", what);
	}
}

static void attack_server(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			  size_t kind, char *what)
{
	send_kind(_metadata, kind, &self->requester->channel, &self->responder->channel, what);
	throw_out(_metadata, self, what);
}

/* A client that was welcomed attacks the server. */
TEST_F(hostile, descriptors_for_a_server)
{
	try_each_kind(_metadata, self, attack_server);
}

/* A client attacks that has not sent HELLO, and does not hang up. */
TEST_F(hostile, descriptors_for_a_server_without_a_hello)
{
	const struct service_dir *dir = &self->server.service->dir;
	int fds = count_fds(), sockets[KINDS];
	uint64_t violations;
	size_t i;

	violations = self->server.server->entry.counters->violations;
	for (i = 0; i < KINDS; i++) {
		sockets[i] = server_socket_connect(dir, self->server.server->entry.id);
		ASSERT_LE(0, sockets[i]);
		ASSERT_EQ(0, send_with(sockets[i], kind_of(i).size, kind_of(i).count));
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0, MILLISECOND));
		forget_breaches(self);
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0, MILLISECOND));
	}
	EXPECT_EQ(violations + KINDS, self->server.server->entry.counters->violations);
	EXPECT_EQ(fds + (int)KINDS, count_fds());
	for (i = 0; i < KINDS; i++)
		fd_close(sockets[i]);
	expect_service(_metadata, self);
	EXPECT_EQ(fds, settled_fds(self));
}

static void attack_client(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			  size_t kind, char *what)
{
	send_kind(_metadata, kind, &self->responder->channel, &self->requester->channel, what);
	EXPECT_EQ(EPROTO, self->requester->channel.gone) TH_LOG("%s", what);
	EXPECT_EQ(1, self->bad.client->entry.counters->violations) TH_LOG("%s", what);
	EXPECT_EQ(-EPROTO, hear_blob(&self->bad, 0, LONG)) TH_LOG("%s", what);
	let_out(self);
}

/* A server attacks that has welcomed its client. */
TEST_F(hostile, descriptors_for_a_client)
{
	try_each_kind(_metadata, self, attack_client);
}

/* The victim may open some of them, and not all. */
TEST_F(hostile, descriptors_where_there_is_no_room)
{
	struct rlimit before, few;
	int fds = count_fds(), highest;
	size_t i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		let_in(_metadata, self);
		ASSERT_EQ(0, send_with(self->requester->channel.source.fd, sizes[i], 16));
		highest = open("/dev/null", O_RDONLY | O_CLOEXEC);
		close(highest);
		few = before;
		few.rlim_cur = (rlim_t)highest + 3;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
		channel_drain(&self->responder->channel);
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
		EXPECT_NE(0, self->responder->channel.gone) TH_LOG("%zu bytes", sizes[i]);
		let_out(self);
		expect_service(_metadata, self);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%zu bytes", sizes[i]);
	}
}

TEST_HARNESS_MAIN
