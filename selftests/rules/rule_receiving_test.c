// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of receiving: how much may be held, in which order things come, and that nobody
 * has to wait for ever because of somebody else.
 */
#include "steps.h"
#include "rules.h"
#include "events.h"

ENDS_FIXTURE(rule_receiving);

/* ---- How much may be held ------------------------------------------------ */

/* The server answers the request in slot 0; the side holds as many of these answers as it may. */
static void answer_and_hold(struct __test_metadata *_metadata, struct side *side,
			    struct end *server)
{
	long i;

	for (i = 0; i < BORROWED; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
	}
}

TEST_F(rule_receiving, a_client_holds_max_borrowed_responses_and_no_more)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	answer_and_hold(_metadata, &self->side, server);
	ASSERT_EQ(0, at(server, answer, 0, 99));
	EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_SAYS("max_borrowed_responses_per_pending_response");

	/* A released response makes room, and the next one is still there. */
	EXPECT_EQ(0, drop_response(&self->side, 3, 0));
	EXPECT_EQ(99, hear(&self->side, 0, LONG));
}

TEST_F(rule_receiving, each_pending_response_has_its_own_borrowed_ones)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, 2, 1);
	answer_and_hold(_metadata, &self->side, server);
	ASSERT_EQ(0, at(server, answer, 1, 7));
	EXPECT_EQ(7, hear(&self->side, 1, LONG));
}

TEST_F(rule_receiving, held_responses_stay_when_all_else_is_gone)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 77));
	ASSERT_EQ(77, hold(&self->side, 0, 0));
	EXPECT_EQ(100, at(server, answer_many, 0, 100));
	EXPECT_EQ(77, answer_value(self->side.response[0]));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, close_client(&self->side, 0, 0));
	end_stop(server);
	EXPECT_EQ(77, answer_value(self->side.response[0]));
	EXPECT_EQ(0, drop_response(&self->side, 0, 0));
}

TEST_F(rule_receiving, a_client_of_which_enough_is_held_is_skipped)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i;

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(i, at(server, take, i, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	ASSERT_EQ(1, ask(&self->side, 0, 99));
	ASSERT_EQ(1, at(other, ask, 0, 5000));
	EXPECT_EQ(5000, at(server, take, ACTIVE, LONG));

	/* Only if nobody else has anything. */
	EXPECT_EQ(-ENOBUFS, at(server, take, ACTIVE + 1, SLUICE_FOREVER));
	EXPECT_EQ(0, at(server, done, 5, 0));
	EXPECT_EQ(99, at(server, take, 5, LONG));
}

TEST_F(rule_receiving, holding_enough_of_an_idle_client_is_no_error)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, ACTIVE, 0);
	EXPECT_EQ(-EAGAIN, at(server, take, ACTIVE, SLUICE_NOWAIT));
}

/* ---- Order --------------------------------------------------------------- */

TEST_F(rule_receiving, requests_come_in_the_order_of_their_client)
{
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(&self->side, i, 1000 - i));
	}
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(1000 - i, at(&self->end[0], take, i, LONG));
	}
}

TEST_F(rule_receiving, responses_come_in_the_order_of_their_server)
{
	struct end *server = &self->end[0];
	long i, round;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(BUFFER, at(server, answer_many, 100 * round, BUFFER));
		for (i = 0; i < BUFFER; i++) {
			EXPECT_EQ(100 * round + i, hear(&self->side, 0, LONG));
		}
	}
}

TEST_F(rule_receiving, requests_may_be_answered_in_any_order)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, ACTIVE, 0);
	for (i = ACTIVE - 1; i >= 0; i--) {
		ASSERT_EQ(0, at(server, answer_and_done, i, 100 + i));
	}
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(100 + i, hear(&self->side, i, LONG));
		EXPECT_EQ(-EPIPE, hear(&self->side, i, LONG));
	}
}

