// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a whole node: sluice_node_wait() returns for a request, a response, the
 * end of a stream, and a peer that came or went.  What can be received is told until
 * it was; what cannot be received for now, since too much is held, neither is told nor
 * keeps the node from sleeping.  How sluice_node_next() tells it: node_next_test.c.
 */
#include "events.h"

ENDS_FIXTURE(node_wait);

static const int64_t times[] = { 1, MILLISECOND, 10 * MILLISECOND };

static const struct sluice_service_opts two_at_most = SLUICE_SERVICE_OPTS(
	.max_active_requests_per_client = 2,
	.max_borrowed_responses_per_pending_response = 2);

#define EXPECT_NOTHING(side)						\
	do {								\
		size_t i_;						\
									\
		EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));	\
		for (i_ = 0; i_ < ARRAY_SIZE(times); i_++) {		\
			EXPECT_TIMES_OUT(times[i_],			\
					 find_out(side, times[i_], 0));	\
		}							\
		EXPECT_EQ(0, told(side, 0, 0));				\
	} while (0)

TEST_F(node_wait, nothing)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	EXPECT_NOTHING(&self->side);
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_NOTHING(&self->side);
	ASSERT_EQ(0, close_client(&self->side, 0, 0));
	ASSERT_EQ(0, open_server(&self->side, 0, 0));
	EXPECT_NOTHING(&self->side);

	/* With a client there that does not ask. */
	start_client(_metadata, &self->end[0], variant->place, &calls, 1);
	ASSERT_EQ(0, await_peers(&self->side, SLUICE_EVENT_CONNECTED, 1));
	EXPECT_NOTHING(&self->side);
	EXPECT_SLEEPS(60 * MILLISECOND, wait_node(&self->side, 60 * MILLISECOND, 0));
}

/* ---- Messages -------------------------------------------------------------- */

/* A server sleeps in sluice_node_wait(); its client does when it is its turn. */
TEST_F(node_wait, asleep_every_time)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_two(_metadata, server, client, variant->place, &calls);
	ASSERT_EQ(0, at(server, await_peers, SLUICE_EVENT_CONNECTED, 1));
	ASSERT_EQ(0, at(client, await_peers, SLUICE_EVENT_CONNECTED, 1));
	for (i = 0; i < 15; i++) {
		begin(server, find_out, SLUICE_FOREVER, 0);
		until_asleep(server);
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(REQUEST, finish(server));
		ASSERT_EQ(i, at(server, take, 0, SLUICE_NOWAIT));
		begin(client, find_out, SLUICE_FOREVER, 0);
		until_asleep(client);
		ASSERT_EQ(0, at(server, answer, 0, i + 1));
		ASSERT_EQ(RESPONSE(0), finish(client));
		ASSERT_EQ(i + 1, at(client, hear, 0, SLUICE_NOWAIT));
		begin(client, find_out, SLUICE_FOREVER, 0);
		until_asleep(client);
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(RESPONSE(0), finish(client));
		ASSERT_EQ(0, at(client, hear_end, 0, SLUICE_NOWAIT));
	}
}

