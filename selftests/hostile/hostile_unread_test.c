// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers that are sent descriptors, do not read them, end the channel and keep their end of the
 * socket.  The kernel counts such descriptors for the user of the victim.  So a process has
 * few of them, and gets no further channel before it has read, or closed, one.
 */
#include "knock.h"

#include "base/limits.h"

#define TRIES	(2 * FLIGHTS_LEFT_PROCESS)

struct knocker {
	struct handshake who;
	struct requester *requester;
};

static const struct flights *flights_of(const struct side *side)
{
	return &side->node->wait.flights;
}

static int break_channel(const struct knocker *knocker)
{
	int fd = knocker->requester->channel.source.fd;

	return send(fd, "none of yours", 13, MSG_NOSIGNAL) == 13 ? fd : -errno;
}

static void await_end(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	const struct sluice_server *server = self->server.server;
	int64_t end = now() + LONG;

	do {
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, MILLISECOND));
	} while ((server->strangers || server->gone || server->newest->older) && now() < end);
	/* The good client alone is left. */
	EXPECT_EQ(NULL, server->newest->older);
}

/* Connects, is answered, reads nothing, and ends the channel at the server by a breach. */
static void come_and_break(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			   struct knocker *knocker, uint64_t number)
{
	forget_breaches(self);
	knocker->requester = knock(_metadata, self, &knocker->who, 1000 + number);
	EXPECT_LE(0, break_channel(knocker));
	await_end(_metadata, self);
}

/* What it was told, now that it reads; the socket is closed. */
static int read_and_go(struct knocker *knocker)
{
	struct requester *requester = knocker->requester;
	int lacked;

	(void)channel_drain(&requester->channel);
	lacked = requester->welcome ? 0 : requester->lacked;
	channel_put(&requester->channel);
	return lacked;
}

TEST_F(hostile, descriptors_on_channels_that_were_ended)
{
	struct knocker knockers[TRIES + 1];
	unsigned int i;
	int fds;

	for (i = 0; i < TRIES; i++)
		come_and_break(_metadata, self, &knockers[i], i);
	EXPECT_EQ(FLIGHTS_LEFT_PROCESS, flights_of(&self->server)->left_count);
	/* Others are served meanwhile. */
	serve_good(_metadata, self, 2);
	fds = count_fds();
	for (i = 0; i < TRIES; i++)
		EXPECT_EQ(i < FLIGHTS_LEFT_PROCESS ? 0 : EMFILE, read_and_go(&knockers[i]))
			TH_LOG("connection %u", i);
	/* It has read all, and is welcomed; what is left is closed by and by. */
	come_and_break(_metadata, self, &knockers[TRIES], TRIES);
	EXPECT_EQ(0, read_and_go(&knockers[TRIES]));
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, FLIGHTS_LOOK_NS + SECOND / 2));
	EXPECT_EQ(0, flights_of(&self->server)->left_count);
	EXPECT_GT(fds, count_fds());
}

/* A peer that closes its end without having read has given back all of it. */
TEST_F(hostile, descriptors_that_a_peer_throws_away)
{
	struct knocker knocker;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		come_and_break(_metadata, self, &knocker, i);
		channel_close(&knocker.requester->channel, EPIPE);
		channel_put(&knocker.requester->channel);
	}
	/* Each of them was closed when the next one was left. */
	EXPECT_EQ(1, flights_of(&self->server)->left_count);
	come_and_break(_metadata, self, &knocker, TRIES);
	EXPECT_EQ(0, read_and_go(&knocker));
}

/* Its socket is open as long as a packet with it is kept, here behind an empty one. */
TEST_F(hostile, a_peer_that_sends_its_own_socket)
{
	struct knocker knocker;
	int fd;

	knocker.requester = knock(_metadata, self, &knocker.who, 1000);
	fd = break_channel(&knocker);
	EXPECT_EQ(0, fdpass_send(fd, "", 0, -1));
	EXPECT_EQ(0, fdpass_send(fd, "", 0, fd));
	EXPECT_EQ(0, fdpass_send(fd, "", 1, fd));
	await_end(_metadata, self);
	EXPECT_EQ(1, flights_of(&self->server)->left_count);
	channel_close(&knocker.requester->channel, EPIPE);
	channel_put(&knocker.requester->channel);
	settle(self);
	EXPECT_EQ(0, flights_of(&self->server)->left_count);
}

/* ---- At a client ----------------------------------------------------------------------- */

/* A server that is found, hangs up without having read the HELLO, and keeps its socket. */
static int be_found_once(struct __test_metadata *_metadata, struct side *client, uint64_t id)
{
	struct service_dir *dir = &client->service->dir;
	struct identity identity;
	int listener, fd;

	EXPECT_EQ(0, service_dir_hold(dir));
	listener = server_socket_listen(dir, id, &identity);
	EXPECT_LE(0, listener);
	client_look_for_servers(client->client);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	server_socket_unlink(dir, id);
	service_dir_release(dir);
	close(listener);
	EXPECT_TRUE(EVENTUALLY(wait_servers(client, 0, SLUICE_NOWAIT) == 1));
	return fd;
}

TEST_F(hostile, descriptors_that_a_server_does_not_read)
{
	unsigned int i;
	int fds[TRIES];

	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->bad, 1, LONG));
	for (i = 0; i < TRIES; i++)
		fds[i] = be_found_once(_metadata, &self->bad, 1 + i);
	EXPECT_EQ(FLIGHTS_LEFT_PROCESS, flights_of(&self->bad)->left_count);
	EXPECT_TRUE(self->bad.client->wary);
	for (i = 0; i < TRIES; i++)
		close(fds[i]);
	close(be_found_once(_metadata, &self->bad, 1 + TRIES));
	EXPECT_FALSE(self->bad.client->wary);
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
}

TEST_HARNESS_MAIN
