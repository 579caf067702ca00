// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_pending_response_outcome() tells a stream that ended well from one that broke.
 */
#include "steps.h"

PROCESSES_FIXTURE(outcome);

#define ENDS(expected, side, slot)						\
	do {									\
		while (hear(side, slot, LONG) >= 0)				\
			continue;						\
		EXPECT_EQ(expected,						\
			  sluice_pending_response_outcome((side)->pending[slot]));	\
	} while (0)

TEST_F(outcome, of_streams_that_end_well)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	start_pair(_metadata, server, IN_PROCESS, side, &calls);
	ASSERT_EQ(1, ask(side, 0, 1));
	EXPECT_EQ(SLUICE_OUTCOME_OPEN, sluice_pending_response_outcome(side->pending[0]));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, MILLISECOND));
	EXPECT_EQ(SLUICE_OUTCOME_OPEN, sluice_pending_response_outcome(side->pending[0]));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, at(server, answer_and_done, 0, 3));
	EXPECT_EQ(2, hear(side, 0, LONG));
	/* It has ended, which was not told yet. */
	EXPECT_EQ(SLUICE_OUTCOME_OPEN, sluice_pending_response_outcome(side->pending[0]));
	ENDS(SLUICE_OUTCOME_COMPLETE, side, 0);
	ASSERT_EQ(0, cancel(side, 0, 0));
	/* None at all is as well as some. */
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ENDS(SLUICE_OUTCOME_COMPLETE, side, 0);
}

/* end_with(slot, code) */
static long end_with(struct side *side, long slot, long code)
{
	struct sluice_active_request *active = side->active[slot];

	side->active[slot] = NULL;
	return sluice_active_request_end(active, (int)code, "no");
}

TEST_F(outcome, of_streams_that_do_not)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	/* It reached nobody. */
	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(side, 0, 1));
	ENDS(SLUICE_OUTCOME_FAILED, side, 0);
	ASSERT_EQ(0, cancel(side, 0, 0));
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	/* A status. */
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, end_with, 0, 7));
	ENDS(SLUICE_OUTCOME_STATUS, side, 0);
	ASSERT_EQ(0, cancel(side, 0, 0));
	/* Of 12 responses the oldest 4 were pushed out. */
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	for (i = 0; i < 12; i++)
		ASSERT_EQ(0, at(server, answer, 0, i));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(4, hear(side, 0, LONG));
	ENDS(SLUICE_OUTCOME_INCOMPLETE, side, 0);
	ASSERT_EQ(0, cancel(side, 0, 0));
	/* The server destroys its port in good order, while it has the request. */
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(2, hear(side, 0, LONG));
	ENDS(SLUICE_OUTCOME_COMPLETE, side, 0);
	ASSERT_EQ(0, cancel(side, 0, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	/* It dies. */
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	end_kill_and_reap(server);
	ENDS(SLUICE_OUTCOME_FAILED, side, 0);
	start_service(_metadata, &self->end[1], IN_PROCESS, &calls, NULL);
}

TEST_HARNESS_MAIN
