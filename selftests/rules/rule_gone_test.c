// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of leaving and dying: what the other side still gets, what it is told, and that
 * nothing has to be called, by anybody, for it to be told.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_gone);
PROCESSES_FIXTURE(rule_dead);

/* A client asks with so many slices, each 50000 bytes longer than the one before. */
static void ask_growing(struct __test_metadata *_metadata, struct end *client, long count)
{
	long i;

	for (i = 0; i < count; i++) {
		ASSERT_EQ(1, at(client, ask_blob, i, 1 + 50000 * i));
	}
}

/* ---- A client leaves ----------------------------------------------------- */

TEST_F(rule_gone, requests_of_a_client_that_left_are_still_received)
{
	struct end *client = &self->end[0];
	long i;

	start_reversed(_metadata, client, variant->place, &self->side, &calls);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, at(client, ask, i, i));
	}
	end_stop(client);
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(i, take(&self->side, i, LONG));
		EXPECT_TRUE(EVENTUALLY(is_connected(&self->side, i, 0) == 0));
	}
	EXPECT_EQ(-EAGAIN, take(&self->side, ACTIVE, SLUICE_NOWAIT));
}

TEST_F(rule_gone, slices_of_a_client_that_left_are_still_received)
{
	struct end *client = &self->end[0];
	long i;

	start_reversed(_metadata, client, variant->place, &self->side, &blobs);
	ask_growing(_metadata, client, 8);
	end_stop(client);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(1 + 50000 * i, take_blob(&self->side, i, LONG))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(-EAGAIN, take_blob(&self->side, 8, SLUICE_NOWAIT));
}

TEST_F(rule_gone, answering_a_client_that_left_ends_with_epipe)
{
	start_and_lose_client(_metadata, &self->side, &self->end[0], variant->place);
	EXPECT_GONE(send_answer(&self->side, 0, 0));
	EXPECT_EQ(2, take(&self->side, 1, LONG));
	EXPECT_GONE(answer(&self->side, 1, 8));
}

TEST_F(rule_gone, a_received_request_stays_when_its_client_is_gone)
{
	struct end *client = &self->end[0];

	start_reversed(_metadata, client, variant->place, &self->side, &blobs);
	ASSERT_EQ(1, at(client, ask_blob, 0, 100000));
	ASSERT_EQ(100000, take_blob(&self->side, 0, LONG));
	end_stop(client);
	EXPECT_EQ(-EAGAIN, take_blob(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_TRUE(pattern_holds(self->side.active[0]->data, 100000, 100000));
	EXPECT_EQ(0, done(&self->side, 0, 0));
}

/* ---- A server leaves ----------------------------------------------------- */

TEST_F(rule_gone, responses_of_a_server_that_left_are_all_read)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(BUFFER, at(server, answer_many, 0, BUFFER));
	end_stop(server);
	EXPECT_EQ(BUFFER, hear_many(&self->side, 0, BUFFER));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

/* Also from memory that it had made since, and the client has never looked into. */
TEST_F(rule_gone, grown_memory_of_a_server_that_left_is_read)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	for (i = 0; i < BUFFER; i++) {
		ASSERT_EQ(0, at(server, answer_blob, 0, 10L << 2 * i));
	}
	end_stop(server);
	for (i = 0; i < BUFFER; i++) {
		EXPECT_EQ(10L << 2 * i, hear_blob(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(-EPIPE, hear_blob(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_gone, a_server_that_leaves_ends_all_its_streams)
{
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(ACTIVE, ask_many(&self->side, ACTIVE, 0));
	ASSERT_EQ(0, at(&self->end[0], take, 0, LONG));
	end_stop(&self->end[0]);
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(-EPIPE, hear(&self->side, i, SLUICE_FOREVER));
	}
}

TEST_F(rule_gone, a_destroyed_server_takes_no_further_loans)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, at(server, answer, 0, 2));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

/* ---- A server dies ------------------------------------------------------- */

TEST_F(rule_dead, a_client_is_told_of_the_death_at_once)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, IN_PROCESS, &calls);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	end_reap(server);
	sweep(_metadata);
}

TEST_F(rule_dead, what_the_dead_have_sent_is_still_received)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &blobs);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, at(server, answer_blob, 0, 1 + 100000 * i));
	}
	end_kill_and_reap(server);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(1 + 100000 * i, hear_blob(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(-ECONNRESET, hear_blob(&self->side, 0, SLUICE_FOREVER));
	sweep(_metadata);
}

TEST_F(rule_dead, a_death_after_the_end_of_a_stream_is_none_of_its_business)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, serve, 1, 0));
	end_kill_and_reap(server);
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	sweep(_metadata);
}

