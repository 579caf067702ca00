// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of discovery: who comes first does not matter, who comes late has missed what
 * was sent before, and who comes back is as good as new, without anything lost.
 */
#include "steps.h"
#include "rules.h"
#include "events.h"

ENDS_FIXTURE(rule_discovery);
PROCESSES_FIXTURE(rule_discovery_death);

/* ---- Who comes when ------------------------------------------------------ */

TEST_F(rule_discovery, the_server_may_be_first)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(1, wait_servers(&self->side, 1, LONG));
	EXPECT_EXCHANGE(&self->side, server);
}

TEST_F(rule_discovery, the_client_may_be_first)
{
	struct end *server = &self->end[0];

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(1, wait_servers(&self->side, 1, LONG));
	EXPECT_EXCHANGE(&self->side, server);
}

TEST_F(rule_discovery, a_server_that_is_there_is_reached_by_the_first_request)
{
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, done, 0, 0));
		leave(&self->side, 0, 0);
	}
}

TEST_F(rule_discovery, a_sleeping_client_is_woken_when_a_server_comes)
{
	struct end *client = &self->end[1];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	begin(client, wait_servers, 1, SLUICE_FOREVER);
	until_asleep(client);
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	EXPECT_EQ(1, finish(client));
}

TEST_F(rule_discovery, a_late_server_sees_no_older_request)
{
	struct end *late = &self->end[1];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	start_server(_metadata, late, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	EXPECT_EQ(-EAGAIN, at(late, take, 0, SLUICE_NOWAIT));
	ASSERT_EQ(2, ask(&self->side, 1, 2));
	EXPECT_EQ(2, at(late, take, 0, LONG));
}

TEST_F(rule_discovery, a_late_server_has_no_part_in_an_older_stream)
{
	struct end *server = &self->end[0], *late = &self->end[1];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	start_server(_metadata, late, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_discovery, a_request_that_reached_nobody_stays_so)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(&self->side, 0, 1));
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-EAGAIN, at(&self->end[0], take, 0, SLUICE_NOWAIT));
}

/* A request to a server that does nothing is kept for it, and its sender need not keep it. */
TEST_F(rule_discovery, requests_wait_for_a_server_that_is_busy)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	end_stop(client);
	EXPECT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(2, at(server, take, 1, LONG));
}

TEST_F(rule_discovery, a_node_may_have_both_roles)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_server(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, serve(side, 1, 0));
	EXPECT_EQ(2, hear(side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
}

TEST_F(rule_discovery, nodes_that_wait_differently_understand_each_other)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	server->sockets = true;
	start_two(_metadata, server, client, variant->place, &calls);
	for (i = 0; i < 20; i++) {
		begin(server, serve, 1, 0);
		until_asleep(server);
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(i + 1, at(client, hear, 0, LONG));
		ASSERT_EQ(1, finish(server));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
}

TEST_F(rule_discovery, a_node_is_told_who_comes_and_goes)
{
	struct end *server = &self->end[0];

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(0, await_peers(&self->side, SLUICE_EVENT_CONNECTED, 1));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(EPIPE, await_peers(&self->side, SLUICE_EVENT_DISCONNECTED, 1));
}

TEST_F(rule_discovery_death, a_node_is_told_who_dies)
{
	struct end *server = &self->end[0];

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	EXPECT_EQ(0, await_peers(&self->side, SLUICE_EVENT_CONNECTED, 1));
	end_kill_and_reap(server);
	EXPECT_EQ(ECONNRESET, await_peers(&self->side, SLUICE_EVENT_DISCONNECTED, 1));
	sweep(_metadata);
}

/* ---- Coming back twenty times -------------------------------------------- */

TEST_F_TIMEOUT(rule_discovery, a_client_outlives_twenty_servers_and_loses_no_slice, 120)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	uint64_t bytes = 0;
	long i, round;

	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), PTR(&static_client_of_4000)));
	for (round = 0; round < 20; round++) {
		start_server(_metadata, server, variant->place, &blobs, NULL, NULL);
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
		begin(server, serve_blobs, 3, 0);
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(0, exchange_blob(&self->side, 0, 4000 - i));
		}
		ASSERT_EQ(3, finish(server));
		for (i = 0; i < ACTIVE; i++) {
			ASSERT_EQ(1, ask_blob(&self->side, i, 4000));
		}
		for (i = 0; i < ACTIVE / 2; i++) {
			ASSERT_EQ(4000, at(server, take_blob, i, LONG));
			ASSERT_EQ(0, at(server, answer_blob, i, 100 + i));
		}
		end_stop_or_kill(server, round);
		for (i = 0; i < ACTIVE; i++) {
			if (i < ACTIVE / 2) {
				ASSERT_EQ(100 + i, hear_blob(&self->side, i, LONG));
			}
			EXPECT_GONE(hear_blob(&self->side, i, LONG));
			ASSERT_EQ(0, cancel(&self->side, i, 0));
		}
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
		bytes = bytes ? bytes : memory.bytes;
		EXPECT_EQ(bytes, memory.bytes);
		EXPECT_EQ(0u, memory.growths);
	}
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_F_TIMEOUT(rule_discovery, a_server_outlives_twenty_clients_and_keeps_no_memory, 120)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *client = &self->end[0];
	long i, round, fds;

	ASSERT_EQ(0, join_server(&self->side, PTR(&blobs), PTR(&static_server_of_4000)));
	ASSERT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	fds = count_fds();
	for (round = 0; round < 20; round++) {
		start_busy_client(_metadata, client, variant->place, &self->side);
		ASSERT_EQ(4000, at(client, hear_blob, 0, LONG));
		end_stop_or_kill(client, round);
		for (i = 4; i < 6; i++) {
			ASSERT_EQ(4000, take_blob(&self->side, i, LONG));
		}
		for (i = 0; i < 6; i++) {
			ASSERT_EQ(0, done(&self->side, i, 0));
		}
		ASSERT_TRUE(EVENTUALLY(take(&self->side, 0, SLUICE_NOWAIT) ==
				       -EAGAIN && count_fds() == fds));
		ASSERT_EQ(0, sluice_server_memory(self->side.server, &memory));
		EXPECT_EQ(0u, memory.bytes);
	}
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
