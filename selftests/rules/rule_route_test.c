// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of which servers a request goes to: all of them, or the one that has the fewest.
 */
#include "steps.h"

ENDS_FIXTURE(rule_route);

static long destroy_server(struct side *side, long a, long b)
{
	return close_server(side, a, b);
}

static void meet(struct __test_metadata *_metadata, FIXTURE_DATA(rule_route) *self,
		 enum place place, size_t servers, const struct sluice_service_opts *opts)
{
	size_t i;

	for (i = 0; i < servers; i++)
		start_server(_metadata, &self->end[i], place, &calls, opts, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, (long)servers);
}

TEST_F(rule_route, by_default_to_every_server)
{
	meet(_metadata, self, variant->place, 3, NULL);
	ASSERT_EQ(3, ask(&self->side, 0, 1));
	EXPECT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(1, at(&self->end[1], take, 0, LONG));
	EXPECT_EQ(1, at(&self->end[2], take, 0, LONG));
}

TEST_F(rule_route, to_one_server_reaches_one)
{
	size_t i, got = 0;

	meet(_metadata, self, variant->place, 3, NULL);
	ASSERT_EQ(1, ask_one(&self->side, 0, 7));
	EXPECT_EQ(1, sluice_pending_response_servers(self->side.pending[0]));
	for (i = 0; i < 3; i++)
		got += at(&self->end[i], take, 0, SLUICE_NOWAIT) == 7;
	EXPECT_EQ(1, got);
}

TEST_F(rule_route, those_with_as_few_take_turns)
{
	long i, k, count[3] = { 0 }, served;

	meet(_metadata, self, variant->place, 3, NULL);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(1, ask_one(&self->side, 0, i));
		served = 0;
		for (k = 0; k < 3; k++) {
			if (at(&self->end[k], take, 0, SLUICE_NOWAIT) != i)
				continue;
			count[k]++;
			served++;
			ASSERT_EQ(0, at(&self->end[k], answer_and_done, 0, i));
		}
		ASSERT_EQ(1, served);
		ASSERT_EQ(i, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	EXPECT_EQ(10, count[0]);
	EXPECT_EQ(10, count[1]);
	EXPECT_EQ(10, count[2]);
}

TEST_F(rule_route, the_one_with_the_fewest_outstanding)
{
	struct end *busy = &self->end[0], *idle = &self->end[1];
	long i;

	meet(_metadata, self, variant->place, 1, NULL);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, ask_one(&self->side, i, i));
	}
	/* Requests that a server holds count like those in its queue. */
	ASSERT_EQ(0, at(busy, take, 0, LONG));
	start_server(_metadata, idle, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	for (i = 4; i < 8; i++) {
		ASSERT_EQ(1, ask_one(&self->side, i, i));
		EXPECT_EQ(i, at(idle, take, i, LONG));
	}
	/* Now both have four; one that gives some back is chosen next. */
	ASSERT_EQ(0, at(busy, done, 0, 0));
	for (i = 1; i < 4; i++) {
		ASSERT_EQ(i, at(busy, take, i, LONG));
		ASSERT_EQ(0, at(busy, done, i, 0));
	}
	ASSERT_EQ(1, ask_one(&self->side, 8, 8));
	EXPECT_EQ(8, at(busy, take, 8, LONG));
}

TEST_F(rule_route, one_without_room_is_passed_over)
{
	struct end *full = &self->end[0], *other = &self->end[1];

	meet(_metadata, self, variant->place, 1, &room_for_two);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, ask(&self->side, 1, 2));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 1, 0));
	start_server(_metadata, other, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	ASSERT_EQ(1, ask_one(&self->side, 0, 3));
	ASSERT_EQ(1, ask_one(&self->side, 1, 4));
	EXPECT_EQ(3, at(other, take, 0, LONG));
	EXPECT_EQ(4, at(other, take, 1, LONG));
	EXPECT_EQ(1, at(full, take, 0, LONG));
}

TEST_F(rule_route, it_is_waited_for_room_if_nobody_has_any)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, variant->place, &calls, &room_for_one, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASSERT_EQ(1, at(client, ask_one, 0, 1));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	begin(client, ask_one, 0, 2);
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(1, finish(client));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(2, at(server, take, 0, LONG));
}

TEST_F(rule_route, a_server_that_left_is_not_chosen)
{
	long i;

	meet(_metadata, self, variant->place, 2, NULL);
	ASSERT_EQ(0, at(&self->end[0], destroy_server, 0, 0));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(1, ask_one(&self->side, i, i));
		EXPECT_EQ(i, at(&self->end[1], take, i, LONG));
	}
}

TEST_F(rule_route, without_servers_it_reaches_none)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(0, ask_one(&self->side, 0, 1));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, LONG));
}

TEST_F(rule_route, the_death_of_the_chosen_server_is_told)
{
	struct end *first = &self->end[0], *second = &self->end[1], *chosen, *other;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	meet(_metadata, self, variant->place, 2, NULL);
	ASSERT_EQ(1, ask_one(&self->side, 0, 1));
	chosen = at(first, take, 0, SLUICE_NOWAIT) == 1 ? first : second;
	other = chosen == first ? second : first;
	if (chosen == second) {
		ASSERT_EQ(1, at(second, take, 0, LONG));
	}
	ASSERT_EQ(0, at(chosen, answer, 0, 5));
	end_kill(chosen);
	EXPECT_EQ(5, hear(&self->side, 0, LONG));
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, LONG));
	end_reap(chosen);
	ASSERT_EQ(1, ask_one(&self->side, 1, 2));
	EXPECT_EQ(2, at(other, take, 0, LONG));
	sweep(_metadata);
}

TEST_F(rule_route, a_route_is_one_of_two)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_route(self->side.request[0],
							  (enum sluice_route)2));
	EXPECT_EQ(0, drop_question(&self->side, 0, 0));
}

TEST_HARNESS_MAIN
