// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting: for a server, for a request, for a response.  Each of the three with
 * SLUICE_NOWAIT, with a time, and for ever; woken by what was waited for, by a
 * signal handler, or by the clock, never before the time that was asked for.
 * And fairness: of several clients or several streams that have something, none
 * waits for another one to run dry.
 */
#include <sys/resource.h>

#include "steps.h"
#include "signals.h"

ENDS_FIXTURE(waiting);

static const int64_t times[] = {
	1, 1000, MILLISECOND, 10 * MILLISECOND, 150 * MILLISECOND,
};

TEST_F(waiting, for_servers)
{
	size_t i;

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(0, wait_servers(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, wait_servers(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		EXPECT_TIMES_OUT(times[i],
				 wait_servers(&self->side, 1, times[i]));
	}
	EXPECT_EQ(-EUSERS, wait_servers(&self->side, 33, SLUICE_FOREVER));

	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	EXPECT_EQ(1, wait_servers(&self->side, 1, SLUICE_FOREVER));
	EXPECT_EQ(1, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(1, wait_servers(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 2, SLUICE_NOWAIT));
	EXPECT_TIMES_OUT(10 * MILLISECOND,
			 wait_servers(&self->side, 2, 10 * MILLISECOND));
	start_server(_metadata, &self->end[1], variant->place, &calls, NULL, NULL);
	start_server(_metadata, &self->end[2], variant->place, &calls, NULL, NULL);
	EXPECT_EQ(3, wait_servers(&self->side, 3, LONG));
	EXPECT_EQ(3, wait_servers(&self->side, 2, LONG));

	/* One leaves. */
	ASSERT_EQ(0, at(&self->end[1], close_server, 0, 0));
	EXPECT_TRUE(EVENTUALLY(wait_servers(&self->side, 3, SLUICE_NOWAIT) ==
			       -EAGAIN));
	EXPECT_EQ(2, wait_servers(&self->side, 2, SLUICE_NOWAIT));
}

TEST_F(waiting, for_servers_while_asleep)
{
	struct end *client = &self->end[0];
	long i;

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	begin(client, wait_servers, 3, SLUICE_FOREVER);
	for (i = 1; i < 4; i++) {
		until_asleep(client);
		start_server(_metadata, &self->end[i], variant->place, &calls,
			     NULL, NULL);
	}
	EXPECT_EQ(3, finish(client));
}

TEST_F(waiting, for_a_request)
{
	size_t i;

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		EXPECT_TIMES_OUT(times[i], take(&self->side, 0, times[i]));
	}

	/* With a client there that does not ask. */
	start_client(_metadata, &self->end[0], variant->place, &calls, 1);
	EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		EXPECT_TIMES_OUT(times[i], take(&self->side, 0, times[i]));
	}
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 3));
	/* Through sockets, a look without a wait asks the kernel every 100 us only. */
	usleep(1000);
	EXPECT_EQ(3, take(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(waiting, for_a_response)
{
	size_t i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 3));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		EXPECT_TIMES_OUT(times[i], hear(&self->side, 0, times[i]));
	}
	ASSERT_EQ(3, at(&self->end[0], take, 0, LONG));
	EXPECT_TIMES_OUT(MILLISECOND, hear(&self->side, 0, MILLISECOND));
	ASSERT_EQ(0, at(&self->end[0], answer, 0, 4));
	EXPECT_EQ(4, hear(&self->side, 0, SLUICE_NOWAIT));
}

/* Both ends sleep before each message: the doorbell must ring every time. */
TEST_F(waiting, asleep_every_time)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_two(_metadata, server, client, variant->place, &calls);
	for (i = 0; i < 100; i++) {
		begin(server, take, 0, SLUICE_FOREVER);
		until_asleep(server);
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(i, finish(server));
		begin(client, hear, 0, SLUICE_FOREVER);
		until_asleep(client);
		ASSERT_EQ(0, at(server, answer, 0, i + 1));
		ASSERT_EQ(i + 1, finish(client));
		begin(client, hear, 0, SLUICE_FOREVER);
		until_asleep(client);
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(-EPIPE, finish(client));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
}

/* A message for one pending response must not be taken for another's. */
TEST_F(waiting, woken_by_another_exchange)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, 2, 1);
	ASSERT_EQ(0, at(server, answer, 1, 20));
	EXPECT_TIMES_OUT(20 * MILLISECOND,
			 hear(&self->side, 0, 20 * MILLISECOND));
	ASSERT_EQ(0, at(server, answer, 0, 10));
	EXPECT_EQ(10, hear(&self->side, 0, LONG));
	EXPECT_EQ(20, hear(&self->side, 1, LONG));
}

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? -errno : usage.ru_nvcsw;
}

/*
 * A server that streams what nobody reads at the moment does not ring in vain: once
 * it is quiet, the wait for another exchange sleeps, and does not look again and again.
 */
