// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of SLUICE_SERVICE_NO_REQUEST_OVERFLOW: a client that finds no room waits for it,
 * and ends waiting when the server goes or the deadline has passed.
 */
#include "steps.h"
#include "rules.h"
#include "room.h"

ENDS_FIXTURE(rule_room);
PROCESSES_FIXTURE(rule_room_death);

TEST_F(rule_room, sending_waits_until_there_is_room)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	set_up_full(_metadata, server, variant->place, client);
	begin(client, ask_only, ROOM, 1);
	until_asleep(client);
	EXPECT_TRUE(still_busy(client));
	EXPECT_EQ(ROOM + 1, at(server, take_only, 0, ROOM + 1));
	EXPECT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
}

TEST_F(rule_room, no_request_is_lost_or_out_of_order)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	set_up_full(_metadata, server, variant->place, client);
	begin(client, ask_only, ROOM, 200);
	EXPECT_EQ(ROOM + 200, at(server, take_only, 0, ROOM + 200));
	EXPECT_EQ(200, finish(client));
}

TEST_F(rule_room, waiting_ends_at_the_deadline)
{
	struct side *side = &self->side;
	int64_t deadline = sluice_deadline(20 * MILLISECOND);

	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_only(side, 0, ROOM));
	ASSERT_EQ(0, loan_question(side, 0, 99));
	ASSERT_EQ(0, set_deadline(side, 0, deadline));
	EXPECT_EQ(-ETIMEDOUT, send_question(side, 0, 0));
	EXPECT_LE(deadline, now());

	/* It stays loaned, and goes when it is given more time. */
	ASSERT_EQ(0, set_deadline(side, 0, 0));
	EXPECT_EQ(ROOM, at(&self->end[0], take_only, 0, ROOM));
	EXPECT_EQ(1, send_question(side, 0, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(99, at(&self->end[0], take, 0, LONG));
}

TEST_F(rule_room, waiting_ends_when_the_node_is_interrupted)
{
	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_only(&self->side, 0, ROOM));
	ASSERT_EQ(0, loan_question(&self->side, 0, 99));
	EXPECT_EQ(-EINTR, interrupted(&self->side, 0, 0));
	EXPECT_EQ(ROOM, at(&self->end[0], take_only, 0, ROOM));
	EXPECT_EQ(1, send_question(&self->side, 0, 0));
}

TEST_F(rule_room, waiting_ends_when_the_server_leaves)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	set_up_full(_metadata, server, variant->place, client);
	begin(client, ask, 0, 99);
	until_asleep(client);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client)) TH_LOG("%s", client->result.sentence);
}

TEST_F(rule_room_death, waiting_ends_when_the_server_dies)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	set_up_full(_metadata, server, IN_PROCESS, client);
	begin(client, ask, 0, 99);
	until_asleep(client);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client)) TH_LOG("%s", client->result.sentence);
	end_reap(server);
	sweep(_metadata);
}

TEST_F(rule_room, one_slow_server_does_not_delay_the_others)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct end *client = &self->end[2];

	start_server(_metadata, slow, variant->place, &calls, &no_overflow, NULL);
	start_server(_metadata, fast, variant->place, &calls, &no_overflow, NULL);
	start_client(_metadata, client, variant->place, &calls, 2);
	ASSERT_EQ(ROOM, at(client, ask_only, 0, ROOM));
	ASSERT_EQ(ROOM, at(fast, take_only, 0, ROOM));
	begin(client, ask_only, ROOM, 1);
	EXPECT_EQ(1, at(fast, take_only, ROOM, 1));
	EXPECT_TRUE(still_busy(client));
	EXPECT_EQ(ROOM + 1, at(slow, take_only, 0, ROOM + 1));
	EXPECT_EQ(1, finish(client));
}

TEST_F(rule_room, no_server_has_a_request_twice)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, 99));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(-EINTR, interrupted(&self->side, 0, 0));
	}
	EXPECT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(2, send_question(&self->side, 0, 0));
	EXPECT_EQ(1, at(fast, take_only, 99, 1));
	EXPECT_EQ(1, at(slow, take_only, 99, 1));
	EXPECT_EQ(-EAGAIN, at(fast, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(slow, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_room, a_request_that_is_given_up_is_cancelled_where_it_came)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, 99));
	ASSERT_EQ(-EINTR, interrupted(&self->side, 0, 0));
	EXPECT_EQ(99, at(fast, take, 0, LONG));
	EXPECT_EQ(1, at(fast, is_connected, 0, 0));
	EXPECT_EQ(0, drop_question(&self->side, 0, 0));
	EXPECT_EQ(0, at(fast, is_connected, 0, 0));
	EXPECT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(-EAGAIN, at(slow, take, 0, SLUICE_NOWAIT));
}

TEST_F(rule_room, too_many_pending_are_refused_at_once)
{
	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_many(&self->side, ROOM, 0));
	EXPECT_EQ(-EBUSY, ask(&self->side, ROOM, ROOM));
}

TEST_F(rule_room, without_a_server_there_is_nothing_to_wait_for)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&no_overflow)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(0, ask(&self->side, 0, 1));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_F(rule_room, responses_overflow_all_the_same)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&no_overflow);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(100, at(server, answer_many, 0, 100));
	EXPECT_EQ(100 - BUFFER, hear(&self->side, 0, LONG));
}

TEST_HARNESS_MAIN
