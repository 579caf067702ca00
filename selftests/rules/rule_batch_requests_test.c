// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of receiving several requests with one call; rule_batch_test has those of responses.
 * Single calls and batches can be mixed, and each tells of what is there now.
 */
#include "steps.h"
#include "held.h"
#include "batches.h"

ENDS_FIXTURE(rule_batch_requests);

/* The slots from 0 on have the numbers from first on. */
#define EXPECT_TAKEN(server, count, first)					\
	do {									\
		long t_;							\
										\
		for (t_ = 0; t_ < (count); t_++) {				\
			EXPECT_EQ((first) + t_, at(server, taken, t_, 0));	\
		}								\
	} while (0)

TEST_F(rule_batch_requests, a_batch_has_all_requests_that_are_there)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(5, ask_many(&self->side, 5, 10));
	EXPECT_EQ(5, at(server, take_batch, SLOTS, LONG));
	EXPECT_TAKEN(server, 5, 10);
	EXPECT_EQ(-EAGAIN, at(server, take_batch, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, at(server, take_batch, SLOTS, 10 * MILLISECOND));
	EXPECT_TAKEN(server, 5, 10);
}

TEST_F(rule_batch_requests, a_batch_is_no_larger_than_asked_for)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	EXPECT_EQ(0, at(server, take_batch, 0, SLUICE_FOREVER));
	ASSERT_EQ(5, ask_many(&self->side, 5, 10));
	EXPECT_EQ(0, at(server, take_batch, 0, SLUICE_FOREVER));
	EXPECT_EQ(1, at(server, take_batch, 1, LONG));
	EXPECT_EQ(3, at(server, take_batch, 3, LONG));
	EXPECT_EQ(1, at(server, take_batch, 3, SLUICE_NOWAIT));
	EXPECT_TAKEN(server, 5, 10);
}

TEST_F(rule_batch_requests, single_calls_and_batches_take_turns)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(7, ask_many(&self->side, 7, 10));
	EXPECT_EQ(10, at(server, take, 0, LONG));
	EXPECT_EQ(3, at(server, take_batch, 3, LONG));
	EXPECT_EQ(14, at(server, take, 4, LONG));
	EXPECT_EQ(2, at(server, take_batch, 3, LONG));
	EXPECT_TAKEN(server, 7, 10);
	EXPECT_EQ(-EAGAIN, at(server, take, 7, SLUICE_NOWAIT));
}

TEST_F(rule_batch_requests, requests_of_a_batch_may_be_answered_in_any_order)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(ACTIVE, ask_many(&self->side, ACTIVE, 0));
	ASSERT_EQ(ACTIVE, at(server, take_batch, ACTIVE, LONG));
	for (i = ACTIVE - 1; i >= 0; i--) {
		ASSERT_EQ(0, at(server, answer_and_done, i, 100 + i));
	}
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(100 + i, hear(&self->side, i, LONG));
		EXPECT_EQ(-EPIPE, hear(&self->side, i, LONG));
	}
}

TEST_F(rule_batch_requests, clients_have_their_turn_in_a_batch)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i, value, last = -1, next[2] = { 0, 1000 };

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASSERT_EQ(ACTIVE, ask_many(&self->side, ACTIVE, 0));
	ASSERT_EQ(ACTIVE, at(other, ask_many, ACTIVE, 1000));
	for (i = 0; i < 2 * ACTIVE; i++) {
		if (i % ACTIVE == 0) {
			ASSERT_EQ(ACTIVE, at(server, take_batch, ACTIVE, LONG));
		}
		value = at(server, taken, i, 0);
		ASSERT_LE(0, value);
		EXPECT_NE(last, value / 1000);
		last = value / 1000;
		EXPECT_EQ(next[last], value);
		next[last] = value + 1;
	}
}

TEST_F(rule_batch_requests, a_client_with_a_full_queue_does_not_hold_up_another)
{
	struct end *server = &self->end[0], *other = &self->end[1];

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASSERT_EQ(ACTIVE, ask_many(&self->side, ACTIVE, 0));
	ASSERT_EQ(1, at(other, ask, 0, 1000));
	ASSERT_EQ(2, at(server, take_batch, 2, LONG));
	EXPECT_EQ(1000, at(server, taken, 0, 0) + at(server, taken, 1, 0));
}

/* ---- Limits ---------------------------------------------------------------- */

