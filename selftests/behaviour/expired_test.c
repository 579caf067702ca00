// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that come too late: one whose deadline has passed when the server comes
 * round is never received, but counted, and hides and delays no other one.  Everything
 * it had goes home, whether its client waits, has cancelled it, or is dead.
 */
#include "steps.h"
#include "deadlines.h"

ENDS_FIXTURE(deadline);
PROCESSES_FIXTURE(deadline_death);

/* ---- Skipped ------------------------------------------------------------- */

TEST_F(deadline, expired_is_skipped_and_counted)
{
	struct end *server = &self->end[0];
	long i, round, end;

	SET_UP_PAIR(NULL);
	for (round = 0; round < 3; round++) {
		end = all_soon(&self->side, 16, -1);
		ASSERT_LT(0, end);
		sleep_until(end);
		ASSERT_EQ(16 * round, at(server, expired, 0, 0));
		ASSERT_EQ(16 * round + 16, at(server, expire, 16 * round + 16, 0));
		EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
		EXPECT_EQ(-ETIMEDOUT, at(server, take, 0, MILLISECOND));
		for (i = 0; i < 16; i++) {
			EXPECT_EQ(-ETIMEDOUT, hear(&self->side, i, SLUICE_FOREVER));
			EXPECT_SAYS("came to a server");
			EXPECT_EQ(-ETIMEDOUT, hear(&self->side, i, SLUICE_NOWAIT));
			ASSERT_EQ(0, cancel(&self->side, i, 0));
		}
	}
	EXPECT_EQ(48, at(server, expired, 0, 0));
	warm_up(_metadata, &self->side, server);
	EXPECT_EQ(48, at(server, expired, 0, 0));
}

/* One call is enough to get behind them, even one that does not wait. */
TEST_F(deadline, expired_hides_nothing)
{
	struct end *server = &self->end[0];
	long i, good, end;

	SET_UP_PAIR(NULL);
	for (good = 0; good < 16; good += 5) {
		warm_up(_metadata, &self->side, server);
		ASSERT_EQ(good * 3, at(server, expired, 0, 0));
		end = all_soon(&self->side, 16, good);
		ASSERT_LT(0, end);
		sleep_until(end);
		EXPECT_EQ(GOOD, at(server, take, 0, SLUICE_NOWAIT));
		EXPECT_EQ(good * 3 + good, at(server, expired, 0, 0));
		EXPECT_EQ(0, at(server, answer_and_done, 0, 56));
		EXPECT_EQ(good * 3 + 15, at(server, expire, good * 3 + 15, 0));
		for (i = 0; i < 16; i++) {
			EXPECT_EQ(i == good ? 56 : -ETIMEDOUT,
				  hear(&self->side, i, SLUICE_FOREVER));
			ASSERT_EQ(0, cancel(&self->side, i, 0));
		}
	}
}

/* Late requests of one client do not delay a good one of another. */
TEST_F(deadline, expired_delays_no_other_client)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long end;

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	warm_up(_metadata, &self->side, server);
	end = all_soon(&self->side, 16, -1);
	ASSERT_LT(0, end);
	sleep_until(end);
	begin(server, take, 0, SLUICE_FOREVER);
	ASSERT_EQ(1, at(other, ask, 0, 77));
	EXPECT_EQ(77, finish(server));
	EXPECT_EQ(0, at(server, answer, 0, 78));
	EXPECT_EQ(78, at(other, hear, 0, LONG));
	EXPECT_EQ(16, at(server, expire, 16, 0));
}

/* It is woken for nothing, goes back to sleep, and its own timeout holds. */
TEST_F(deadline, expired_ends_no_sleep)
{
	struct end *server = &self->end[0];
	long end;

	SET_UP_PAIR(NULL);
	end = ask_soon(&self->side, 0, SOON);
	ASSERT_LT(0, end);
	sleep_until(end);
	EXPECT_EQ(-ETIMEDOUT, at(server, take, 0, 20 * MILLISECOND));
	EXPECT_EQ(1, at(server, expired, 0, 0));
	begin(server, take, 0, SLUICE_FOREVER);
	until_asleep(server);
	ASSERT_EQ(1, ask(&self->side, 1, 8));
	EXPECT_EQ(8, finish(server));
}

