// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that some servers have and others have not: of two servers the one with
 * room (room.h) has the request at once, and the sending sleeps for the other one.  If
 * that ends early the request is half-sent.  It can be sent on, to the others only;
 * it can be changed no more; and its release cancels it.  If nobody has it, it is as
 * it was before.
 */
#include "steps.h"
#include "room.h"

ENDS_FIXTURE(room);

/* ---- Sent to both -------------------------------------------------------- */

TEST_F(room, with_one_is_used_at_once)
{
	struct end *slow = &self->end[0], *fast = &self->end[1],
		   *client = &self->end[2];
	long i;

	start_server(_metadata, slow, variant->place, &calls, &no_overflow, NULL);
	start_server(_metadata, fast, variant->place, &calls, &no_overflow, NULL);
	start_client(_metadata, client, variant->place, &calls, 2);
	ASSERT_EQ(ROOM, at(client, ask_only, 0, ROOM));
	ASSERT_EQ(ROOM, at(fast, take_only, 0, ROOM));
	begin(client, ask, 0, ROOM);
	EXPECT_EQ(ROOM, at(fast, take, 0, LONG));
	EXPECT_EQ(1, at(fast, is_connected, 0, 0));
	EXPECT_EQ(0, at(fast, answer_and_done, 0, 70));
	until_asleep(client);
	ASSERT_TRUE(still_busy(client));

	/* The slow one comes round, and has missed nothing. */
	for (i = 0; i <= ROOM; i++) {
		ASSERT_EQ(i, at(slow, take, 0, LONG));
		if (i < ROOM) {
			ASSERT_EQ(0, at(slow, done, 0, 0));
		}
	}
	EXPECT_EQ(2, finish(client));
	EXPECT_EQ(0, at(slow, answer_and_done, 0, 71));
	EXPECT_EQ(70 + 71, at(client, hear, 0, LONG) + at(client, hear, 0, LONG));
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(fast, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(slow, take, 0, SLUICE_NOWAIT));
}

/* Each has it once, however often the sending had to be taken up again. */
TEST_F(room, after_interruptions)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, ROOM));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(-EINTR, interrupted(&self->side, 0, 0));
		EXPECT_NE(0, sluice_strerror()[0]);
		ASSERT_EQ(NULL, (void *)self->side.pending[0]);
		if (i == 5) {
			ASSERT_EQ(ROOM, at(fast, take, 0, LONG));
		}
		if (i == 10) {
			ASSERT_EQ(0, at(fast, answer, 0, 70));
		}
		if (i == 15) {
			ASSERT_EQ(0, at(fast, done, 0, 0));
		}
	}
	ASSERT_EQ(1, at(slow, take_only, 0, 1));
	EXPECT_EQ(2, send_question(&self->side, 0, 0))
		TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(70, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(fast, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(ROOM, at(slow, take_only, 1, ROOM));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(slow, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, at(fast, take, 0, MILLISECOND));
}

/* Slices too: shortened while it may be, and every byte arrives at both. */
TEST_F(room, for_slices)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;
	struct sluice_request *request;
	long i;

	start_two_servers(_metadata, slow, fast, variant->place, side, &blobs, &no_overflow);
	for (i = 0; i < ROOM; i++) {
		ASSERT_EQ(2, ask_blob(side, 0, 1000 + i));
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(1000 + i, at(fast, take_blob, 0, LONG));
		ASSERT_EQ(0, at(fast, done, 0, 0));
	}
	request = side->request[0] = sluice_client_loan(side->client, 100000);
	ASSERT_NE(NULL, request);
	ASSERT_EQ(0, sluice_request_shorten(request, 70000));
	pattern_fill(request->data, request->size, request->count);
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 60000));
	EXPECT_EQ(70000u, request->count);
	EXPECT_EQ(70000, at(fast, take_blob, 0, LONG));
	EXPECT_EQ(0, at(fast, done, 0, 0));
	for (i = 0; i < ROOM; i++) {
		ASSERT_EQ(1000 + i, at(slow, take_blob, 0, LONG));
		ASSERT_EQ(0, at(slow, done, 0, 0));
	}
	ASSERT_EQ(2, send_question(side, 0, 0));
	EXPECT_EQ(70000, at(slow, take_blob, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(fast, take_blob, 0, SLUICE_NOWAIT));
}

/* ---- What is left of an interrupted sending ------------------------------ */