TEST_F(node_wait, requests_until_received)
{
	struct side *side = &self->side;
	struct end *client = &self->end[0];

	open_server_side(_metadata, side, NULL, client, variant->place);
	ASSERT_EQ(1, at(client, ask, 0, 5));
	ASSERT_EQ(1, at(client, ask, 1, 6));
	EXPECT_EQ(REQUEST, find_out(side, LONG, 0));
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_EQ(REQUEST, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(REQUEST, find_out(side, SLUICE_FOREVER, 0));
	EXPECT_EQ(5, take(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(REQUEST, find_out(side, SLUICE_NOWAIT, 0));

	/* Received after the wait, it is not told of any more. */
	EXPECT_EQ(0, wait_node(side, LONG, 0));
	EXPECT_EQ(6, take(side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_NOTHING(side);
	EXPECT_EQ(-EAGAIN, take(side, 2, SLUICE_NOWAIT));
}

/* A server, and in the side a client whose node has told of the server. */
static void start_told_pair(struct __test_metadata *_metadata, struct end *server,
			    enum place place, struct side *side)
{
	start_pair(_metadata, server, place, side, &calls);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
}

TEST_F(node_wait, responses_until_received)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_told_pair(_metadata, server, variant->place, side);
	for (i = 0; i < 3; i++) {
		ASK_AND_TAKE(side, server, i, i);
	}
	EXPECT_NOTHING(side);
	ASSERT_EQ(0, at(server, answer, 1, 10));
	EXPECT_EQ(RESPONSE(1), find_out(side, LONG, 0));
	ASSERT_EQ(0, at(server, answer, 2, 20));
	EXPECT_EQ(THEN(RESPONSE(1), RESPONSE(2)), find_out(side, LONG, 0));
	EXPECT_EQ(THEN(RESPONSE(1), RESPONSE(2)), find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(10, hear(side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(RESPONSE(2), find_out(side, SLUICE_FOREVER, 0));
	EXPECT_EQ(20, hear(side, 2, SLUICE_NOWAIT));
	EXPECT_NOTHING(side);

	/* The end of a stream, until it was received. */
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_NOTHING(side);
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));

	/* A pending response that was released has no end to tell of. */
	EXPECT_EQ(0, cancel(side, 1, 0));
	ASSERT_EQ(0, at(server, done, 1, 0));
	EXPECT_NOTHING(side);
}

TEST_F(node_wait, request_that_reached_nobody)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(&self->side, 3, 1));
	EXPECT_EQ(RESPONSE(3), find_out(&self->side, SLUICE_FOREVER, 0));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 3, SLUICE_NOWAIT));
	EXPECT_NOTHING(&self->side);
}

/* The request's deadline is an end like another. */
TEST_F(node_wait, deadlines)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;

	start_told_pair(_metadata, server, variant->place, side);
	deadline = ask_and_hold(_metadata, side, server, 2, 100 * MILLISECOND);
	EXPECT_EQ(RESPONSE(2), find_out(side, LONG, 0));
	EXPECT_LE(deadline, now());
	EXPECT_EQ(RESPONSE(2), find_out(side, LONG, 0));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 2, SLUICE_NOWAIT));
	EXPECT_SLEEPS(50 * MILLISECOND, wait_node(side, 50 * MILLISECOND, 0));

	/* A late answer is an answer. */
	ASSERT_EQ(0, at(server, answer, 2, 4));
	EXPECT_EQ(RESPONSE(2), find_out(side, LONG, 0));
	EXPECT_EQ(4, hear(side, 2, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 2, 0));
	EXPECT_EQ(RESPONSE(2), find_out(side, LONG, 0));
	EXPECT_EQ(-EPIPE, hear(side, 2, SLUICE_NOWAIT));
	EXPECT_NOTHING(side);
}

/* ---- Peers ----------------------------------------------------------------- */

/* An end sleeps until a peer leaves. */
static void sleep_for_leaver(struct end *end)
{
	begin(end, await_peers, SLUICE_EVENT_DISCONNECTED, 1);
	until_asleep(end);
}

/* It is told once, and why. */
static void expect_told_once(struct __test_metadata *_metadata, struct end *end, int reason)
{
	EXPECT_EQ(reason, finish(end));
	EXPECT_EQ(-EAGAIN, at(end, find_out, SLUICE_NOWAIT, 0));
}

/* The first peer closes its port, and the second dies if it is a process. */
static void expect_told_of_both(struct __test_metadata *_metadata, struct end *end,
				struct end *first, step *close_port, struct end *second)
{
	sleep_for_leaver(end);
	ASSERT_EQ(0, at(first, close_port, 0, 0));
	expect_told_once(_metadata, end, EPIPE);
	if (second->place == IN_THREAD)
		return;
	sleep_for_leaver(end);
	end_kill(second);
	expect_told_once(_metadata, end, ECONNRESET);
	end_reap(second);
	sweep(_metadata);
}

TEST_F(node_wait, clients_come_and_go)
{
	struct end *server = &self->end[0], *first = &self->end[1],
		   *second = &self->end[2];

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	begin(server, find_out, SLUICE_FOREVER, 0);
	until_asleep(server);
	start_client(_metadata, first, variant->place, &calls, 1);
	ASSERT_EQ(CAME(1), finish(server));
	start_client(_metadata, second, variant->place, &calls, 1);
	ASSERT_EQ(CAME(1), at(server, find_out, LONG, 0));
	ASSERT_EQ(-EAGAIN, at(server, find_out, SLUICE_NOWAIT, 0));

	expect_told_of_both(_metadata, server, first, close_client, second);
}

TEST_F(node_wait, servers_come_and_go)
{
	struct end *client = &self->end[0], *first = &self->end[1],
		   *second = &self->end[2];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	begin(client, find_out, SLUICE_FOREVER, 0);
	until_asleep(client);
	start_server(_metadata, first, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(CAME(1), finish(client));
	start_server(_metadata, second, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(CAME(1), at(client, find_out, LONG, 0));
	ASSERT_EQ(-EAGAIN, at(client, find_out, SLUICE_NOWAIT, 0));

	expect_told_of_both(_metadata, client, first, close_server, second);
}

/* Two come, one goes, and who does not ask has it forgotten by the next wait. */
TEST_F(node_wait, peers_are_told_once)
{
	struct side *side = &self->side;

	start_reversed(_metadata, &self->end[0], variant->place, side, &calls);
	start_client(_metadata, &self->end[1], variant->place, &calls, 1);
	EXPECT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 2));
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_NOTHING(side);

	ASSERT_EQ(0, at(&self->end[0], close_client, 0, 0));
	EXPECT_EQ(0, wait_node(side, LONG, 0));
	EXPECT_NOTHING(side);

	/* Other waits do not forget: both are told beside what was waited for. */
	ASSERT_EQ(0, at(&self->end[0], open_client, 0, 0));
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 3));
	EXPECT_EQ(3, take(side, 0, LONG));
	EXPECT_EQ(CAME(1), find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_NOTHING(side);
}