/*
 * Whatever it had goes home: slices of a client that never makes more of them, the
 * deliveries, and the place among the requests that a server may hold.
 */
TEST_F(deadline, expired_costs_nothing)
{
	static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(
		.max_servers = 1,
		.max_active_requests_per_client = 2,
		.max_loaned_requests = 1);
	static const struct sluice_client_opts fixed = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 1 });
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	long i, end;

	start_server(_metadata, server, variant->place, &calls, &few, NULL);
	open_client_side(_metadata, &self->side, &calls, &fixed, 1);
	for (i = 1; i <= 50; i++) {
		end = all_soon(&self->side, 2, -1);
		ASSERT_LT(0, end) TH_LOG("%ld: %s", i, sluice_strerror());
		sleep_until(end);
		ASSERT_EQ(2 * i, at(server, expire, 2 * i, 0));
		ASSERT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		/* The other one is released without a look at how it ended. */
		ASSERT_EQ(0, cancel(&self->side, 1, 0));
	}
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_EQ(0u, memory.growths);
	warm_up(_metadata, &self->side, server);
}

/* Cancelled first and expired afterwards: it is counted all the same. */
TEST_F(deadline, expired_after_it_was_cancelled)
{
	long i, end;

	SET_UP_PAIR(NULL);
	for (i = 1; i <= 20; i++) {
		end = ask_soon(&self->side, 0, SOON);
		ASSERT_LT(0, end);
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		sleep_until(end);
		ASSERT_EQ(i, at(&self->end[0], expire, i, 0));
	}
	warm_up(_metadata, &self->side, &self->end[0]);
}

/* ---- The counter --------------------------------------------------------- */

/* expired_of(server): how many a server has seen that is another's. */
static long expired_of(struct side *side, long server, long unused)
{
	(void)side, (void)unused;
	return sluice_server_expired((struct sluice_server *)server);
}

TEST_F(deadline, counter_refused)
{
	struct end *other = &self->end[0];
	int error = variant->place == IN_PROCESS ? ECHILD : EBUSY;

	EXPECT_FAILS_INT(EINVAL, (int)sluice_server_expired(NULL));
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	EXPECT_EQ(0, sluice_server_expired(self->side.server));
	EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-error, at(other, expired_of, PTR(self->side.server), 0));
}

/* ---- With somebody dead -------------------------------------------------- */

TEST_F(deadline_death, of_a_client_whose_requests_expired)
{
	struct end *client = &self->end[1];
	long end, round;

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	for (round = 0; round < 4; round++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		/* In half of the rounds the server knows the client. */
		if (round % 2) {
			ASSERT_EQ(-ETIMEDOUT, take(&self->side, 0, MILLISECOND));
		}
		end = at(client, all_soon, 16, 15);
		ASSERT_LT(0, end);
		end_kill_and_reap(client);
		sleep_until(end);

		/* A request without a deadline is delivered, also one of a dead client. */
		ASSERT_EQ(GOOD, take(&self->side, 0, LONG));
		EXPECT_EQ(15 * (round + 1), expired(&self->side, 0, 0));
		ASSERT_EQ(0, done(&self->side, 0, 0));
		EXPECT_EQ(-ETIMEDOUT, take(&self->side, 0, MILLISECOND));
	}
	EXPECT_EQ(60, expired(&self->side, 0, 0));
	sweep(_metadata);
}

/* The client cannot know what became of the request: only the deadline counts. */
TEST_F(deadline_death, of_a_server_that_had_skipped_it)
{
	struct end *server = &self->end[0];
	long end;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	end = ask_soon(&self->side, 0, SOON);
	ASSERT_LT(0, end);
	sleep_until(end);
	ASSERT_EQ(1, at(server, expire, 1, 0));
	end_kill_and_reap(server);
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	sweep(_metadata);
}

TEST_HARNESS_MAIN
