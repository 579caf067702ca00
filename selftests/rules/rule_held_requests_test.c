// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of the limit of requests that a server may hold; rule_held_test has that of responses
 * at a client.  Both sides have the same rule: the limit is told when there is something to be
 * taken.
 */
#include "steps.h"
#include "held.h"

ENDS_FIXTURE(rule_held_requests);

static const struct sluice_service_opts two_forget = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET,
	.max_active_requests_per_client = HELD);

static long has_request(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_has_request(side->server);
}

/* The server holds as many requests of the test's client as it may. */
static void hold_requests(struct __test_metadata *_metadata, FIXTURE_DATA(rule_held_requests) *self,
			  enum place place, const struct sluice_service_opts *opts)
{
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, place, &calls, opts, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	for (i = 0; i < HELD; i++) {
		ASK_AND_TAKE(&self->side, server, i, i);
		ASSERT_EQ(0, cancel(&self->side, i, 0));
	}
}

TEST_F(rule_held_requests, a_server_at_its_limit_waits_for_a_request)
{
	struct end *server = &self->end[0];

	hold_requests(_metadata, self, variant->place, &two);
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, HELD, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, at(server, take, HELD, 10 * MILLISECOND));
}

TEST_F(rule_held_requests, a_server_at_its_limit_is_told_when_there_is_a_request)
{
	struct end *server = &self->end[0];

	hold_requests(_metadata, self, variant->place, &two);
	ASSERT_EQ(1, ask(&self->side, 0, 99));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(-ENOBUFS, at(server, take, HELD, SLUICE_NOWAIT));
	EXPECT_EQ(-ENOBUFS, at(server, take, HELD, SLUICE_FOREVER));
	EXPECT_NE(NULL, strstr(server->result.sentence, "max_active_requests_per_client"));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(99, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, HELD, SLUICE_NOWAIT));
}

TEST_F(rule_held_requests, a_server_that_sleeps_at_its_limit_is_woken_by_a_request)
{
	struct end *server = &self->end[0];

	hold_requests(_metadata, self, variant->place, &two);
	begin(server, take, HELD, SLUICE_FOREVER);
	until_asleep(server);
	ASSERT_EQ(1, ask(&self->side, 0, 99));
	EXPECT_EQ(-ENOBUFS, finish(server));
	EXPECT_EQ(0, at(server, done, 1, 0));
	EXPECT_EQ(99, at(server, take, 1, LONG));
}

/* A request whose deadline has passed when this returns. */
static long ask_late(struct side *side, long slot)
{
	int64_t deadline, timeout = MILLISECOND;
	long r;

	do {
		timeout *= 2;
		deadline = sluice_deadline(timeout);
		r = ask_until(side, slot, deadline);
	} while (r == -ETIMEDOUT && timeout < LONG);
	while (r > 0 && now() <= deadline)
		pause_briefly();
	return r;
}

TEST_F(rule_held_requests, a_late_request_is_nothing_that_there_is)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_requests(_metadata, self, variant->place, &two);
	ASSERT_EQ(1, ask_late(side, 0));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, HELD, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_FOREVER));
	ASSERT_EQ(0, cancel(side, 0, 0));

	/* A request behind it is one. */
	ASSERT_EQ(1, ask_late(side, 0));
	ASSERT_EQ(1, ask(side, 1, 99));
	EXPECT_EQ(-ENOBUFS, at(server, take, HELD, SLUICE_NOWAIT));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(99, at(server, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_held_requests, a_late_request_is_nothing_that_there_is_below_the_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&two);
	ASSERT_EQ(1, ask_late(side, 0));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_FOREVER));
}

TEST_F(rule_held_requests, a_withdrawn_request_is_nothing_that_there_is)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	hold_requests(_metadata, self, variant->place, &two_forget);
	ASSERT_EQ(1, ask(side, 0, 99));
	EXPECT_EQ(-ENOBUFS, at(server, take, HELD, SLUICE_NOWAIT));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, HELD, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, at(server, take, HELD, MILLISECOND));
}

/* sleep_well(timeout): the server's node has nothing to tell, and does not spin. */
static long sleep_well(struct side *side, long timeout, long unused)
{
	int64_t before = used();
	long r = find_out(side, timeout, unused);

	return r == -ETIMEDOUT && used() - before >= timeout / 4 ? -ELOOP : r;
}

TEST_F(rule_held_requests, a_node_tells_of_a_request_when_there_is_room_for_it)
{
	struct end *server = &self->end[0];

	hold_requests(_metadata, self, variant->place, &two);
	EXPECT_EQ(CAME(1), at(server, find_out, SLUICE_NOWAIT, 0));
	ASSERT_EQ(1, ask(&self->side, 0, 99));
	EXPECT_EQ(-EAGAIN, at(server, find_out, SLUICE_NOWAIT, 0));
	EXPECT_EQ(-ETIMEDOUT, at(server, sleep_well, SECOND / 5, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(REQUEST, at(server, find_out, LONG, 0));
	EXPECT_EQ(99, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(server, find_out, SLUICE_NOWAIT, 0));
}

TEST_F(rule_held_requests, a_node_does_not_tell_of_a_late_request)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&two);
	ASSERT_EQ(1, ask_late(side, 0));
	EXPECT_EQ(CAME(1), at(server, find_out, SLUICE_NOWAIT, 0));
	EXPECT_EQ(-EAGAIN, at(server, find_out, SLUICE_NOWAIT, 0));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
