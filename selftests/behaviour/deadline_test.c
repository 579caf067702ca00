// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines of requests.  The server sees them; the client is told ETIMEDOUT, at the
 * deadline and not before, asleep or not, after whatever has been answered in time,
 * and before what comes late.  A request whose deadline has passed is not sent.  What
 * passes on its way is tested in expired_test.c.
 */
#include "steps.h"
#include "deadlines.h"

ENDS_FIXTURE(deadline);

/* ---- The clock, and what can be set -------------------------------------- */

TEST_F(deadline, from_a_timeout)
{
	int64_t before, deadline;

	EXPECT_EQ(INT64_MAX, sluice_deadline(SLUICE_FOREVER));
	EXPECT_EQ(INT64_MAX, sluice_deadline(INT64_MIN));
	EXPECT_EQ(INT64_MAX, sluice_deadline(INT64_MAX));
	before = now();
	deadline = sluice_deadline(0);
	EXPECT_LE(before, deadline);
	EXPECT_LE(deadline, now());
	before = now();
	deadline = sluice_deadline(LONG);
	EXPECT_LE(before + LONG, deadline);
	EXPECT_LE(deadline, now() + LONG);
}

TEST_F(deadline, refused)
{
	struct side *side = &self->side;
	struct sluice_request *sent;

	SET_UP_PAIR(NULL);
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(NULL, 1));
	ASSERT_EQ(0, loan_question(side, 0, 5));
	EXPECT_EQ(0, set_deadline(side, 0, INT64_MAX - 1));
	EXPECT_FAILS_INT(EINVAL, set_deadline(side, 0, -1));
	EXPECT_SAYS("-1");
	EXPECT_FAILS_INT(EINVAL, set_deadline(side, 0, INT64_MIN));
	sent = side->request[0];
	ASSERT_EQ(1, send_question(side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(sent, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(sent, LONG));

	/* A refused deadline has changed nothing. */
	EXPECT_EQ(5, at(&self->end[0], take_by, 0, INT64_MAX - 1));

	ASSERT_EQ(0, loan_question(side, 1, 0));
	sent = side->request[1];
	side->request[1] = NULL;
	ASSERT_EQ(0, sluice_request_release(sent));
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(sent, LONG));
}

TEST_F(deadline, can_be_changed_until_it_is_sent)
{
	int64_t deadline = sluice_deadline(LONG);

	SET_UP_PAIR(NULL);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_EQ(0, set_deadline(&self->side, 0, 1));
	EXPECT_EQ(0, set_deadline(&self->side, 0, deadline));
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	EXPECT_EQ(1, at(&self->end[0], take_by, 0, deadline));
	ASSERT_EQ(0, loan_question(&self->side, 1, 2));
	EXPECT_EQ(0, set_deadline(&self->side, 1, 1));
	EXPECT_EQ(0, set_deadline(&self->side, 1, 0));
	ASSERT_EQ(1, send_question(&self->side, 1, 0));
	EXPECT_EQ(2, at(&self->end[0], take_by, 1, 0));
}

/* Nothing that is sent too late is sent at all, and nothing is lost either. */
TEST_F(deadline, has_passed_before_the_sending)
{
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(0, loan_question(side, 0, 33));
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, set_deadline(side, 0, i % 2 ? 1 : now()));
		ASSERT_EQ(-ETIMEDOUT, send_question(side, 0, 0));
		EXPECT_NE(0, sluice_strerror()[0]);
	}
	EXPECT_EQ(0, set_deadline(side, 0, 0));
	ASSERT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(33, at(&self->end[0], take_by, 0, 0));
	EXPECT_EQ(0, at(&self->end[0], expired, 0, 0));

	ASSERT_EQ(0, loan_question(side, 1, 34));
	ASSERT_EQ(0, set_deadline(side, 1, 1));
	ASSERT_EQ(-ETIMEDOUT, send_question(side, 1, 0));
	EXPECT_EQ(0, drop_question(side, 1, 0));
}

/* ---- What the server sees ------------------------------------------------ */

TEST_F(deadline, is_seen_by_the_server)
{
	const int64_t deadlines[] = {
		0, INT64_MAX, INT64_MAX - 1, sluice_deadline(LONG),
		sluice_deadline(3600 * SECOND),
	};
	struct end *server = &self->end[0];
	size_t i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		ASSERT_EQ(1, ask_by(&self->side, (long)i, deadlines[i]));
		EXPECT_EQ((long)i, at(server, take_by, (long)i, deadlines[i]));
		EXPECT_EQ(0, at(server, answer, (long)i, 9));
		EXPECT_EQ(9, hear(&self->side, (long)i, LONG));
		EXPECT_EQ(0, at(server, done, (long)i, 0));
		EXPECT_EQ(-EPIPE, hear(&self->side, (long)i, LONG));
		ASSERT_EQ(0, cancel(&self->side, (long)i, 0));
	}
	EXPECT_EQ(0, at(server, expired, 0, 0));

	/* Every handle is used again, and none remembers. */
	for (i = 0; i < 40; i++) {
		warm_up(_metadata, &self->side, server);
	}
}

/* ---- What the client is told --------------------------------------------- */

