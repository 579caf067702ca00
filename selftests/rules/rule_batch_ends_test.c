// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of ends that are received with one call: which are told, how often, and when there is
 * nothing to wait for.
 */
#include "steps.h"
#include "rules.h"
#include "events.h"
#include "batches.h"

ENDS_FIXTURE(rule_batch_ends);
PROCESSES_FIXTURE(rule_batch_death);

TEST_F(rule_batch_ends, an_end_is_told_once_and_after_the_responses)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(side, server, 2, 0);
	ASSERT_EQ(0, at(server, answer_and_done, 0, 100));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, 100);
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, -EPIPE);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 1, 0));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 1, -EPIPE);
}

TEST_F(rule_batch_ends, an_end_that_a_single_call_has_told_is_not_told_again)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_FOREVER));
}

TEST_F(rule_batch_ends, when_nothing_can_arrive_there_is_no_wait)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_NOWAIT));
	EXPECT_SAYS("pending");
	ASK_AND_TAKE(side, server, 0, 1);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_FOREVER));
}

TEST_F(rule_batch_ends, a_request_that_reached_nobody_has_an_end)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(side, 0, 1));
	ASSERT_EQ(0, ask(side, 1, 2));
	ASSERT_EQ(2, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, -ENOTCONN);
	EXPECT_ARRIVAL(1, 1, -ENOTCONN);
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_FOREVER));
}

static long end_with_status(struct side *side, long slot, long code)
{
	int r = sluice_active_request_end(side->active[slot], (int)code, "no such thing");

	side->active[slot] = NULL;
	return r;
}

TEST_F(rule_batch_ends, a_status_is_an_end)
{
	struct sluice_status status = SLUICE_STATUS();
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 100));
	ASSERT_EQ(0, at(server, end_with_status, 0, ENOENT));
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, 100);
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, -EREMOTEIO);
	EXPECT_EQ(1, sluice_pending_response_status(side->pending[0], &status));
	EXPECT_EQ(ENOENT, status.code);
	EXPECT_STREQ("no such thing", status.text);
}

TEST_F(rule_batch_ends, servers_that_leave_end_all_requests)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(3, ask_many(side, 3, 0));
	ASSERT_EQ(0, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 100));
	end_stop(server);
	ASSERT_LE(1, arrive(side, 1, LONG));
	EXPECT_ARRIVAL(0, 0, 100);
	ASSERT_EQ(2, arrive(side, 2, LONG));
	EXPECT_ARRIVAL(0, 1, -EPIPE);
	EXPECT_ARRIVAL(1, 2, -EPIPE);
	ASSERT_EQ(1, arrive(side, SLOTS, LONG));
	EXPECT_ARRIVAL(0, 0, -EPIPE);
	EXPECT_EQ(-ENOENT, arrive(side, SLOTS, SLUICE_FOREVER));
}

TEST_F(rule_batch_ends, a_deadline_is_told_once_and_a_late_response_still_arrives)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	/* The server must have it before the deadline. */
	ASSERT_EQ(1, ask_until(side, 0, sluice_deadline(SECOND)));
	ASSERT_EQ(1, ask(side, 1, 5));
	ASSERT_EQ(2, at(server, take_batch, SLOTS, LONG));
	ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, -ETIMEDOUT);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-ETIMEDOUT, arrive(side, SLOTS, MILLISECOND));
	ASSERT_EQ(0, at(server, answer_and_done, 0, 100));
	ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, 100);
	ASSERT_EQ(1, arrive(side, SLOTS, SLUICE_FOREVER));
	EXPECT_ARRIVAL(0, 0, -EPIPE);
	EXPECT_EQ(-EAGAIN, arrive(side, SLOTS, SLUICE_NOWAIT));
}

TEST_F(rule_batch_death, a_server_that_dies_ends_all_requests)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	start_pair(_metadata, server, IN_PROCESS, side, &calls);
	ASSERT_EQ(3, ask_many(side, 3, 0));
	ASSERT_EQ(0, at(server, take, 0, LONG));
	ASSERT_EQ(1, at(server, take, 1, LONG));
	ASSERT_EQ(0, at(server, answer, 1, 101));
	end_kill_and_reap(server);
	ASSERT_EQ(1, arrive(side, 1, LONG));
	/* What it has sent arrives, and then the ends. */
	while (arrived[0].pending != side->pending[1]) {
		EXPECT_EQ(-ECONNRESET, arrival_says(0));
		ASSERT_EQ(1, arrive(side, 1, LONG));
	}
	EXPECT_EQ(101, arrival_says(0));
	while (arrive(side, 1, LONG) == 1) {
		EXPECT_EQ(-ECONNRESET, arrival_says(0));
	}
	EXPECT_EQ(ENOENT, errno);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
