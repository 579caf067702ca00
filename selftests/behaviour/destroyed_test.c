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
#define EXPECT_ONLY_RESPONSE(side, slot)				\
	do {								\
		struct sluice_event event_ = SLUICE_EVENT();		\
									\
		EXPECT_EQ(0, wait_node(side, LONG, 0))			\
			TH_LOG("%s", sluice_strerror());		\
		EXPECT_EQ(1, sluice_node_next((side)->node, &event_));	\
		EXPECT_EQ(SLUICE_EVENT_RESPONSE, event_.kind);		\
		EXPECT_EQ((side)->pending[slot], event_.pending);	\
		EXPECT_EQ(NULL, event_.client);				\
		EXPECT_EQ(0, sluice_node_next((side)->node, &event_));	\
	} while (0)

TEST_F(destroyed, client_whose_server_leaves)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, close_client(side, 0, 0));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(side, 0);
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_ONLY_RESPONSE(side, 0);
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, wait_node(side, 20 * MILLISECOND, 0));
}

/* It has asked before the server let it in. */
TEST_F(destroyed, client_whose_server_is_slow)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(0, close_client(side, 0, 0));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(-ETIMEDOUT, wait_node(side, 20 * MILLISECOND, 0));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(side, 0);
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
}

/* It is no port any more, and does not look for servers. */
TEST_F(destroyed, client_when_a_server_comes)
{
	struct end *server = &self->end[0], *next = &self->end[1];
	struct side *side = &self->side;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, close_client(side, 0, 0));
	start_server(_metadata, next, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(-ETIMEDOUT, wait_node(side, 20 * MILLISECOND, 0));
	EXPECT_EQ(-EAGAIN, at(next, take, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_ONLY_RESPONSE(side, 0);
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
}

TEST_F(destroyed, server_whose_client_leaves)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;

	open_server_side(_metadata, side, NULL, client, variant->place);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, close_server(side, 0, 0));
	EXPECT_EQ(-EAGAIN, wait_node(side, SLUICE_NOWAIT, 0));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	ASSERT_EQ(0, at(client, close_client, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, wait_node(side, 20 * MILLISECOND, 0));
	EXPECT_EQ(0, is_connected(side, 0, 0));
}

TEST_HARNESS_MAIN