TEST_F(rule_receiving, streams_of_several_servers_are_served_in_turn)
{
	long i, last = -1, value, next[2] = { 0, 1000 };

	start_servers(_metadata, self->end, 2, variant->place, &self->side, &calls);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, at(&self->end[i], take, 0, LONG));
		ASSERT_EQ(BUFFER, at(&self->end[i], answer_many, 1000 * i, BUFFER));
	}
	for (i = 0; i < 2 * BUFFER; i++) {
		value = hear(&self->side, 0, LONG);
		ASSERT_LE(0, value) TH_LOG("%s", sluice_strerror());
		EXPECT_NE(last, value / 1000);
		last = value / 1000;
		EXPECT_EQ(next[last], value);
		next[last] = value + 1;
	}
}

TEST_F(rule_receiving, clients_are_served_in_turn)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i, value, last = -1, next[2] = { 0, 1000 };

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(&self->side, i, i));
		ASSERT_EQ(1, at(other, ask, i, 1000 + i));
	}
	for (i = 0; i < 2 * ACTIVE; i++) {
		value = at(server, take, 0, LONG);
		ASSERT_LE(0, value) TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_NE(last, value / 1000);
		last = value / 1000;
		EXPECT_EQ(next[last], value);
		next[last] = value + 1;
	}
}

/* keep_asking(requests): as fast as it can, and never without one in the queue. */
static long keep_asking(struct side *side, long requests, long unused)
{
	long i, result;

	(void)unused;
	for (i = 0; i < requests; i++) {
		result = ask(side, i % 2, i);
		if (result < 0)
			return result;
		if (i && cancel(side, (i - 1) % 2, 0) < 0)
			return -errno;
	}
	return cancel(side, (i - 1) % 2, 0);
}

TEST_F(rule_receiving, a_busy_client_does_not_starve_another)
{
	struct end *server = &self->end[0], *busy = &self->end[1];
	long value = 0, i;

	SET_UP_PAIR(NULL);
	start_client(_metadata, busy, variant->place, &calls, 1);
	ASSERT_EQ(0, at(busy, keep_asking, 100, 0));
	begin(busy, keep_asking, 20000, 0);
	ASSERT_EQ(1, ask(&self->side, 0, 1000000));
	for (i = 0; i < 1000 && value != 1000000; i++) {
		value = at(server, take, 0, LONG);
		ASSERT_LE(0, value) TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(server, done, 0, 0));
	}
	EXPECT_EQ(1000000, value);
	EXPECT_EQ(0, finish(busy));
}

/* ---- Waiting ------------------------------------------------------------- */

TEST_F(rule_receiving, without_waiting_there_is_eagain)
{
	SET_UP_PAIR(NULL);
	EXPECT_EQ(-EAGAIN, at(&self->end[0], take, 0, SLUICE_NOWAIT));
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_receiving, waiting_ends_with_etimedout)
{
	int64_t begun = now();

	SET_UP_PAIR(NULL);
	EXPECT_EQ(-ETIMEDOUT, at(&self->end[0], take, 0, 10 * MILLISECOND));
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, 10 * MILLISECOND));
	EXPECT_LE(20 * MILLISECOND, now() - begun);
}

TEST_F(rule_receiving, a_sleeping_server_is_woken_by_a_request)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	begin(server, take, 0, SLUICE_FOREVER);
	until_asleep(server);
	ASSERT_EQ(1, ask(&self->side, 0, 5));
	EXPECT_EQ(5, finish(server));
}

TEST_F(rule_receiving, a_sleeping_client_is_woken_by_a_response)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, variant->place, &calls);
	ASK_FROM_AND_TAKE(client, server, 0, 5);
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	ASSERT_EQ(0, at(server, answer, 0, 6));
	EXPECT_EQ(6, finish(client));
}

TEST_F(rule_receiving, a_request_that_came_too_late_is_not_received)
{
	struct end *server = &self->end[0];
	int64_t deadline, timeout = 5 * MILLISECOND;

	SET_UP_PAIR(NULL);
	do {
		timeout *= 2;
		deadline = sluice_deadline(timeout);
	} while (ask_until(&self->side, 0, deadline) != 1 && timeout < LONG);
	EXPECT_TRUE(EVENTUALLY(now() > deadline));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
