// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of the limit of responses that a client may hold; rule_held_requests_test has that of
 * requests at a server.  Both sides have the same rule.  The limit is told when there is
 * something to be taken.  When there is nothing, a receive waits, and tells the end of a stream.
 */
#include "steps.h"
#include "held.h"

ENDS_FIXTURE(rule_held);

static long has_response(struct side *side, long slot, long unused)
{
	(void)unused;
	return sluice_pending_response_has_response(side->pending[slot]);
}

/* end_with(slot, code): ends the request there with a status. */
static long end_with(struct side *side, long slot, long code)
{
	int r = sluice_active_request_end(side->active[slot], (int)code, "enough");

	side->active[slot] = NULL;
	return r;
}

/* The client holds as many responses to the request in slot 0 of both ends as it may. */
static void hold_responses(struct __test_metadata *_metadata, FIXTURE_DATA(rule_held) *self,
			   enum place place)
{
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, place, &calls, &two, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(&self->side, 0, i));
	}
}

TEST_F(rule_held, a_client_at_its_limit_waits_for_a_response)
{
	struct side *side = &self->side;
	int64_t begun;

	hold_responses(_metadata, self, variant->place);
	EXPECT_EQ(0, has_response(side, 0, 0));
	EXPECT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
	begun = now();
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, 10 * MILLISECOND));
	EXPECT_LE(10 * MILLISECOND, now() - begun);
	EXPECT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_held, a_client_at_its_limit_is_told_when_there_is_a_response)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	ASSERT_EQ(0, at(server, answer, 0, 99));
	EXPECT_EQ(1, has_response(side, 0, 0));
	EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_FOREVER));
	EXPECT_SAYS("max_borrowed_responses_per_pending_response");
	EXPECT_EQ(1, has_response(side, 0, 0));
	EXPECT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(1, has_response(side, 0, 0));
	EXPECT_EQ(99, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, has_response(side, 0, 0));
	EXPECT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
}

/* hold_and_wait(slot): holds as many as may be, and waits for one more. */
static long hold_and_wait(struct side *side, long slot, long unused)
{
	long i, r = 0;

	(void)unused;
	for (i = 0; i < HELD && r >= 0; i++)
		r = hold(side, slot, i);
	return r < 0 ? r : hear(side, slot, SLUICE_FOREVER);
}

/* A client, the second end, holds as many as it may and sleeps. */
static void sleep_at_limit(struct __test_metadata *_metadata, FIXTURE_DATA(rule_held) *self,
			   enum place place)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, place, &calls, &two, NULL);
	start_client(_metadata, client, place, &calls, 1);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	ASSERT_EQ(HELD, at(server, answer_many, 0, HELD));
	begin(client, hold_and_wait, 0, 0);
	until_asleep(client);
}

TEST_F(rule_held, a_client_that_sleeps_at_its_limit_is_woken_by_a_response)
{
	struct end *client = &self->end[1];

	sleep_at_limit(_metadata, self, variant->place);
	ASSERT_EQ(0, at(&self->end[0], answer, 0, 99));
	EXPECT_EQ(-ENOBUFS, finish(client));
	EXPECT_EQ(0, at(client, drop_response, 0, 0));
	EXPECT_EQ(99, at(client, hear, 0, LONG));
}

TEST_F(rule_held, a_client_that_sleeps_at_its_limit_is_told_the_end)
{
	sleep_at_limit(_metadata, self, variant->place);
	ASSERT_EQ(0, at(&self->end[0], done, 0, 0));
	EXPECT_EQ(-EPIPE, finish(&self->end[1]));
}

TEST_F(rule_held, a_client_at_its_limit_is_told_the_end_of_a_stream)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, has_response(side, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, has_response(side, 0, 0));
}

TEST_F(rule_held, a_client_at_its_limit_is_told_a_status)
{
	struct end *server = &self->end[0];
	struct sluice_status status = SLUICE_STATUS();
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	ASSERT_EQ(0, at(server, end_with, 0, 7));
	EXPECT_EQ(-EREMOTEIO, hear(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(1, sluice_pending_response_status(side->pending[0], &status));
	EXPECT_EQ(7, status.code);
}

TEST_F(rule_held, a_client_at_its_limit_is_told_that_a_server_has_died)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	hold_responses(_metadata, self, variant->place);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, hear(side, 0, SLUICE_FOREVER));
	end_reap(server);
	EXPECT_EQ(0, answer_value(side->response[0]));
	leave(side, 0, 0);
	sweep(_metadata);
}

/* A response that was sent before the end comes before it, also if there is no room yet. */
TEST_F(rule_held, the_limit_is_told_before_an_end_that_comes_later)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	ASSERT_EQ(0, at(server, answer_and_done, 0, 99));
	EXPECT_EQ(1, has_response(side, 0, 0));
	EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(99, hold(side, 0, 0));
	EXPECT_EQ(0, has_response(side, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_FOREVER));
}

