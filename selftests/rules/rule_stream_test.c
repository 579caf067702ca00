// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of streams, which are all responses to one request: how they end, at the one
 * side and at the other, and that none gets into another.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_stream);

/* ---- The server ends it -------------------------------------------------- */

TEST_F(rule_stream, releasing_the_active_request_ends_it_after_the_last_response)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(BUFFER, at(server, answer_many, 0, BUFFER));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(BUFFER, hear_many(&self->side, 0, BUFFER));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_stream, it_may_be_empty)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_stream, it_may_be_as_long_as_one_likes)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hear(&self->side, 0, LONG));
	}
}

TEST_F(rule_stream, of_several_servers_the_last_one_ends_it)
{
	long i;

	start_servers(_metadata, self->end, 3, variant->place, &self->side, &calls);
	ASSERT_EQ(3, ask(&self->side, 0, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(1, at(&self->end[i], take, 0, LONG));
		ASSERT_EQ(0, at(&self->end[i], done, 0, 0));
	}
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_stream, a_sleeping_client_is_told_of_the_end)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, variant->place, &calls);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client));
}

/* ---- The client ends it -------------------------------------------------- */

TEST_F(rule_stream, releasing_the_pending_response_is_seen_by_the_server)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(1, at(server, is_connected, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
}

TEST_F(rule_stream, every_server_sees_it)
{
	long i;

	start_servers(_metadata, self->end, 3, variant->place, &self->side, &calls);
	ASSERT_EQ(3, ask(&self->side, 0, 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, at(&self->end[i], take, 0, LONG));
		EXPECT_EQ(1, at(&self->end[i], is_connected, 0, 0));
	}
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, at(&self->end[i], is_connected, 0, 0));
	}
}

/* A reply that is sent to nobody, and is then released. */
static long answer_nobody(struct side *side, long slot, long value)
{
	long result = loan_answer(side, slot, value), released;

	if (result < 0)
		return result;
	result = sluice_reply_send(side->reply[slot]);
	released = drop_answer(side, slot, 0);
	return released < 0 ? released : result;
}

TEST_F(rule_stream, a_reply_that_nobody_wants_ends_with_epipe_and_stays_loaned)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&calls, NULL, NULL, &static_server);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(-EPIPE, at(server, answer_nobody, 0, i))
			TH_LOG("%s", server->result.sentence);
	}
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EXCHANGE(&self->side, server);
}

TEST_F(rule_stream, a_released_pending_response_makes_room_for_another)
{
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(i, at(&self->end[0], take, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		ASSERT_EQ(0, at(&self->end[0], done, 0, 0));
	}
}

/* Fire and forget, which is what services do unless they say otherwise. */
TEST_F(rule_stream, a_request_that_nobody_waits_for_is_received_all_the_same)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 7));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(7, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(-EPIPE, at(server, answer, 0, 8));
}

TEST_F(rule_stream, a_slice_that_nobody_waits_for_is_received_all_the_same)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 100000));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(100000, at(server, take_blob, 0, LONG));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(-EPIPE, at(server, answer_blob, 0, 8));
}

TEST_F(rule_stream, what_is_unread_when_it_is_released_is_not_lost_to_the_server)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&calls, NULL, NULL, &static_server);
	for (i = 0; i < 200; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(BUFFER, at(server, answer_many, 0, BUFFER))
			TH_LOG("%ld: %s", i, server->result.sentence);
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	EXPECT_EXCHANGE(&self->side, server);
}

/* ---- None gets into another ---------------------------------------------- */

TEST_F(rule_stream, an_answer_to_an_earlier_request_never_reaches_a_later_one)
{
	struct end *server = &self->end[0];
	long i, old = 0, new = 1;

	SET_UP_PAIR(&two_active);
	ASK_AND_TAKE(&self->side, server, old, 0);
	for (i = 1; i < 200; i++) {
		ASSERT_EQ(0, at(server, answer, old, 100000 + i));
		ASSERT_EQ(0, cancel(&self->side, old, 0));
		ASK_AND_TAKE(&self->side, server, new, i);
		ASSERT_EQ(-EPIPE, at(server, answer, old, 100000 + i));
		ASSERT_EQ(-EAGAIN, hear(&self->side, new, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, answer, new, i));
		ASSERT_EQ(0, at(server, done, old, 0));
		ASSERT_EQ(i, hear(&self->side, new, LONG));
		ASSERT_EQ(-EAGAIN, hear(&self->side, new, SLUICE_NOWAIT));
		old = new;
		new = 1 - new;
	}
}

TEST_F(rule_stream, the_end_of_an_earlier_request_does_not_end_a_later_one)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < 100; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		ASSERT_EQ(1, ask(&self->side, 0, 1000 + i));
		ASSERT_EQ(1000 + i, at(server, take, 1, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, done, 1, 0));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

TEST_HARNESS_MAIN
