// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of receiving several responses with one call, whatever requests of a client they
 * answer.  rule_batch_ends_test has the rules of ends, rule_batch_requests_test those of
 * requests.
 */
#include "steps.h"
#include "held.h"
#include "batches.h"

ENDS_FIXTURE(rule_batch);

TEST_F(rule_batch, a_batch_has_all_responses_that_are_there)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, 5, 0);
	ASSERT_EQ(0, at(server, answer, 4, 104));
	ASSERT_EQ(0, at(server, answer, 1, 101));
	ASSERT_EQ(0, at(server, answer, 2, 102));
	ASSERT_EQ(3, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 1, 101);
	EXPECT_ARRIVAL(1, 2, 102);
	EXPECT_ARRIVAL(2, 4, 104);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, arrive(side, SLOTS, 10 * MILLISECOND));
	ASSERT_EQ(0, at(server, answer, 0, 100));
	ASSERT_EQ(0, at(server, answer, 3, 103));
	ASSERT_EQ(2, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, 100);
	EXPECT_ARRIVAL(1, 3, 103);
}

TEST_F(rule_batch, a_batch_is_no_larger_than_asked_for)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	EXPECT_EQ(0, arrive(side, 0, SLUICE_FOREVER));
	ASK_AND_TAKE_MANY(side, server, 5, 0);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, at(server, answer, i, 100 + i));
	}
	EXPECT_EQ(0, arrive(side, 0, SLUICE_FOREVER));
	ASSERT_EQ(2, arrive(side, 2, LONG));
	EXPECT_ARRIVAL(0, 0, 100);
	EXPECT_ARRIVAL(1, 1, 101);
	ASSERT_EQ(2, arrive(side, 2, LONG));
	EXPECT_ARRIVAL(0, 2, 102);
	EXPECT_ARRIVAL(1, 3, 103);
	arrived[1] = (struct sluice_arrival){ .error = 77 };
	ASSERT_EQ(1, arrive(side, 2, LONG));
	EXPECT_ARRIVAL(0, 4, 104);
	EXPECT_EQ(77, arrived[1].error) TH_LOG("a place that was not needed");
}

TEST_F(rule_batch, single_calls_and_batches_take_turns)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, 3, 0);
	ASSERT_EQ(4, at(server, answer_many, 100, 4));
	for (i = 1; i < 3; i++) {
		ASSERT_EQ(0, at(server, answer, i, 200 + i));
	}
	EXPECT_EQ(100, hear(side, 0, LONG));
	EXPECT_EQ(202, hear(side, 2, LONG));
	ASSERT_EQ(2, arrive(side, 2, LONG));
	EXPECT_ARRIVAL(0, 0, 101);
	EXPECT_ARRIVAL(1, 0, 102);
	EXPECT_EQ(103, hear(side, 0, LONG));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 1, 201);
	EXPECT_EQ(-EAGAIN, hear(side, 1, SLUICE_NOWAIT));
}

TEST_F(rule_batch, a_long_stream_does_not_hold_up_other_requests)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, 2, 0);
	ASSERT_EQ(BUFFER, at(server, answer_many, 100, BUFFER));
	ASSERT_EQ(0, at(server, answer, 1, 77));
	ASSERT_EQ(3, arrive(side, 3, LONG));
	for (i = 0; i < 3; i++) {
		EXPECT_ARRIVAL(i, 0, 100 + i);
	}
	ASSERT_EQ(3, arrive(side, 3, LONG));
	EXPECT_ARRIVAL(0, 1, 77);
	EXPECT_ARRIVAL(1, 0, 103);
	EXPECT_ARRIVAL(2, 0, 104);
}

TEST_F(rule_batch, what_a_batch_leaves_is_in_the_next)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, ACTIVE, 0);
	/* Round after round, the answers are far from each other. */
	for (i = 0; i < ACTIVE / 2; i++) {
		ASSERT_EQ(0, at(server, answer, i, 100 + i));
		ASSERT_EQ(0, at(server, answer, ACTIVE - 1 - i, 200 + i));
		ASSERT_EQ(1, arrive(side, 1, SLUICE_NOWAIT));
		if (arrived[0].pending == side->pending[i]) {
			EXPECT_ARRIVAL(0, i, 100 + i);
			ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_NOWAIT));
			EXPECT_ARRIVAL(0, ACTIVE - 1 - i, 200 + i);
		} else {
			EXPECT_ARRIVAL(0, ACTIVE - 1 - i, 200 + i);
			ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_NOWAIT));
			EXPECT_ARRIVAL(0, i, 100 + i);
		}
		EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	}
}

TEST_F(rule_batch, responses_of_several_servers_are_in_one_batch)
{
	struct end *ends = self->end;
	struct side *side = &self->side;
	long sum = 0, i;

	start_servers(_metadata, ends, 2, variant->place, side, &calls);
	ASSERT_EQ(2, ask(side, 0, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, at(&ends[i], take, 0, LONG));
		ASSERT_EQ(0, at(&ends[i], answer_and_done, 0, 10 + 10 * i));
	}
	ASSERT_EQ(2, arrive(side, SLOTS, LONG));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(side->pending[0], arrived[i].pending);
		sum += arrival_says(i);
	}
	EXPECT_EQ(30, sum);
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, -EPIPE);
}