/* ---- What cannot be received for now --------------------------------------- */

TEST_F(node_wait, client_at_its_limit)
{
	struct end *client = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;
	long i;

	open_server_side(_metadata, side, &two_at_most, client, variant->place);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, at(client, ask, i, i));
		ASSERT_EQ(0, at(client, cancel, i, 0));
		if (i < 2) {
			ASSERT_EQ(i, take(side, i, LONG));
		}
	}
	EXPECT_EQ(-ENOBUFS, take(side, 2, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_SLEEPS(60 * MILLISECOND, wait_node(side, 60 * MILLISECOND, 0));

	/* Another client wakes the server all the same. */
	start_client(_metadata, other, variant->place, &calls, 1);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	begin(other, ask_soon, 0, 9);
	EXPECT_EQ(REQUEST, find_out(side, LONG, 0));
	EXPECT_EQ(1, finish(other));
	EXPECT_EQ(9, take(side, 2, LONG));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));

	ASSERT_EQ(0, done(side, 0, 0));
	EXPECT_EQ(REQUEST, find_out(side, LONG, 0));
	EXPECT_EQ(2, take(side, 0, SLUICE_NOWAIT));
	EXPECT_SLEEPS(50 * MILLISECOND, wait_node(side, 50 * MILLISECOND, 0));
}

/* A client that holds as many responses of slot 0 as it may; a third one has come. */
static int64_t borrow_all(struct __test_metadata *_metadata, struct side *side,
			  struct end *server, enum place place, int64_t timeout)
{
	int64_t deadline;
	long i;

	start_server(_metadata, server, place, &calls, &two_at_most, NULL);
	open_client_side(_metadata, side, &calls, NULL, 1);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	deadline = ask_and_hold(_metadata, side, server, 0, timeout);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		if (i < 2) {
			ASSERT_EQ(i, hold(side, 0, i));
		}
	}
	return deadline;
}

TEST_F(node_wait, pending_at_its_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	borrow_all(_metadata, side, server, variant->place, LONG / 2);
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_SLEEPS(60 * MILLISECOND, wait_node(side, 60 * MILLISECOND, 0));

	/* Another pending response, on the same channel, wakes the client. */
	ASK_AND_TAKE(side, server, 1, 7);
	begin(server, answer_soon, 1, 8);
	EXPECT_EQ(RESPONSE(1), find_out(side, LONG, 0));
	EXPECT_EQ(0, finish(server));
	EXPECT_EQ(8, hear(side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));

	ASSERT_EQ(0, drop_response(side, 1, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_SLEEPS(50 * MILLISECOND, wait_node(side, 50 * MILLISECOND, 0));
}

/* All that a client may hold came through pending responses that are gone. */
TEST_F(node_wait, others_have_taken_it_to_its_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(&two_at_most);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	for (i = 0; i < 4; i++) {
		if (i % 2 == 0) {
			ASK_AND_TAKE(side, server, 0, i);
		}
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(i, hold(side, 0, i));
		if (i % 2) {
			ASSERT_EQ(0, cancel(side, 0, 0));
			ASSERT_EQ(0, at(server, done, 0, 0));
		}
	}
	ASK_AND_TAKE(side, server, 1, 7);
	ASSERT_EQ(0, at(server, answer, 1, 8));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_SLEEPS(60 * MILLISECOND, wait_node(side, 60 * MILLISECOND, 0));
	EXPECT_EQ(-ENOBUFS, hear(side, 1, SLUICE_NOWAIT));
	ASSERT_EQ(0, drop_response(side, 2, 0));
	EXPECT_EQ(RESPONSE(1), find_out(side, LONG, 0));
	EXPECT_EQ(8, hear(side, 1, SLUICE_NOWAIT));
	EXPECT_SLEEPS(50 * MILLISECOND, wait_node(side, 50 * MILLISECOND, 0));
}

/* Its deadline passes, of which it cannot be told either. */
TEST_F(node_wait, pending_at_its_limit_and_late)
{
	struct side *side = &self->side;
	int64_t deadline;

	deadline = borrow_all(_metadata, side, &self->end[0], variant->place,
			      50 * MILLISECOND);
	while (now() < deadline)
		pause_briefly();
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_SLEEPS(60 * MILLISECOND, wait_node(side, 60 * MILLISECOND, 0));
	ASSERT_EQ(0, drop_response(side, 1, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
}

TEST_HARNESS_MAIN