TEST_F(rule_batch_requests, a_batch_that_meets_the_limit_has_what_may_be_held)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;

	SET_UP_PAIR(&two);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASK_AND_TAKE(side, server, 9, 1);
	ASSERT_EQ(0, cancel(side, 9, 0));
	ASSERT_EQ(2, ask_many(side, 2, 2));
	ASSERT_EQ(1, at(server, take_batch, SLOTS / 2, LONG));
	EXPECT_EQ(2, at(server, taken, 0, 0));
	EXPECT_EQ(-ENOBUFS, at(server, take_batch, SLOTS / 2, SLUICE_NOWAIT));
	EXPECT_EQ(-ENOBUFS, at(server, take_batch, SLOTS / 2, SLUICE_FOREVER));
	EXPECT_NE(NULL, strstr(server->result.sentence, "max_active_requests_per_client"));

	/* Another client has room. */
	ASSERT_EQ(1, at(other, ask, 0, 1000));
	ASSERT_EQ(0, at(server, done, 9, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(2, at(server, take_batch, SLOTS / 2, LONG));
	EXPECT_EQ(1003, at(server, taken, 0, 0) + at(server, taken, 1, 0));
	EXPECT_EQ(-EAGAIN, at(server, take_batch, SLOTS / 2, SLUICE_NOWAIT));
}

TEST_F(rule_batch_requests, a_batch_holds_no_more_than_a_client_may_have_active)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(side, 0, i));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
	ASSERT_EQ(ACTIVE, at(server, take_batch, SLOTS, LONG));
	EXPECT_TAKEN(server, ACTIVE, 0);
	ASSERT_EQ(1, ask(side, 0, 99));
	EXPECT_EQ(-ENOBUFS, at(server, take_batch, SLOTS, SLUICE_NOWAIT));
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(0, at(server, done, i, 0));
	}
	EXPECT_EQ(1, at(server, take_batch, SLOTS, SLUICE_NOWAIT));
	EXPECT_TAKEN(server, 1, 99);
}

/* ---- What nobody is to see ------------------------------------------------- */

TEST_F(rule_batch_requests, late_and_withdrawn_requests_are_not_in_a_batch)
{
	static const struct sluice_service_opts forgets = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET);
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;

	SET_UP_PAIR(&forgets);
	ASSERT_EQ(1, ask(side, 0, 1));
	deadline = sluice_deadline(SECOND / 5);
	ASSERT_EQ(1, ask_until(side, 1, deadline));
	ASSERT_EQ(1, ask(side, 2, 3));
	ASSERT_EQ(1, ask(side, 3, 4));
	ASSERT_EQ(0, cancel(side, 2, 0));
	EXPECT_TRUE(EVENTUALLY(now() > deadline));
	EXPECT_EQ(2, at(server, take_batch, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(1, at(server, taken, 0, 0));
	EXPECT_EQ(4, at(server, taken, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 1, SLUICE_FOREVER));
}

TEST_F(rule_batch_requests, a_cancelled_request_is_in_a_batch)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(2, ask_many(&self->side, 2, 5));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(2, at(server, take_batch, SLOTS, LONG));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(1, at(server, is_connected, 1, 0));
}

TEST_F(rule_batch_requests, requests_of_a_client_that_has_left_are_in_a_batch)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;

	start_reversed(_metadata, client, variant->place, side, &calls);
	ASSERT_EQ(3, at(client, ask_many, 3, 5));
	end_stop(client);
	EXPECT_EQ(3, take_batch(side, SLOTS, LONG));
	EXPECT_EQ(5, taken(side, 0, 0));
	EXPECT_EQ(7, taken(side, 2, 0));
	EXPECT_TRUE(EVENTUALLY(is_connected(side, 2, 0) == 0));
	EXPECT_EQ(-EAGAIN, take_batch(side, SLOTS, SLUICE_NOWAIT));
}

/* ---- Waiting --------------------------------------------------------------- */

TEST_F(rule_batch_requests, a_sleeping_batch_is_woken_by_a_request)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	begin(server, take_batch, SLOTS, SLUICE_FOREVER);
	until_asleep(server);
	ASSERT_EQ(1, ask(&self->side, 0, 5));
	EXPECT_EQ(1, finish(server));
	EXPECT_EQ(5, at(server, taken, 0, 0));
}

TEST_F(rule_batch_requests, an_interruption_ends_the_wait_of_a_batch)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	ASSERT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, take_batch(side, SLOTS, SLUICE_FOREVER));
	EXPECT_EQ(-EAGAIN, take_batch(side, SLOTS, SLUICE_NOWAIT));

	/* With a request there is no wait to be ended. */
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(2, ask_many(side, 2, 5));
	ASSERT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(2, take_batch(side, SLOTS, SLUICE_FOREVER));
	EXPECT_EQ(-EINTR, take_batch(side, SLOTS, SLUICE_FOREVER));
}

TEST_F(rule_batch_requests, a_node_tells_of_requests_that_a_batch_has_left)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	EXPECT_EQ(CAME(1), at(server, find_out, SLUICE_NOWAIT, 0));
	ASSERT_EQ(3, ask_many(&self->side, 3, 5));
	EXPECT_EQ(REQUEST, at(server, find_out, LONG, 0));
	EXPECT_EQ(2, at(server, take_batch, 2, SLUICE_NOWAIT));
	EXPECT_EQ(REQUEST, at(server, find_out, LONG, 0));
	EXPECT_EQ(1, at(server, take_batch, 2, SLUICE_NOWAIT));
	EXPECT_TAKEN(server, 3, 5);
	EXPECT_EQ(-EAGAIN, at(server, find_out, SLUICE_NOWAIT, 0));
}

TEST_F(rule_batch_requests, wrong_arguments_are_refused)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	EXPECT_FAILS_INT(EINVAL, sluice_server_receive_batch(NULL, side->active, 1,
							     SLUICE_NOWAIT));
	EXPECT_FAILS_INT(EINVAL, sluice_server_receive_batch(side->server, NULL, 1,
							     SLUICE_NOWAIT));
	EXPECT_EQ(0, sluice_server_receive_batch(side->server, NULL, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