TEST_F(rule_held, a_client_at_its_limit_waits_for_the_servers_that_are_left)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;
	long i;

	start_two_servers(_metadata, server, other, variant->place, side, &calls, &two);
	ASSERT_EQ(2, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(1, at(other, take, 0, LONG));
	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
	}
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, has_response(side, 0, 0));
	ASSERT_EQ(0, at(other, answer, 0, 99));
	EXPECT_EQ(1, has_response(side, 0, 0));
	EXPECT_EQ(-ENOBUFS, hear(side, 0, LONG));
	EXPECT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(99, hear(side, 0, LONG));
	ASSERT_EQ(0, at(other, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
}

/* That the limit was told does not change whose turn it is. */
TEST_F(rule_held, the_limit_takes_no_turn)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;
	long i, value, last = -1;

	start_two_servers(_metadata, server, other, variant->place, side, &calls, &two);
	ASSERT_EQ(2, ask(side, 0, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, at(&self->end[i], take, 0, LONG));
		ASSERT_EQ(BUFFER, at(&self->end[i], answer_many, 1000 * i, BUFFER));
	}
	for (i = 0; i < 2 * BUFFER; i++) {
		value = hold(side, 0, i % HELD);
		ASSERT_LE(0, value) TH_LOG("%s", sluice_strerror());
		EXPECT_NE(last, value / 1000);
		last = value / 1000;
		if (i + 1 < HELD || i + 1 == 2 * BUFFER)
			continue;
		EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, drop_response(side, (i + 1) % HELD, 0));
	}
}

TEST_F(rule_held, a_deadline_is_told_to_a_client_at_its_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;
	long i;

	SET_UP_PAIR(&two);
	deadline = sluice_deadline(SECOND);
	ASSERT_EQ(1, ask_until(side, 0, deadline));
	ASSERT_LE(0, at(server, take, 0, LONG)) TH_LOG("%s", server->result.sentence);
	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
	}
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_FOREVER));
	EXPECT_LE(deadline, now());
	ASSERT_EQ(0, at(server, answer, 0, 99));
	EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_FOREVER));
}

/* The responses of pending responses that were released count for the client. */
TEST_F(rule_held, the_limit_of_all_that_a_client_holds_is_told_likewise)
{
	static const struct sluice_client_opts one = SLUICE_CLIENT_OPTS(.max_active_requests = 1);
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_server(_metadata, server, variant->place, &calls, &two, NULL);
	open_client_side(_metadata, side, &calls, &one, 1);
	ASK_AND_TAKE(side, server, 0, 1);
	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
	}
	ASSERT_EQ(0, cancel(side, 0, 0));
	ASK_AND_TAKE(side, server, 1, 2);
	EXPECT_EQ(-EAGAIN, hear(side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 1, MILLISECOND));
	ASSERT_EQ(0, at(server, answer, 1, 99));
	EXPECT_EQ(1, has_response(side, 1, 0));
	EXPECT_EQ(-ENOBUFS, hear(side, 1, SLUICE_FOREVER));
	ASSERT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(99, hear(side, 1, SLUICE_FOREVER));
}

/* A node does not tell of what cannot be taken, or its program would turn in circles. */
TEST_F(rule_held, a_node_tells_of_a_response_when_there_is_room_for_it)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	EXPECT_EQ(CAME(1), find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	ASSERT_EQ(0, at(server, answer, 0, 99));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_SLEEPS(SECOND / 5, find_out(side, SECOND / 5, 0));
	ASSERT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(99, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
}

TEST_F(rule_held, a_node_tells_of_the_end_of_a_stream_at_its_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_responses(_metadata, self, variant->place);
	EXPECT_EQ(CAME(1), find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_SLEEPS(SECOND / 5, find_out(side, SECOND / 5, 0));
}

/* A deadline that has passed does not keep a node awake which has something queued. */
TEST_F(rule_held, a_node_at_its_limit_sleeps_though_a_deadline_has_passed)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline = sluice_deadline(SECOND / 2);
	long i;

	SET_UP_PAIR(&two);
	ASSERT_EQ(1, ask_until(side, 0, deadline));
	ASSERT_LE(0, at(server, take, 0, LONG)) TH_LOG("%s", server->result.sentence);
	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
	}
	EXPECT_EQ(CAME(1), find_out(side, SLUICE_NOWAIT, 0));
	ASSERT_EQ(0, at(server, answer, 0, 99));
	EXPECT_TRUE(EVENTUALLY(now() > deadline));
	EXPECT_SLEEPS(SECOND / 5, find_out(side, SECOND / 5, 0));
	ASSERT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(99, hold(side, 0, 0));
	/* Now there is nothing, and the deadline is told, once. */
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_SLEEPS(SECOND / 5, find_out(side, SECOND / 5, 0));
}

TEST_HARNESS_MAIN
