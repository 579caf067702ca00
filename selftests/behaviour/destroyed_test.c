// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a node tells of a port that the user has destroyed, and of which messages are
 * still held: what can be received through these, and nothing of the port itself,
 * which has no name any more.  Of ports that go between two questions: node_next_test.c.
 */
#include "steps.h"
#include "events.h"

ENDS_FIXTURE(destroyed);

/* The next event is this one, of a client that is no more; it is the only one. */
#define EXPECT_ONLY_RESPONSE(seat, slot)				\
	do {								\
		struct sluice_event event_ = SLUICE_EVENT();		\
									\
		EXPECT_EQ(0, wait_node(seat, LONG, 0))			\
			TH_LOG("%s", sluice_strerror());		\
		EXPECT_EQ(1, sluice_node_next((seat)->node, &event_));	\
		EXPECT_EQ(SLUICE_EVENT_RESPONSE, event_.kind);		\
		EXPECT_EQ((seat)->pending[slot], event_.pending);	\
		EXPECT_EQ(NULL, event_.client);				\
		EXPECT_EQ(0, sluice_node_next((seat)->node, &event_));	\
	} while (0)

TEST_F(destroyed, client_whose_server_leaves)
{
	struct end *server = &self->end[0];
	struct seat *seat = &self->seat;

	start_pair(_metadata, server, variant->place, seat, &calls);
	ASSERT_EQ(0, await_peers(seat, SLUICE_EVENT_CONNECTED, 1));
	ASK_AND_TAKE(seat, server, 0, 1);
	ASSERT_EQ(0, close_client(seat, 0, 0));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(seat, 0);
	EXPECT_EQ(2, hear(seat, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_ONLY_RESPONSE(seat, 0);
	EXPECT_EQ(-EPIPE, hear(seat, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, wait_node(seat, 20 * MILLISECOND, 0));
}

/* It has asked before the server let it in. */
TEST_F(destroyed, client_whose_server_is_slow)
{
	struct end *server = &self->end[0];
	struct seat *seat = &self->seat;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(seat, PTR(&calls), 0));
	ASSERT_EQ(1, ask(seat, 0, 1));
	ASSERT_EQ(0, close_client(seat, 0, 0));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(-ETIMEDOUT, wait_node(seat, 20 * MILLISECOND, 0));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(seat, 0);
	EXPECT_EQ(2, hear(seat, 0, SLUICE_NOWAIT));
}

/* It is no port any more, and does not look for servers. */
TEST_F(destroyed, client_when_a_server_comes)
{
	struct end *server = &self->end[0], *next = &self->end[1];
	struct seat *seat = &self->seat;

	start_pair(_metadata, server, variant->place, seat, &calls);
	ASSERT_EQ(0, await_peers(seat, SLUICE_EVENT_CONNECTED, 1));
	ASK_AND_TAKE(seat, server, 0, 1);
	ASSERT_EQ(0, close_client(seat, 0, 0));
	start_server(_metadata, next, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(-ETIMEDOUT, wait_node(seat, 20 * MILLISECOND, 0));
	EXPECT_EQ(-EAGAIN, at(next, take, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(seat, 0);
	EXPECT_EQ(2, hear(seat, 0, SLUICE_NOWAIT));
}

TEST_F(destroyed, server_whose_client_leaves)
{
	struct end *client = &self->end[0];
	struct seat *seat = &self->seat;

	take_server_seat(_metadata, seat, NULL, client, variant->place);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(seat, 0, LONG));
	ASSERT_EQ(0, close_server(seat, 0, 0));
	EXPECT_EQ(-EAGAIN, wait_node(seat, SLUICE_NOWAIT, 0));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	ASSERT_EQ(0, at(client, close_client, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, wait_node(seat, 20 * MILLISECOND, 0));
	EXPECT_EQ(0, is_connected(seat, 0, 0));
}

TEST_HARNESS_MAIN