static const int64_t times[] = {
	MILLISECOND, 10 * MILLISECOND, 60 * MILLISECOND,
};

TEST_F(deadline, ends_the_wait_and_not_too_early)
{
	const int64_t timeouts[] = { SLUICE_FOREVER, LONG };
	size_t i, k;
	long end;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		for (k = 0; k < ARRAY_SIZE(timeouts); k++) {
			end = ask_soon(&self->side, 0, times[i]);
			ASSERT_LT(0, end);
			EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, timeouts[k]));
			EXPECT_LE(end, now());
			EXPECT_SAYS("deadline");
			EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_NOWAIT));
			EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
			ASSERT_EQ(0, cancel(&self->side, 0, 0));
		}
	}
}

/* The earlier of the two counts: here the timeout of the call. */
TEST_F(deadline, lies_behind_the_timeout)
{
	int64_t begun;
	size_t i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask_by(&self->side, 0, INT64_MAX));
	ASSERT_EQ(1, ask_by(&self->side, 1, sluice_deadline(3600 * SECOND)));
	for (i = 0; i < 2 * ARRAY_SIZE(times); i++) {
		EXPECT_EQ(-EAGAIN, hear(&self->side, i % 2, SLUICE_NOWAIT));
		begun = now();
		EXPECT_EQ(-ETIMEDOUT, hear(&self->side, i % 2, times[i / 2]));
		EXPECT_LE(times[i / 2], now() - begun);
		EXPECT_SAYS("timeout");
	}
	ASSERT_EQ(0, at(&self->end[0], take_by, 0, INT64_MAX));
	ASSERT_EQ(0, at(&self->end[0], answer, 0, 4));
	EXPECT_EQ(4, hear(&self->side, 0, SLUICE_FOREVER));
}

/* Another exchange's deadline is nobody's business. */
TEST_F(deadline, is_that_of_one_exchange)
{
	long end;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 1, 6));
	end = ask_soon(&self->side, 0, SOON);
	ASSERT_LT(0, end);
	sleep_until(end);
	EXPECT_EQ(-EAGAIN, hear(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(6, at(&self->end[0], take, 0, LONG));
	ASSERT_EQ(0, at(&self->end[0], answer, 0, 7));
	EXPECT_EQ(7, hear(&self->side, 1, LONG));
}

TEST_F(deadline, ends_a_sleep)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long end, i;

	start_two(_metadata, server, client, variant->place, &calls);
	for (i = 0; i < 10; i++) {
		end = at(client, ask_soon, 0, 10 * MILLISECOND);
		ASSERT_LT(0, end);
		begin(client, hear, 0, SLUICE_FOREVER);
		until_asleep(client);
		EXPECT_EQ(-ETIMEDOUT, finish(client));
		EXPECT_LE(end, now());
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
	EXPECT_EQ(10, at(server, expire, 10, 0));
}

/* Enough for the first try, on a machine that is not busy. */
#define IN_TIME	(50 * MILLISECOND)

/*
 * ask_in_time(): asks a number of two servers; one takes it before it is too late, the
 * other one does not come round.  How often that had to be tried, or 0.
 */
static long ask_in_time(struct side *side, struct end *quick)
{
	int64_t time, end;
	long tries = 1, result;

	for (time = IN_TIME; time < LONG; time *= 2, tries++) {
		end = ask_soon(side, 0, time);
		if (end < 0)
			return 0;
		result = at(quick, take, 0, time);
		sleep_until(end);
		if (!result)
			return tries;
		if (result != -ETIMEDOUT || cancel(side, 0, 0))
			return 0;
	}
	return 0;
}

/* The client receives what was answered in time before it is told of the deadline. */
TEST_F(deadline, comes_behind_what_was_in_time)
{
	struct end *quick = &self->end[0], *slow = &self->end[1];
	long tries;

	start_two_servers(_metadata, quick, slow, variant->place, &self->side, &calls, NULL);
	tries = ask_in_time(&self->side, quick);
	ASSERT_LT(0, tries);
	ASSERT_EQ(2, sluice_pending_response_servers(self->side.pending[0]));
	ASSERT_EQ(0, at(quick, answer, 0, 100));
	ASSERT_EQ(tries, at(slow, expire, tries, 0));
	EXPECT_EQ(100, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));

	/* The quick one still has it, and may go on. */
	EXPECT_EQ(1, at(quick, is_connected, 0, 0));
	ASSERT_EQ(0, at(quick, answer, 0, 101));
	ASSERT_EQ(0, at(quick, answer, 0, 102));
	EXPECT_EQ(101, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(102, hear(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
	ASSERT_EQ(0, at(quick, done, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
}

/* With a server that finishes in time, and no other, the deadline never counts. */
TEST_F(deadline, does_not_matter_after_the_end)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_LT(0, ask_in_time(&self->side, server));
	ASSERT_EQ(0, at(server, answer_and_done, 0, 100));
	EXPECT_EQ(100, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
}

/* It reached nobody: that it also came too late is not worth a word. */
TEST_F(deadline, without_a_server)
{
	long end;

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	end = ask_soon(&self->side, 0, SOON);
	ASSERT_LT(0, end);
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
	sleep_until(end);
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