TEST_F(waiting, quietly_beside_a_stream)
{
	struct end *server = &self->end[0];
	long before;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE_MANY(&self->side, server, 2, 1);
	begin(server, answer_slowly, 0, 200);
	while (recv(server->socket, &before, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
		EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 1, 50 * MILLISECOND));
	}
	ASSERT_EQ(200, finish(server));
	before = sleeps();
	EXPECT_TIMES_OUT(300 * MILLISECOND,
			 hear(&self->side, 1, 300 * MILLISECOND));
	EXPECT_GT(30, sleeps() - before);
	ASSERT_EQ(0, at(server, answer, 1, 20));
	EXPECT_EQ(20, hear(&self->side, 1, LONG));
	EXPECT_EQ(192, hear(&self->side, 0, LONG));
}

/* ---- Signals ------------------------------------------------------------- */

/*
 * EXPECT_INTERRUPTED() - a call that never ends otherwise is ended by a handler,
 * however the handler was installed.
 */
#define EXPECT_INTERRUPTED(call)					\
	do {								\
		int flags_;						\
		timer_t timer_;						\
									\
		for (flags_ = 0; flags_ <= SA_RESTART;			\
		     flags_ += SA_RESTART) {				\
			ASSERT_EQ(0, start_signals(count_signal, flags_,	\
						   20 * MILLISECOND, &timer_));	\
			EXPECT_EQ(-EINTR, (call))			\
				TH_LOG("%s", sluice_strerror());	\
			EXPECT_EQ(0, timer_delete(timer_));		\
			EXPECT_TRUE(EVENTUALLY(handled > 0));		\
		}							\
	} while (0)

TEST_F(waiting, interrupted_for_servers)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_INTERRUPTED(wait_servers(&self->side, 1, SLUICE_FOREVER));
	EXPECT_INTERRUPTED(wait_servers(&self->side, 1, LONG));
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	EXPECT_EQ(1, wait_servers(&self->side, 1, LONG));
}

TEST_F(waiting, interrupted_for_a_request)
{
	struct end *client = &self->end[0];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	EXPECT_INTERRUPTED(take(&self->side, 0, SLUICE_FOREVER));
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	EXPECT_INTERRUPTED(take(&self->side, 0, SLUICE_FOREVER));
	EXPECT_INTERRUPTED(take(&self->side, 0, LONG));
	EXPECT_EQ(1, at(client, ask, 0, 8));
	EXPECT_EQ(8, take(&self->side, 0, LONG));
	EXPECT_EQ(0, answer(&self->side, 0, 9));
	EXPECT_EQ(9, at(client, hear, 0, LONG));
}

TEST_F(waiting, interrupted_for_a_response)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 8));
	EXPECT_INTERRUPTED(hear(&self->side, 0, SLUICE_FOREVER));
	ASSERT_EQ(8, at(server, take, 0, LONG));
	EXPECT_INTERRUPTED(hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_INTERRUPTED(hear(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, answer, 0, 9));
	EXPECT_EQ(9, hear(&self->side, 0, LONG));
}

/* ---- Fairness ------------------------------------------------------------ */

/* How many messages have come from the busy sender, and from the slow one. */
struct seen {
	long busy, slow;
};

/*
 * The busy sender numbers its messages from 0 on, the slow one from 100 on.  Each sender's
 * messages come in order; of the first eight messages, every second one is the slow sender's.
 */
static void expect_turn(struct __test_metadata *_metadata, struct seen *seen, long nth, long value)
{
	ASSERT_LE(0, value);
	if (value < 100) {
		ASSERT_EQ(seen->busy++, value);
	} else {
		ASSERT_EQ(100 + seen->slow++, value);
	}
	if (nth < 8) {
		ASSERT_LE((nth + 1) / 2, seen->slow);
	}
}

/* Eight requests of a busy client do not delay four of a slow one. */
TEST_F(waiting, clients_take_turns)
{
	struct end *server = &self->end[0], *slow = &self->end[1];
	struct seen seen;
	long i, round;

	SET_UP_PAIR(NULL);
	start_client(_metadata, slow, variant->place, &calls, 1);
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(8, ask_many(&self->side, 8, 0));
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(1, at(slow, ask, i, 100 + i));
		}
		seen = (struct seen){ 0, 0 };
		for (i = 0; i < 12; i++) {
			expect_turn(_metadata, &seen, i, at(server, take, i, LONG));
		}
		for (i = 0; i < 12; i++) {
			ASSERT_EQ(0, at(server, done, i, 0));
		}
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, cancel(&self->side, i, 0));
		}
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, at(slow, cancel, i, 0));
		}
	}
}

/* Eight answers of one server do not delay four of another. */
TEST_F(waiting, streams_take_turns)
{
	struct end *busy = &self->end[0], *slow = &self->end[1];
	struct seen seen;
	long i, round;

	start_two_servers(_metadata, busy, slow, variant->place, &self->side, &calls, NULL);
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(2, ask(&self->side, 0, round));
		ASSERT_EQ(round, at(busy, take, 0, LONG));
		ASSERT_EQ(round, at(slow, take, 0, LONG));
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, at(busy, answer, 0, i));
		}
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, at(slow, answer, 0, 100 + i));
		}
		seen = (struct seen){ 0, 0 };
		for (i = 0; i < 12; i++) {
			expect_turn(_metadata, &seen, i, hear(&self->side, 0, LONG));
		}
		ASSERT_EQ(0, at(busy, done, 0, 0));
		ASSERT_EQ(0, at(slow, done, 0, 0));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

TEST_HARNESS_MAIN
