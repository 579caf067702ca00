// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers that come and go without an end, and keep the protocol.  Each channel costs the other
 * end the time to make and to unmake it.  The process owes that, and waits when it owes too
 * much; it is not turned away.  Who stays, or is left by the other end, owes nothing.
 */
#include "hostile.h"

#include "base/limits.h"
#include "os/clock.h"

#define TIMES	40

/* The longest time that a process waits which owes as much as there can be. */
#define LONGEST	(GREETING_WAIT_MAX_NS + GREETING_DEBT_MAX_NS / 4)

/* As if making the channel had taken so long that its process owes it for seconds. */
static void make_dear(struct channel *channel)
{
	int i;

	for (i = 0; i < TIMES; i++)
		turn_charge_greeting(&channel->turn, TURN_CHARGE_MAX_NS);
}

/* All ends are in this process. */
static int64_t greeting_at(const struct side *side)
{
	return payer_greeting_at(&side->node->wait.turns, getpid(), geteuid());
}

static void end(FIXTURE_DATA(hostile) *self)
{
	channel_close(&self->responder->channel, EPIPE);
	let_out(self);
}

/* ---- At a server -------------------------------------------------------------------------- */

TEST_F(hostile, a_client_that_comes_and_goes_waits)
{
	int64_t begun = now();

	let_in(_metadata, self);
	make_dear(&self->responder->channel);
	end(self);
	let_in(_metadata, self);
	EXPECT_LE(LONGEST, now() - begun);
	end(self);
}

/* A program may have many clients, and make all of them when it begins. */
TEST_F(hostile, clients_that_stay_owe_nothing)
{
	let_in(_metadata, self);
	make_dear(&self->responder->channel);
	EXPECT_EQ(0, greeting_at(&self->server));
	end(self);
	EXPECT_LT(0, greeting_at(&self->server));
}

/* They are more than the silent connections that a process may have. */
#define CROWD	(2 * STRANGERS_PER_PROCESS)

TEST_F(hostile, a_crowd_of_a_process_that_owes_is_kept)
{
	static const struct sluice_service_opts crowded = SLUICE_SERVICE_OPTS(
		.max_clients = CROWD);
	struct sluice_pending_response *pending[CROWD];
	struct sluice_client *clients[CROWD];
	struct side server = { 0 }, client = { 0 };
	long i;

	let_in(_metadata, self);
	make_dear(&self->responder->channel);
	end(self);
	server.node = self->server.node;
	server.service = sluice_service_open(server.node, &calls, &crowded);
	ASSERT_EQ(0, open_server(&server, 0, 0)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, open_service(&client, PTR(&calls), 0));
	for (i = 0; i < CROWD; i++) {
		clients[i] = client.client = sluice_client_create(client.service, NULL);
		ASSERT_EQ(1, ask(&client, 0, i)) TH_LOG("%s", sluice_strerror());
		pending[i] = client.pending[0];
		client.pending[0] = NULL;
		/* It takes the connection. */
		EXPECT_LE(0, sluice_server_has_request(server.server));
	}
	EXPECT_EQ(CROWD, serve(&server, CROWD, 0)) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < CROWD; i++) {
		client.pending[0] = pending[i];
		EXPECT_EQ(i + 1, hear(&client, 0, LONG)) TH_LOG("%s", sluice_strerror());
		EXPECT_EQ(0, cancel(&client, 0, 0));
		sluice_client_destroy(clients[i]);
	}
	client.client = NULL;
	leave(&client, 0, 0);
	close_server(&server, 0, 0);
	sluice_service_close(server.service);
}

TEST_F(hostile, clients_whose_server_leaves_owe_nothing)
{
	let_in(_metadata, self);
	make_dear(&self->responder->channel);
	/* The server, too, goes with the last reference. */
	channel_put(&self->responder->channel);
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, done(&self->server, 1, 0));
	close_server(&self->server, 0, 0);
	EXPECT_EQ(0, greeting_at(&self->server));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 1, 0));
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
	EXPECT_EQ(0, greeting_at(&self->server));
}

/* ---- At a client -------------------------------------------------------------------------- */

static void meet_dear_server(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->bad, 1, LONG));
	make_dear(&self->bad.client->channels[0]->requester.channel);
	EXPECT_EQ(0, greeting_at(&self->bad));
}

TEST_F(hostile, a_server_that_comes_and_goes_waits)
{
	int64_t begun = now();

	meet_dear_server(_metadata, self);
	close_server(&self->server, 0, 0);
	EXPECT_TRUE(EVENTUALLY(!wait_servers(&self->bad, 0, SLUICE_NOWAIT)));
	ASSERT_EQ(0, open_server(&self->server, PTR(&roomy), 0));
	EXPECT_EQ(1, wait_servers(&self->bad, 1, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_LE(LONGEST, now() - begun);
	/* Another client has an account of its own. */
	EXPECT_EQ(1, wait_servers(&self->good, 1, LONG));
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
}

/* Clients that come and go are no fault of their server. */
TEST_F(hostile, a_server_whose_client_leaves_owes_nothing)
{
	meet_dear_server(_metadata, self);
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
	EXPECT_EQ(0, greeting_at(&self->bad));
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	EXPECT_EQ(1, wait_servers(&self->bad, 1, SLUICE_NOWAIT));
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
}

TEST_HARNESS_MAIN
