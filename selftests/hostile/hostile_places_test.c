// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) gets by connecting more often than the limits of a service
 * allow.  max_clients and max_servers limit connections, not only names: a client needs no
 * name to connect, and a server none to be connected to.
 */
#include "knock.h"

#include "base/limits.h"

#define MOST	4	/* max_clients of hostile.h */
#define CROWD	20

static bool is_decided(struct requester *requester)
{
	channel_drain(&requester->channel);
	return requester->welcome || requester->channel.gone;
}

/* Runs the server until it has answered all of them. */
static void await_answers(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			  struct requester **requesters, int count)
{
	int64_t end = clock_now() + LONG;
	int i = 0;

	while (i < count && clock_now() < end) {
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, MILLISECOND));
		while (i < count && is_decided(requesters[i]))
			i++;
	}
	ASSERT_EQ(count, i) TH_LOG("%d of %d were answered", i, count);
}

static int count_welcomed(struct requester **requesters, int count)
{
	int i, n = 0;

	for (i = 0; i < count; i++)
		n += requesters[i]->welcome && !requesters[i]->channel.gone;
	return n;
}

/* Channels at the server that have memory of a client. */
static int count_channels(FIXTURE_DATA(hostile) *self)
{
	const struct server_channel *channel;
	int n = 0;

	for (channel = self->server.server->newest; channel; channel = channel->older)
		n += channel->responder.channel.memory.base != NULL;
	return n;
}

static void hang_up(struct requester **requesters, int count)
{
	while (count)
		channel_put(&requesters[--count]->channel);
}

TEST_F(hostile, connections_beyond_the_limit)
{
	struct requester *requesters[CROWD + 1];
	struct handshake who[CROWD + 1];
	int i;

	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	for (i = 0; i < CROWD; i++)
		requesters[i] = knock(_metadata, self, &who[i], 1000 + (uint64_t)i);
	await_answers(_metadata, self, requesters, CROWD);
	EXPECT_EQ(MOST - 2, count_welcomed(requesters, CROWD));
	EXPECT_EQ(MOST, count_channels(self));
	for (i = 0; i < CROWD; i++) {
		if (requesters[i]->welcome)
			continue;
		EXPECT_EQ(EUSERS, requesters[i]->channel.gone);
		EXPECT_EQ(EUSERS, requesters[i]->lacked);
	}
	EXPECT_EQ(0, self->server.server->entry.counters->violations);
	serve_good(_metadata, self, 2);

	/* A place becomes free, and is taken. */
	for (i = 0; !requesters[i]->welcome; i++)
		;
	channel_close(&requesters[i]->channel, EPIPE);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, MILLISECOND));
	requesters[CROWD] = knock(_metadata, self, &who[CROWD], 5000);
	await_answers(_metadata, self, &requesters[CROWD], 1);
	EXPECT_EQ(MOST - 2, count_welcomed(requesters, CROWD + 1));
	hang_up(requesters, CROWD + 1);
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
}

/* It asks until it is served. */
static long ask_until_served(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	int64_t end = clock_now() + LONG;
	long taken = -1;

	while (taken < 0 && clock_now() < end) {
		if (wait_servers(&self->bad, 1, MILLISECOND) == 1)
			EXPECT_EQ(1, ask_blob(&self->bad, 0, 10));
		taken = take_blob(&self->server, 0, 10 * MILLISECOND);
		if (taken < 0 && self->bad.pending[0])
			EXPECT_EQ(0, cancel(&self->bad, 0, 0));
	}
	return taken;
}

/* A client with a name waits for a place, is told why, and is served when there is one. */
TEST_F(hostile, an_honest_client_waits_for_a_place)
{
	struct requester *requesters[MOST - 1];
	struct handshake who[MOST - 1];
	long heard = -ETIMEDOUT;
	int i;

	for (i = 0; i < MOST - 1; i++)
		requesters[i] = knock(_metadata, self, &who[i], 1000 + (uint64_t)i);
	await_answers(_metadata, self, requesters, MOST - 1);
	EXPECT_EQ(MOST - 1, count_welcomed(requesters, MOST - 1));
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	for (i = 0; heard == -ETIMEDOUT && i < 1000; i++) {
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 10 * MILLISECOND));
		heard = hear_blob(&self->bad, 0, MILLISECOND);
	}
	EXPECT_EQ(-EUSERS, heard);
	EXPECT_SAYS("max_clients");
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));

	hang_up(requesters, MOST - 1);
	EXPECT_EQ(10, ask_until_served(_metadata, self));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
}

/* A client has one channel; the process that comes again with its id has given up the old. */
TEST_F(hostile, a_port_that_comes_again)
{
	struct requester *requesters[CROWD];
	struct handshake who[CROWD];
	int i;

	for (i = 0; i < CROWD; i++) {
		requesters[i] = knock(_metadata, self, &who[i], 1000);
		await_answers(_metadata, self, &requesters[i], 1);
		EXPECT_EQ(0, requesters[i]->channel.gone);
	}
	for (i = 0; i < CROWD - 1; i++)
		channel_drain(&requesters[i]->channel);
	EXPECT_EQ(1, count_welcomed(requesters, CROWD));
	EXPECT_EQ(2, count_channels(self));
	serve_good(_metadata, self, 2);
	hang_up(requesters, CROWD);
}

