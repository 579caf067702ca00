// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of requests whose answer nobody awaits: by default they are received all the same
 * (fire and forget); where a service says so, they are not.
 */
#include "steps.h"

ENDS_FIXTURE(rule_forget);

static const struct sluice_service_opts forget = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET,
	.max_active_requests_per_client = 4);

static long has_request(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_has_request(side->server);
}

/* Nobody wants an answer to the request in the server's slot 0. */
static void expect_unwanted(struct __test_metadata *_metadata, struct end *server)
{
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(-EPIPE, at(server, answer, 0, 2));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(rule_forget, a_released_request_is_received_by_default)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(1, at(server, take, 0, LONG));
	expect_unwanted(_metadata, server);
}

TEST_F(rule_forget, a_released_request_is_withdrawn)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&forget);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_forget, others_around_it_are_received_in_order)
{
	struct end *server = &self->end[0];
	long i, gone, round;

	SET_UP_PAIR(&forget);
	for (round = 0; round < 20; round++) {
		gone = round % 4;
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(1, ask(&self->side, i, 10 * round + i));
		}
		ASSERT_EQ(0, cancel(&self->side, gone, 0));
		for (i = 0; i < 4; i++) {
			if (i == gone)
				continue;
			ASSERT_EQ(10 * round + i, at(server, take, i, LONG));
			ASSERT_EQ(0, at(server, answer_and_done, i, i));
			ASSERT_EQ(i, hear(&self->side, i, LONG));
			ASSERT_EQ(0, hear_end(&self->side, i, LONG));
		}
		EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	}
}

TEST_F(rule_forget, a_withdrawn_request_gives_its_slice_back)
{
	struct sluice_memory before = { .size = sizeof(before) }, after = before;
	long i;

	SET_UP_PAIR(&forget);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &before));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &after));
	EXPECT_EQ(before.bytes, after.bytes);
	EXPECT_EQ(0, after.growths);
	EXPECT_EQ(-EAGAIN, at(&self->end[0], take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_forget, a_request_that_is_held_is_only_cancelled)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&forget);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	expect_unwanted(_metadata, server);
}

TEST_F(rule_forget, a_client_that_was_destroyed_leaves_nothing_behind)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&forget);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	close_client(&self->side, 0, 0);
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_forget, a_client_that_died_leaves_nothing_behind)
{
	struct end *client = &self->end[1], *server = &self->end[0];

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	SET_UP_PAIR(&forget);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	ASSERT_EQ(1, at(server, has_request, 0, 0));
	end_kill_and_reap(client);
	EXPECT_EQ(1, EVENTUALLY(!at(server, has_request, 0, 0)));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	/* Others are served. */
	ASK_AND_TAKE(&self->side, server, 0, 3);
	EXPECT_EQ(0, at(server, done, 0, 0));
	sweep(_metadata);
}

TEST_F(rule_forget, is_a_setting)
{
	struct sluice_service_opts settings = SLUICE_SERVICE_OPTS();
	struct end *other = &self->end[0];

	start_service(_metadata, other, variant->place, &calls, NULL);
	EXPECT_EQ(-EPROTOTYPE, open_service(&self->side, PTR(&calls), PTR(&no_fire_and_forget)));
	EXPECT_SAYS("FIRE_AND_FORGET");
	ASSERT_EQ(0, at(other, leave, 0, 0));
	ASSERT_EQ(0, at(other, open_service, PTR(&calls), PTR(&no_fire_and_forget)));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, sluice_service_settings(self->side.service, &settings));
	EXPECT_EQ(SLUICE_SERVICE_NO_FIRE_AND_FORGET, settings.flags);
}

TEST_HARNESS_MAIN