/* All servers get the same request, also those that get it later. */
TEST_F(room, leaves_a_request_that_is_half_sent)
{
	struct sluice_request *request;
	struct side *side = &self->side;
	long i;

	set_up_two(_metadata, side, &self->end[0], &self->end[1], variant->place);
	ASSERT_EQ(0, loan_question(side, 0, ROOM));
	request = side->request[0];
	ASSERT_EQ(0, sluice_request_set_deadline(request, sluice_deadline(LONG)));
	ASSERT_EQ(0, sluice_request_set_deadline(request, 0));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(request, 0));
	EXPECT_SAYS("some servers");
	EXPECT_FAILS_INT(EINVAL, sluice_request_set_deadline(request, INT64_MAX));
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 1));
	EXPECT_SAYS("some servers");
	EXPECT_EQ(1, at(&self->end[1], take_only, ROOM, 1));

	/* It was not seen by the user, but is one of those that may be pending. */
	for (i = 1; i < ROOM; i++) {
		ASSERT_EQ(0, loan_question(side, i, i));
		ASSERT_EQ(-EINTR, interrupted(side, i, 0));
	}
	ASSERT_EQ(0, loan_question(side, i, i));
	EXPECT_EQ(-EBUSY, send_question(side, i, 0));
	ASSERT_EQ(0, drop_question(side, 0, 0));
	EXPECT_EQ(-EINTR, interrupted(side, i, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
	EXPECT_FAILS(EINVAL, sluice_request_send(request));
}

/* If nobody has it, it is as it was before. */
TEST_F(room, leaves_a_request_that_nobody_has)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	struct sluice_request *request;

	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_only(side, 0, ROOM));
	ASSERT_EQ(0, loan_question(side, 0, ROOM));
	request = side->request[0];
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	EXPECT_EQ(0, sluice_request_set_deadline(request, 0));
	*(struct question *)request->data = (struct question){
		.value = ROOM + 1,
		.complement = ~(uint64_t)(ROOM + 1),
	};
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));

	/* Its memory is its own. */
	ASSERT_EQ(0, loan_question(side, 1, 77));
	EXPECT_NE(request->data, side->request[1]->data);
	ASSERT_EQ(ROOM, at(server, take_only, 0, ROOM));
	EXPECT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(1, at(server, take_only, ROOM + 1, 1));
}

/* ---- Given up ------------------------------------------------------------ */

TEST_F(room, after_a_release)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, loan_question(&self->side, 0, 100 + i));
		ASSERT_EQ(-EINTR, interrupted(&self->side, 0, 0));
		ASSERT_EQ(100 + i, at(fast, take, 0, LONG));
		ASSERT_EQ(1, at(fast, is_connected, 0, 0));
		ASSERT_EQ(0, drop_question(&self->side, 0, 0));
		ASSERT_EQ(0, at(fast, is_connected, 0, 0));
		ASSERT_EQ(-EPIPE, at(fast, answer, 0, 1));
		ASSERT_EQ(0, at(fast, done, 0, 0));
	}

	/* The slow one never hears of them. */
	ASSERT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(-ETIMEDOUT, at(slow, take, 0, MILLISECOND));
	ASSERT_EQ(2, ask(&self->side, 0, 200));
	EXPECT_EQ(1, at(slow, take_only, 200, 1));
	EXPECT_EQ(1, at(fast, take_only, 200, 1));
}

/* A client whose memory never grows loses none of it, half-sent or not. */
TEST_F(room, costs_no_memory)
{
	static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
		.max_servers = 2,
		.max_active_requests_per_client = 1,
		.max_loaned_requests = 1);
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;
	long i;

	start_server(_metadata, slow, variant->place, &calls, &few, NULL);
	start_server(_metadata, fast, variant->place, &calls, &few, NULL);
	open_client_side(_metadata, side, &calls, &static_client, 2);
	ASSERT_EQ(1, ask_only(side, 0, 1));
	ASSERT_EQ(1, at(fast, take_only, 0, 1));
	for (i = 1; i < 100; i++) {
		/* No server has room; then one has it; then the request is given up or not. */
		ASSERT_EQ(0, loan_question(side, 0, i));
		ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
		ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
		if (i % 2) {
			ASSERT_EQ(0, drop_question(side, 0, 0));
			ASSERT_EQ(0, loan_question(side, 0, 1000));
			ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
			ASSERT_EQ(0, drop_question(side, 0, 0));
			ASSERT_EQ(1, at(fast, take_only, i, 1));
			continue;
		}
		ASSERT_EQ(1, at(slow, take_only, i == 2 ? 0 : i - 2, 1));
		ASSERT_EQ(2, send_question(side, 0, 0));
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(1, at(fast, take_only, i, 1));
	}
}

TEST_HARNESS_MAIN