/* But nobody else can have it thrown out by its id. */
TEST_F(hostile, the_port_of_another_process)
{
	struct requester *stranger;
	struct handshake who;

	self->server.server->newest->responder.channel.user.pid++;
	stranger = knock(_metadata, self, &who, self->good.client->entry.id);
	await_answers(_metadata, self, &stranger, 1);
	EXPECT_EQ(1, count_welcomed(&stranger, 1));
	EXPECT_EQ(2, count_channels(self));
	serve_good(_metadata, self, 2);
	hang_up(&stranger, 1);
}

/* The server hangs up on a client that has sent QUIT and stays, when others come. */
TEST_F(hostile, those_that_say_goodbye_and_stay)
{
	struct requester *requesters[CROWD];
	struct handshake who[CROWD];
	int i, most = 0;

	for (i = 0; i < CROWD; i++) {
		requesters[i] = knock(_metadata, self, &who[i], 1000 + (uint64_t)i);
		channel_say_goodbye(&requesters[i]->channel);
	}
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, MILLISECOND));
		most = count_channels(self) > most ? count_channels(self) : most;
	}
	/* Those of one look are taken before the next, and looked after then. */
	EXPECT_GE(2 * MOST + 1, most);
	serve_good(_metadata, self, 2);
	hang_up(requesters, CROWD);
	for (i = 0; count_channels(self) > 1 && i < 1000; i++)
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 10 * MILLISECOND));
	EXPECT_EQ(1, count_channels(self));
}

/* Packets after QUIT: a second one, a long one, and requests without end. */
TEST_F(hostile, quit_twice)
{
	let_in(_metadata, self);
	requester_quit(self->requester);
	requester_quit(self->requester);
	channel_drain(&self->responder->channel);
	throw_out(_metadata, self, "QUIT twice");
}

TEST_F(hostile, quit_that_is_long)
{
	const struct sluice_wire_retire packet = { .header = HEADER(SLUICE_WIRE_QUIT) };

	let_in(_metadata, self);
	ASSERT_EQ(0, channel_send(&self->requester->channel, &packet, sizeof(packet), -1));
	channel_drain(&self->responder->channel);
	throw_out(_metadata, self, "a long QUIT");
}

TEST_F(hostile, requests_after_quit)
{
	uint32_t i, most = 0;

	let_in(_metadata, self);
	most = self->requester->layout->request_slots;
	requester_quit(self->requester);
	channel_drain(&self->responder->channel);
	for (i = 0; i < most; i++) {
		ASSERT_EQ(1, ask_blob(&self->bad, 2, 10));
		ASSERT_EQ(10, take_blob(&self->server, 2, LONG)) TH_LOG("%u", i);
		EXPECT_EQ(0, done(&self->server, 2, 0));
		EXPECT_EQ(0, cancel(&self->bad, 2, 0));
	}
	ASSERT_EQ(1, ask_blob(&self->bad, 2, 10));
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	throw_out(_metadata, self, "requests after QUIT");
	EXPECT_EQ(0, cancel(&self->bad, 2, 0));
}

/* Requests of clients that have left are served, however many of these clients there are. */
TEST_F(hostile, requests_that_were_left_behind)
{
	int i, most = 0, n;

	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, open_client(&self->bad, 0, 0));
		ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
		EXPECT_EQ(0, cancel(&self->bad, 0, 0));
		close_client(&self->bad, 0, 0);
	}
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(10, take_blob(&self->server, 0, LONG)) TH_LOG("%d", i);
		n = count_channels(self);
		most = n > most ? n : most;
		EXPECT_EQ(0, done(&self->server, 0, 0));
	}
	EXPECT_GE(2 * MOST, most);
	serve_good(_metadata, self, 2);
}

/* ---- Servers ------------------------------------------------------------------- */

#define SERVERS	32		/* the default of max_servers */
#define EXTRA	10

TEST_F(hostile, servers_beyond_the_limit)
{
	struct service_dir *dir = &self->bad.service->dir;
	int i, connected = 0, fds[SERVERS + EXTRA];
	struct identity identity;

	ASSERT_EQ(0, service_dir_hold(dir));
	for (i = 0; i < SERVERS + EXTRA; i++) {
		fds[i] = server_socket_listen(dir, 1 + (uint64_t)i, &identity);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	for (i = 0; i < (int)self->bad.client->count; i++)
		connected += !self->bad.client->channels[i]->requester.channel.gone;
	EXPECT_EQ(SERVERS, connected);
	for (i = 0; i < SERVERS + EXTRA; i++) {
		server_socket_unlink(dir, 1 + (uint64_t)i);
		close(fds[i]);
	}
	service_dir_release(dir);

	/* With those gone there is a place for the server. */
	EXPECT_EQ(10, ask_until_served(_metadata, self));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
}

TEST_HARNESS_MAIN
