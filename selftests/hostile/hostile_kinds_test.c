// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of each kind there is (descriptors.h), in each place where a peer sends one: the
 * memory of a channel, a segment of a client or a server, the page of a WELCOME.  All but the
 * right kind cost the peer its channel, nothing of them is mapped or kept, and the others are
 * served.  So do descriptors of the victim itself, as far as they are of no use.
 */
#include "greeting.h"

static const char *const names[FD_KINDS] = {
	[FD_GOOD] = "in order", [FD_NONE] = "none", [FD_UNSEALED] = "unsealed",
	[FD_SHRINKABLE] = "one seal missing", [FD_READ_ONLY] = "read only",
	[FD_HOLES] = "full of holes", [FD_SMALLER] = "smaller", [FD_LARGER] = "larger",
	[FD_HUGE] = "64 TiB", [FD_HUGETLB] = "huge pages", [FD_FUTURE_SEALED] = "sealed too much",
	[FD_PIPE] = "a pipe", [FD_DIRECTORY] = "a directory", [FD_NULL] = "/dev/null",
	[FD_ZERO] = "/dev/zero", [FD_PATH] = "O_PATH", [FD_SOCKET] = "a socket",
	[FD_EVENT] = "an eventfd", [FD_EPOLL] = "an epoll instance", [FD_PROC] = "/proc/self/mem",
	[FD_WRITE_ONLY] = "write only",
};

/* The right kinds: a segment may be longer than what is told of it, and is never written. */
static bool is_segment(enum descriptor kind)
{
	return kind == FD_GOOD || kind == FD_READ_ONLY || kind == FD_LARGER ||
	       kind == FD_FUTURE_SEALED;
}

static long mapped_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * 4096;
}

#define LENGTH	(4 * 4096u)
#define GIB	(1l << 30)

static const struct sluice_wire_segment segment = {
	.header = HEADER(SLUICE_WIRE_SEGMENT), .number = 9, .size = LENGTH, .window = LENGTH,
};

TEST_F(hostile, segments_of_a_client)
{
	int kind, fd, fds = count_fds();
	long mapped = mapped_bytes();

	for (kind = 0; kind < FD_KINDS; kind++) {
		let_in(_metadata, self);
		fd = fd_of_kind((enum descriptor)kind, LENGTH, SLUICE_SEGMENT_SEALS);
		ASSERT_EQ(kind == FD_NONE, fd < 0) TH_LOG("%s", names[kind]);
		ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, &segment,
					 sizeof(segment), fd));
		close(fd);
		drain_all(&self->responder->channel);
		if (is_segment((enum descriptor)kind)) {
			EXPECT_EQ(0, self->responder->channel.gone) TH_LOG("%s", names[kind]);
			let_out(self);
			EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
		} else {
			throw_out(_metadata, self, names[kind]);
		}
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", names[kind]);
	}
	/* Nobody has mapped 64 TiB, be it for a moment that is over. */
	EXPECT_GT(mapped + GIB, mapped_bytes());
}

TEST_F(hostile, segments_of_a_server)
{
	int kind, fd, fds = count_fds();
	struct channel *channel;

	for (kind = 0; kind < FD_KINDS; kind++) {
		let_in(_metadata, self);
		channel = &self->requester->channel;
		fd = fd_of_kind((enum descriptor)kind, LENGTH, SLUICE_SEGMENT_SEALS);
		ASSERT_EQ(0, fdpass_send(self->responder->channel.source.fd, &segment,
					 sizeof(segment), fd));
		close(fd);
		drain_all(channel);
		EXPECT_EQ(is_segment((enum descriptor)kind) ? 0 : EPROTO, channel->gone)
			TH_LOG("%s", names[kind]);
		let_out(self);
		EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
		serve_good(_metadata, self, 2);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", names[kind]);
	}
}