TEST_F(rule_dead, other_servers_go_on_answering)
{
	struct end *dead = &self->end[0], *alive = &self->end[1];

	start_two_servers(_metadata, dead, alive, IN_PROCESS, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(dead, take, 0, LONG));
	ASSERT_EQ(1, at(alive, take, 0, LONG));
	end_kill_and_reap(dead);
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, 20 * MILLISECOND));
	ASSERT_EQ(0, at(alive, answer, 0, 7));
	EXPECT_EQ(7, hear(&self->side, 0, LONG));
	ASSERT_EQ(0, at(alive, done, 0, 0));
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	ASK_AND_TAKE(&self->side, alive, 0, 2);
	sweep(_metadata);
}

/* ---- A client dies ------------------------------------------------------- */

TEST_F(rule_dead, requests_of_a_dead_client_are_still_received)
{
	struct end *client = &self->end[0];
	long i;

	start_reversed(_metadata, client, IN_PROCESS, &self->side, &blobs);
	ask_growing(_metadata, client, 4);
	end_kill_and_reap(client);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(1 + 50000 * i, take_blob(&self->side, i, LONG))
			TH_LOG("%s", sluice_strerror());
		EXPECT_TRUE(EVENTUALLY(is_connected(&self->side, i, 0) == 0));
		EXPECT_GONE(answer_blob(&self->side, i, 1));
	}
	sweep(_metadata);
}

TEST_F(rule_dead, a_server_sees_that_its_client_is_dead)
{
	struct end *client = &self->end[0];

	start_reversed(_metadata, client, IN_PROCESS, &self->side, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(&self->side, 0, LONG));
	EXPECT_EQ(1, is_connected(&self->side, 0, 0));
	end_kill(client);
	EXPECT_TRUE(EVENTUALLY(is_connected(&self->side, 0, 0) == 0));
	end_reap(client);
	sweep(_metadata);
}

TEST_F(rule_dead, other_clients_are_served_as_before)
{
	struct end *server = &self->end[0], *dead = &self->end[1];
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	for (i = 0; i < 5; i++) {
		start_client(_metadata, dead, IN_PROCESS, &calls, 1);
		ASSERT_EQ(1, at(dead, ask, 0, 1));
		ASSERT_EQ(1, at(server, take, 1 + i, LONG));
		end_kill_and_reap(dead);
		EXPECT_EXCHANGE(&self->side, server);
	}
	sweep(_metadata);
}

TEST_F(rule_dead, whoever_opens_a_service_removes_what_the_dead_have_left)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	EXPECT_LT(0, tree_walk(self->root.path, false).files);
	end_kill_and_reap(server);
	sweep(_metadata);
	EXPECT_EQ(0, tree_walk(self->root.path, false).files);
}

TEST_F(rule_dead, a_stopped_process_is_not_dead)
{
	struct end *server = &self->end[0];
	int status;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	begin(server, serve, 1, 0);
	until_asleep(server);
	ASSERT_EQ(0, kill(server->pid, SIGSTOP));
	ASSERT_EQ(server->pid, waitpid(server->pid, &status, WUNTRACED));
	EXPECT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, 20 * MILLISECOND));
	sweep(_metadata);
	ASSERT_EQ(0, kill(server->pid, SIGCONT));
	/* That child raises SIGCHLD, for which no handler runs: it ends no wait of ours. */
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, finish(server));
}

TEST_HARNESS_MAIN