/* ---- Limits ---------------------------------------------------------------- */

TEST_F(rule_batch, a_batch_that_meets_the_limit_has_what_may_be_held)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&two);
	ASK_AND_TAKE_MANY(side, server, 2, 0);
	ASSERT_EQ(3, at(server, answer_many, 100, 3));
	ASSERT_EQ(2, arrive(side, SLOTS, LONG));
	side->response[0] = arrived[0].response;
	side->response[1] = arrived[1].response;
	EXPECT_EQ(100, answer_value(side->response[0]));
	EXPECT_EQ(101, answer_value(side->response[1]));
	EXPECT_EQ(-ENOBUFS, arrive(side, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(-ENOBUFS, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_SAYS("max_borrowed_responses_per_pending_response");

	/* Another request has room. */
	ASSERT_EQ(0, at(server, answer, 1, 200));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 1, 200);
	EXPECT_EQ(-ENOBUFS, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_EQ(0, drop_response(side, 0, 0));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, 102);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
}

TEST_F(rule_batch, an_end_behind_the_limit_is_told)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&two);
	ASK_AND_TAKE(side, server, 0, 0);
	ASSERT_EQ(2, at(server, answer_many, 100, 2));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(2, arrive(side, SLOTS, LONG));
	side->response[0] = arrived[0].response;
	side->response[1] = arrived[1].response;
	ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, -EPIPE);
}

TEST_F(rule_batch, responses_of_a_batch_outlive_their_pending_responses)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, 3, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, at(server, answer_and_done, i, 100 + i));
	}
	ASSERT_EQ(3, arrive(side, SLOTS, LONG));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, cancel(side, i, 0));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(100 + i, said(arrived[i].response));
	}
}

/* ---- Waiting --------------------------------------------------------------- */

TEST_F(rule_batch, a_sleeping_batch_is_woken_by_any_response)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, variant->place, &calls);
	ASSERT_EQ(4, at(client, ask_many, 4, 0));
	ASSERT_EQ(4, at(server, take_batch, SLOTS, LONG));
	begin(client, arrive_one, SLUICE_FOREVER, 0);
	until_asleep(client);
	ASSERT_EQ(0, at(server, answer, 2, 102));
	EXPECT_EQ(102, finish(client));
	begin(client, arrive_one, SLUICE_FOREVER, 0);
	until_asleep(client);
	ASSERT_EQ(0, at(server, done, 3, 0));
	EXPECT_EQ(-EPIPE, finish(client));
	begin(client, arrive_one, SLUICE_FOREVER, 0);
	until_asleep(client);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client));
}

TEST_F(rule_batch, an_interruption_ends_the_wait_of_a_batch)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, answer, 0, 100));
	EXPECT_EQ(100, arrive_one(side, SLUICE_FOREVER, 0));
}

TEST_F(rule_batch, a_node_tells_of_responses_that_a_batch_has_left)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	EXPECT_EQ(CAME(1), find_out(side, LONG, 0));
	ASK_AND_TAKE_MANY(side, server, 2, 0);
	ASSERT_EQ(0, at(server, answer, 0, 100));
	ASSERT_EQ(0, at(server, answer, 1, 101));
	EXPECT_EQ(100, arrive_one(side, LONG, 0));
	EXPECT_EQ(0, sluice_node_wait(side->node, LONG));
	EXPECT_EQ(101, arrive_one(side, LONG, 0));
	EXPECT_EQ(-EAGAIN, sluice_node_wait(side->node, SLUICE_NOWAIT));
}

TEST_F(rule_batch, many_rounds_of_batches_lose_nothing)
{
	const long rounds = in_full() ? 300 : 60, flight = ACTIVE;
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i, sum = 0, got = 0, sent = 0, count;

	SET_UP_PAIR(NULL);
	begin(server, serve_batches, rounds * flight, 5);
	while (got < rounds * flight) {
		for (i = 0; i < flight && sent < rounds * flight; i++) {
			if (side->pending[i])
				continue;
			ASSERT_EQ(1, ask(side, i, sent));
			sent++;
		}
		count = arrive(side, 7, LONG);
		ASSERT_LT(0, count) TH_LOG("%s", sluice_strerror());
		for (i = 0; i < count; i++) {
			const struct question *asked = arrived[i].pending->data;
			long value = (long)asked->value, slot;

			ASSERT_EQ(value + 1, arrival_says(i));
			sum += value;
			for (slot = 0; side->pending[slot] != arrived[i].pending; slot++)
				;
			ASSERT_EQ(0, cancel(side, slot, 0));
		}
		got += count;
	}
	EXPECT_EQ(got * (got - 1) / 2, sum);
	EXPECT_EQ(rounds * flight, finish(server));
}

TEST_F(rule_batch, wrong_arguments_are_refused)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	EXPECT_FAILS_INT(EINVAL, sluice_client_receive_batch(NULL, arrived, 1, SLUICE_NOWAIT));
	EXPECT_FAILS_INT(EINVAL, sluice_client_receive_batch(side->client, NULL, 1,
							     SLUICE_NOWAIT));
	EXPECT_EQ(0, sluice_client_receive_batch(side->client, NULL, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
