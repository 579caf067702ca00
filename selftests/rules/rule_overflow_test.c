// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of queues that overflow, as they do unless a service says otherwise: sending
 * never waits, the oldest message goes, the others keep their order, no memory is lost.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_overflow);

/* ---- Requests ------------------------------------------------------------ */

/* A full queue: a request that is pending, and others of which nobody waits. */
static void fill_requests(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	ASSERT_EQ(1, ask(side, 0, 0));
	for (i = 1; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(side, 1, i));
		ASSERT_EQ(0, cancel(side, 1, 0));
	}
}

TEST_F(rule_overflow, the_oldest_request_makes_way)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	fill_requests(_metadata, &self->side);
	EXPECT_EQ(1, ask(&self->side, 1, ACTIVE));
	for (i = 1; i <= ACTIVE; i++) {
		EXPECT_EQ(i, at(server, take, 0, LONG));
		EXPECT_EQ(i == ACTIVE, at(server, is_connected, 0, 0));
		EXPECT_EQ(0, at(server, done, 0, 0));
	}
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_overflow, a_request_that_made_way_ends_with_enobufs)
{
	SET_UP_PAIR(NULL);
	fill_requests(_metadata, &self->side);
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(1, ask(&self->side, 1, ACTIVE));
	EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_overflow, a_request_that_made_way_at_one_server_is_answered_by_another)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	start_two_servers(_metadata, slow, fast, variant->place, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 0));
	ASSERT_EQ(0, at(fast, take, 0, LONG));
	for (i = 1; i <= ACTIVE; i++) {
		ASSERT_EQ(2, ask(&self->side, 1, i));
		ASSERT_EQ(0, cancel(&self->side, 1, 0));
	}
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(fast, answer, 0, 5));
	EXPECT_EQ(5, hear(&self->side, 0, LONG));
}

/* With a static client that lost a slice each time, the loans would soon fail. */
TEST_F(rule_overflow, sending_never_waits_and_loses_no_slice)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&calls, NULL, &static_client, NULL);
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	for (i = 1000 - ACTIVE; i < 1000; i++) {
		EXPECT_EQ(i, at(server, take, 0, LONG));
		EXPECT_EQ(0, at(server, done, 0, 0));
	}
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_overflow, each_client_has_its_own_queue)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i;

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASSERT_EQ(1, at(other, ask, 0, 5000));
	for (i = 0; i < 10 * ACTIVE; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	EXPECT_EQ(-EAGAIN, at(other, hear, 0, SLUICE_NOWAIT));
	for (i = 0; at(server, take, 0, LONG) != 5000 && i < 2; i++) {
		EXPECT_EQ(0, at(server, done, 0, 0));
	}
	EXPECT_GT(2, i);
	EXPECT_EQ(0, at(server, answer, 0, 5001));
	EXPECT_EQ(5001, at(other, hear, 0, LONG));
}

TEST_F(rule_overflow, what_a_server_has_received_does_not_make_way)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 7);
	for (i = 0; i < 10 * ACTIVE; i++) {
		ASSERT_EQ(1, ask(&self->side, 1, i));
		ASSERT_EQ(0, cancel(&self->side, 1, 0));
	}
	EXPECT_EQ(1, at(server, is_connected, 0, 0));
	EXPECT_EQ(0, at(server, answer, 0, 8));
	EXPECT_EQ(8, hear(&self->side, 0, LONG));
}

/* ---- Responses ----------------------------------------------------------- */

TEST_F(rule_overflow, the_oldest_response_is_lost_and_the_order_kept)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(BUFFER + 3, at(server, answer_many, 0, BUFFER + 3));
	for (i = 3; i < BUFFER + 3; i++) {
		EXPECT_EQ(i, hear(&self->side, 0, LONG));
	}
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_overflow, lost_responses_lose_no_slice)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&calls, NULL, NULL, &static_server);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(1000, at(server, answer_many, 0, 1000))
		TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(1000 - BUFFER, hear(&self->side, 0, LONG));
}

TEST_F(rule_overflow, the_end_of_a_stream_is_never_lost)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(100, at(server, answer_many, 0, 100));
	EXPECT_EQ(0, at(server, done, 0, 0));
	for (i = 100 - BUFFER; i < 100; i++) {
		EXPECT_EQ(i, hear(&self->side, 0, LONG));
	}
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_overflow, each_request_has_its_own_responses)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, 2, 1);
	EXPECT_EQ(0, at(server, answer, 1, 7));
	EXPECT_EQ(100, at(server, answer_many, 0, 100));
	EXPECT_EQ(7, hear(&self->side, 1, LONG));
	EXPECT_EQ(100 - BUFFER, hear(&self->side, 0, LONG));
}

TEST_F(rule_overflow, each_server_has_its_own_responses)
{
	struct end *loud = &self->end[0], *quiet = &self->end[1];
	long i, value, heard = 0;

	start_two_servers(_metadata, loud, quiet, variant->place, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(loud, take, 0, LONG));
	ASSERT_EQ(1, at(quiet, take, 0, LONG));
	EXPECT_EQ(0, at(quiet, answer, 0, 5000));
	EXPECT_EQ(100, at(loud, answer_many, 0, 100));
	for (i = 0; i < BUFFER + 1; i++) {
		value = hear(&self->side, 0, LONG);
		heard += value == 5000;
	}
	EXPECT_EQ(1, heard);
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_HARNESS_MAIN
