// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices that a port keeps at hand, and returns that it does not read yet: nothing is short
 * of them, and no memory grows for them.  And a stream whose last reply tells its end.
 */
#include "steps.h"
#include "blobs.h"

ENDS_FIXTURE(at_hand);

#define MIB	((size_t)1 << 20)
#define LARGE	20000		/* more than a page, so that none is kept at hand */

/* Loans that are given back, of lengths that come again and again. */
static void loan_often(struct __test_metadata *_metadata, struct sluice_client *client)
{
	static const size_t sizes[] = { 64, 64, 64, 200, 200, 3000, 3000, 64, 5000, 64 };
	struct sluice_request *request;
	size_t i;

	for (i = 0; i < 100 * ARRAY_SIZE(sizes); i++) {
		request = sluice_client_loan(client, sizes[i % ARRAY_SIZE(sizes)]);
		ASSERT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
		pattern_fill(request->data, request->size, (long)i);
		EXPECT_EQ(0, sluice_request_release(request));
	}
}

TEST_F(at_hand, slices_are_given_up_for_a_long_one)
{
	static const struct sluice_client_opts limited = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = MIB });
	struct sluice_request *request;
	int i;

	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), PTR(&limited)));
	for (i = 0; i < 5; i++) {
		loan_often(_metadata, self->side.client);
		request = sluice_client_loan(self->side.client, MIB);
		ASSERT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
		EXPECT_EQ(0, sluice_request_release(request));
	}
}

/* Two slices that are held at the same time lie at different places, whatever came before. */
TEST_F(at_hand, no_slice_is_loaned_twice)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = 32);
	struct sluice_request *request[32];
	int round, i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), PTR(&many)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 32; i++) {
			request[i] = sluice_client_loan(self->side.client, i % 3 ? 64 : 300);
			ASSERT_NE(NULL, request[i]) TH_LOG("%s", sluice_strerror());
			pattern_fill(request[i]->data, request[i]->size, round + i);
		}
		/* In another order than they were loaned. */
		for (i = 0; i < 32; i++) {
			int which = (i * 7 + round) % 32;

			EXPECT_TRUE(pattern_holds(request[which]->data, request[which]->size,
						  round + which));
			EXPECT_EQ(0, sluice_request_release(request[which]));
		}
	}
}

/* The server may return a request after the next one is loaned, but not hundreds of them. */
TEST_F(at_hand, returns_are_read_before_memory_grows)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	int i;

	start_server(_metadata, server, variant->place, &blobs, NULL, NULL);
	open_client_side(_metadata, &self->side, &blobs, NULL, 1);
	begin(server, serve_blobs, 600, 0);
	for (i = 0; i < 600; i++)
		ASSERT_EQ(0, exchange_blob(&self->side, 0, i % 2 ? 64 : LARGE));
	EXPECT_EQ(600, finish(server));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_GE(20 * LARGE, memory.bytes);
}

/* ---- The end of a stream ------------------------------------------------------------ */

/* answer_last(slot, value): sends the last reply; 1: it was discarded. */
static long answer_last(struct side *side, long slot, long value)
{
	long r = loan_answer(side, slot, value);

	if (!r)
		r = sluice_reply_set_last(side->reply[slot]);
	if (!r)
		r = sluice_reply_send(side->reply[slot]);
	if (r >= 0)
		side->reply[slot] = NULL;
	return r;
}

TEST_F(at_hand, the_last_reply_ends_a_stream)
{
	struct end *server = &self->end[0];
	int i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	for (i = 0; i < 100; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, answer_last, 0, i + 1));
		/* Before and after the request is released. */
		if (i % 2)
			ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(i + 1, hear(&self->side, 0, LONG));
		EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
		if (i % 3)
			ASSERT_EQ(0, cancel(&self->side, 0, 0));
		if (!(i % 2))
			ASSERT_EQ(0, at(server, done, 0, 0));
		if (!(i % 3))
			ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

/* The client has not seen it, so the end of the request has to tell. */
TEST_F(at_hand, a_last_reply_that_was_discarded_does_not_hide_the_end)
{
	static const struct sluice_service_opts keep = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
		.max_response_buffer_size = 1);
	static const struct sluice_server_opts discards = SLUICE_SERVER_OPTS(
		.port = { .when_full = SLUICE_FULL_DISCARD });
	struct end *server = &self->end[0];
	int i;

	start_server(_metadata, server, variant->place, &calls, &keep, &discards);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	for (i = 0; i < 20; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, answer, 0, 1));
		ASSERT_EQ(1, at(server, answer_last, 0, 2));
		EXPECT_EQ(1, hear(&self->side, 0, LONG));
		EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

TEST_HARNESS_MAIN
