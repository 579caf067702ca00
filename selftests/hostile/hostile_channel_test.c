// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can have its server do for nothing: wake for bytes
 * on the socket that nobody asked for, hear that it leaves over and over, and keep
 * the channel of one that is gone.
 */
#include "hostile.h"

#include "holdings.h"
#include "base/limits.h"

#include <sys/resource.h>

/* ---- Wakes --------------------------------------------------------------- */

static ssize_t send_byte(int fd)
{
	return send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* How many it takes, one after another, until the channel has ended; 1000 at most. */
static int send_until_gone(FIXTURE_DATA(hostile) *self)
{
	int sent;

	for (sent = 0; sent < 1000 && !self->responder->channel.gone; sent++) {
		send_byte(self->requester->channel.source.fd);
		drain_all(&self->responder->channel);
	}
	return sent;
}

/* One rings by the socket for each time that it was asked to, and no more. */
TEST_F(hostile, bytes)
{
	let_in(_metadata, self);
	EXPECT_GT(10, send_until_gone(self));
	throw_out(_metadata, self, "bytes");
}

static bool enough;

static void *send_bytes(void *fd)
{
	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
		send_byte(*(int *)fd);
		pause_briefly();
	}
	return NULL;
}

/* A victim that sleeps through sockets asks each time, until that was in vain too often. */
TEST_F(hostile, bytes_for_a_sleeper)
{
	struct rusage before, after;
	pthread_t thread;

	let_in(_metadata, self);
	enough = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_bytes,
				    &self->requester->channel.source.fd));
	getrusage(RUSAGE_THREAD, &before);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, SECOND / 3));
	getrusage(RUSAGE_THREAD, &after);
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_GT(2 * VAIN_RINGS_MAX, after.ru_nvcsw - before.ru_nvcsw);
	EXPECT_GT((int)(2 * VAIN_RINGS_MAX), send_until_gone(self));
	throw_out(_metadata, self, "bytes for a sleeper");
}

TEST_F(hostile, goodbye_twice)
{
	let_in(_metadata, self);
	channel_say_goodbye(&self->requester->channel);
	drain_all(&self->responder->channel);
	EXPECT_TRUE(self->responder->channel.leaving);
	EXPECT_EQ(0, self->responder->channel.gone);
	channel_say_goodbye(&self->requester->channel);
	drain_all(&self->responder->channel);
	throw_out(_metadata, self, "goodbye twice");
}

/* ---- After its end ------------------------------------------------------- */

/*
 * It hangs up, the server notices and sleeps, and only then does it write its ring.
 * The server lets go of it all the same, once it has released what it held.
 */
static void write_late(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		       const struct ring_message *message)
{
	int i;

	let_in(_metadata, self);
	channel_close(&self->requester->channel, EPIPE);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 2 * MILLISECOND));
	ASSERT_EQ(ECONNRESET, self->responder->channel.gone);
	EXPECT_EQ(0, ring_push(&self->requester->request_ring, message));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, done(&self->server, 1, 0));
	for (i = 0; i < 3; i++)
		sluice_active_request_release(
			sluice_server_receive(self->server.server, SLUICE_NOWAIT));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 1, 0));
	close_client(&self->bad, 0, 0);
	channel_put(&self->responder->channel);
}

TEST_F(hostile, requests_after_its_end)
{
	int fds = count_fds(), channels = count_channels(), i;
	struct ring_message message;

	ASSERT_LT(0, channels);
	for (i = 0; i < 10; i++) {
		/* One that is in order, and one that is not. */
		message = (struct ring_message){ .request = 1000, .count = 10 };
		message.slice = i % 2 ? UINT32_MAX : 5;
		message.segment = i % 2 ? 0 : 1;
		write_late(_metadata, self, &message);
		EXPECT_EQ(channels, count_channels());
		EXPECT_EQ(fds, count_fds());
	}
}

TEST_HARNESS_MAIN