TEST_F(hostile, memory_of_a_channel)
{
	const struct sluice_wire_hello hello = good_hello(self);
	int kind, fd, fds = count_fds();
	struct greeted answer;

	for (kind = 0; kind < FD_KINDS; kind++) {
		fd = fd_of_kind((enum descriptor)kind, hello.channel_size, SLUICE_CHANNEL_SEALS);
		answer = greet(_metadata, self, &hello, sizeof(hello), fd);
		close(fd);
		EXPECT_EQ(kind == FD_GOOD ? SLUICE_WIRE_WELCOME : SLUICE_WIRE_REJECT, answer.type)
			TH_LOG("%s", names[kind]);
		if (kind != FD_GOOD)
			EXPECT_EQ(EPROTO, answer.reason) TH_LOG("%s", names[kind]);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", names[kind]);
		serve_good(_metadata, self, 2);
	}
}

TEST_F(hostile, page_of_a_welcome)
{
	const struct sluice_wire_welcome welcome = { .header = HEADER(SLUICE_WIRE_WELCOME) };
	int kind, fd, page, memory, fds = count_fds();
	struct sluice_wire_hello hello;

	for (kind = 0; kind < FD_KINDS; kind++) {
		ASSERT_EQ(0, open_client(&self->bad, 0, 0));
		ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
		fd = take_connection(self);
		ASSERT_LE(0, fd);
		memory = receive_hello(_metadata, fd, &hello);
		ASSERT_EQ(0, fcntl(memory, F_ADD_SEALS, (int)SLUICE_CHANNEL_SEALS_MAPPED));
		close(memory);
		page = fd_of_kind((enum descriptor)kind, SLUICE_LOAD_SIZE, SLUICE_LOAD_SEALS);
		ASSERT_EQ(0, fdpass_send(fd, &welcome, sizeof(welcome), page));
		close(page);
		EXPECT_EQ(kind == FD_GOOD ? -ETIMEDOUT : -EPROTO,
			  hear_blob(&self->bad, 0, kind == FD_GOOD ? MILLISECOND : LONG))
			TH_LOG("%s: %s", names[kind], sluice_strerror());
		close(fd);
		EXPECT_EQ(0, cancel(&self->bad, 0, 0));
		close_client(&self->bad, 0, 0);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", names[kind]);
	}
}

/* ---- Descriptors that the victim has made ------------------------------------------------- */

/* A client sends it back as its own segment. */
static void send_back(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, int fd)
{
	struct sluice_wire_segment one = segment;

	one.size = one.window = 4096;
	ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, &one, sizeof(one), fd));
	drain_all(&self->responder->channel);
}

TEST_F(hostile, what_is_the_victims_own)
{
	int fds = count_fds();

	let_in(_metadata, self);
	send_back(_metadata, self, self->server.server->self.load_fd);
	throw_out(_metadata, self, "its load page");

	let_in(_metadata, self);
	send_back(_metadata, self, self->server.server->listener.fd);
	throw_out(_metadata, self, "its socket");

	/* Its replies are sealed as a segment is.  It reads them, as it could anyway. */
	let_in(_metadata, self);
	ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
	send_back(_metadata, self, self->responder->pool.segments[0].fd);
	EXPECT_EQ(0, self->responder->channel.gone);
	EXPECT_EQ(10, hear_blob(&self->bad, 0, LONG));
	let_out(self);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	EXPECT_EQ(fds, settled_fds(self));
	serve_good(_metadata, self, 2);
}

/* One file under many numbers is mapped as often, up to the limit, and gone with the channel. */
TEST_F(hostile, the_same_segment_many_times)
{
	struct sluice_wire_segment one = segment;
	int fd, fds = count_fds();

	let_in(_metadata, self);
	fd = fd_of_kind(FD_GOOD, LENGTH, SLUICE_SEGMENT_SEALS);
	/* The client has told of one already. */
	for (one.number = 10; one.number < 10 + SLUICE_SEGMENTS_ALIVE - 1; one.number++) {
		ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, &one, sizeof(one),
					 fd));
		drain_all(&self->responder->channel);
		EXPECT_EQ(0, self->responder->channel.gone) TH_LOG("%u", one.number);
	}
	ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, &one, sizeof(one), fd));
	close(fd);
	drain_all(&self->responder->channel);
	throw_out(_metadata, self, "one too many");
	EXPECT_EQ(fds, settled_fds(self));
}

TEST_HARNESS_MAIN
