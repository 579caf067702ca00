// SPDX-License-Identifier: GPL-2.0-only
/*
 * Room: a service with SLUICE_SERVICE_NO_REQUEST_OVERFLOW.  A client that sends to a
 * full queue sleeps until the server takes a request, and no request is lost, out of
 * order or received twice.  Here are who decides that a service is such a one, and
 * all the ways in which its only server comes to have room.
 */
#include "steps.h"
#include "room.h"

ENDS_FIXTURE(room);

/* ---- Whose service it is ------------------------------------------------- */

TEST_F(room, is_what_the_creator_says)
{
	static const struct sluice_service_opts demand = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW);
	static const struct sluice_service_opts room_must_exist = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW |
			 SLUICE_SERVICE_MUST_EXIST);
	static const struct sluice_service_opts room_must_create = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW |
			 SLUICE_SERVICE_MUST_CREATE);
	static const struct sluice_service_opts unknown = SLUICE_SERVICE_OPTS(
		.flags = UINT64_C(1) << 40);
	struct end *other = &self->end[0];

	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-ENOENT, at(other, open_service, PTR(&calls), PTR(&room_must_exist)));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&room_must_create)));
	EXPECT_EQ(-EEXIST, at(other, open_service, PTR(&calls),
			      PTR(&room_must_create)));
	EXPECT_EQ(-EINVAL, at(other, open_service, PTR(&calls), PTR(&unknown)));
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), PTR(&demand)));
	ASSERT_EQ(0, at(other, leave, 0, 0));
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), PTR(&room_must_exist)));
	ASSERT_EQ(0, at(other, leave, 0, 0));
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), 0));
	ASSERT_EQ(0, at(other, leave, 0, 0));
	leave(&self->side, 0, 0);

	/* The other way round: what overflows is not what was asked for. */
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-EPROTOTYPE, at(other, open_service, PTR(&calls), PTR(&demand)));
	EXPECT_NE(NULL, strstr(other->result.sentence, "NO_REQUEST_OVERFLOW"));
	EXPECT_EQ(-EPROTOTYPE, at(other, open_service, PTR(&calls),
				  PTR(&room_must_exist)));
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), 0));
}

/* ---- How room comes about ------------------------------------------------ */

TEST_F(room, is_waited_for)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	set_up_full(_metadata, server, variant->place, client);
	for (i = ROOM; i < ROOM + 20; i++) {
		begin(client, ask_only, i, 1);
		until_asleep(client);
		ASSERT_TRUE(still_busy(client));
		ASSERT_EQ(1, at(server, take_only, i - ROOM, 1));
		ASSERT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
	}
	EXPECT_EQ(ROOM, at(server, take_only, i - ROOM, ROOM));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

/* Taking it is what makes room, not releasing it. */
TEST_F(room, is_made_by_taking)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	set_up_full(_metadata, server, variant->place, client);
	begin(client, ask_only, ROOM, ROOM);
	until_asleep(client);
	for (i = 0; i < ROOM; i++) {
		ASSERT_TRUE(still_busy(client));
		ASSERT_EQ(i, at(server, take, i, LONG));
	}
	ASSERT_EQ(ROOM, finish(client));

	/* Now it holds as many as it may, and takes no more. */
	EXPECT_EQ(-ENOBUFS, at(server, take, i, SLUICE_NOWAIT));
	begin(client, ask_only, 2 * ROOM, 1);
	until_asleep(client);
	ASSERT_TRUE(still_busy(client));
	for (i = 0; i < ROOM; i++) {
		ASSERT_EQ(0, at(server, done, i, 0));
	}
	until_asleep(client);
	ASSERT_TRUE(still_busy(client));
	ASSERT_EQ(1, at(server, take_only, ROOM, 1));
	ASSERT_EQ(1, finish(client));
	EXPECT_EQ(ROOM, at(server, take_only, ROOM + 1, ROOM));
}

/* Both go at their own speed. */
TEST_F(room, for_a_thousand)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, variant->place, &calls, &no_overflow, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	begin(client, ask_only, 0, 1000);
	EXPECT_EQ(1000, at(server, take_only, 0, 1000))
		TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(1000, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

/* Each of several clients has room of its own. */
TEST_F(room, is_not_taken_by_others)
{
	struct end *server = &self->end[0], *client = &self->end[1],
		   *other = &self->end[2];

	set_up_full(_metadata, server, variant->place, client);
	start_client(_metadata, other, variant->place, &calls, 1);
	begin(client, ask_only, ROOM, 1);
	until_asleep(client);
	EXPECT_EQ(ROOM, at(other, ask_only, 0, ROOM));
	ASSERT_TRUE(still_busy(client));
	begin(other, ask_only, ROOM, 1);
	until_asleep(other);
	ASSERT_TRUE(still_busy(other));

	/* They take turns, so two make room for both. */
	ASSERT_EQ(0, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, take, 1, LONG));
	EXPECT_EQ(1, finish(client));
	EXPECT_EQ(1, finish(other));
}

/* A request that is too late is skipped, and so makes room. */
TEST_F(room, is_made_by_what_has_expired)
{
	struct end *server = &self->end[0];
	int64_t deadline;
	long i, sent;

	SET_UP_PAIR(&no_overflow);
	for (i = 0, sent = 0; sent < ROOM && i < 100; i++) {
		deadline = sluice_deadline((1 + i) * MILLISECOND);
		ASSERT_EQ(0, loan_question(&self->side, 0, i));
		ASSERT_EQ(0, sluice_request_set_deadline(self->side.request[0],
							 deadline));
		if (send_question(&self->side, 0, 0) == 1) {
			ASSERT_EQ(0, cancel(&self->side, 0, 0));
			sent++;
		} else {
			ASSERT_EQ(0, drop_question(&self->side, 0, 0));
		}
	}
	ASSERT_EQ(ROOM, sent);
	EXPECT_TRUE(EVENTUALLY(now() > deadline));
	ASSERT_EQ(0, loan_question(&self->side, 0, 99));
	ASSERT_EQ(-EINTR, interrupted(&self->side, 0, 0));
	begin(server, take, 0, SLUICE_FOREVER);
	EXPECT_EQ(1, send_question(&self->side, 0, 0))
		TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(99, finish(server));
}

/* ---- What needs none ----------------------------------------------------- */

/* The limit of what may be pending is another one, and is told at once. */
TEST_F(room, is_not_what_pending_responses_lack)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_many(&self->side, ROOM, 0));
	ASSERT_EQ(0, loan_question(&self->side, ROOM, ROOM));
	EXPECT_EQ(-EBUSY, send_question(&self->side, ROOM, 0));
	EXPECT_SAYS("max_active_requests_per_client");
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(-EINTR, interrupted(&self->side, ROOM, 0));
	ASSERT_EQ(0, at(server, take, 0, LONG));
	EXPECT_EQ(1, send_question(&self->side, ROOM, 0));
}

/* Without a server the client does not wait. */
TEST_F(room, without_a_server)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&no_overflow)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(0, ask(&self->side, 0, 1));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
}

TEST_HARNESS_MAIN
