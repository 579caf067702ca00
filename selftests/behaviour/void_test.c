// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loans that the library has voided: replies whose request was released, or whose server was
 * destroyed, and requests whose client was.  A program may release or send them at any time
 * before its node is destroyed, as objects of C++ do, whatever has gone meanwhile: the call fails
 * with EINVAL and touches no memory that was freed, which the address sanitizer sees.
 */
#include "steps.h"

ENDS_FIXTURE(voided);

/* A client has asked for 1 and has left; the side's server holds that, and a loaned reply. */
static void lose_client(struct __test_metadata *_metadata, FIXTURE_DATA(voided) *self,
			enum place place)
{
	start_reversed(_metadata, &self->end[0], place, &self->side, &calls);
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 1));
	ASSERT_EQ(1, take(&self->side, 0, LONG));
	ASSERT_EQ(0, loan_answer(&self->side, 0, 7));
	end_stop(&self->end[0]);
	ASSERT_TRUE(EVENTUALLY(is_connected(&self->side, 0, 0) == 0));
}

/* Neither released nor sent; the slot is empty afterwards. */
static void expect_void_reply(struct __test_metadata *_metadata, struct side *side)
{
	struct sluice_reply *reply = side->reply[0];

	EXPECT_FAILS_INT(EINVAL, sluice_reply_set_last(reply));
	EXPECT_EQ(-EINVAL, send_answer(side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_reply_release(reply));
	EXPECT_SAYS("not loaned");
}

TEST_F(voided, reply_after_its_request)
{
	struct side *side = &self->side;

	lose_client(_metadata, self, variant->place);
	ASSERT_EQ(0, done(side, 0, 0));
	(void)!take(side, 1, MILLISECOND);
	expect_void_reply(_metadata, side);
}

TEST_F(voided, reply_after_a_status)
{
	struct side *side = &self->side;

	lose_client(_metadata, self, variant->place);
	ASSERT_EQ(0, sluice_active_request_end(side->active[0], 7, "no"));
	side->active[0] = NULL;
	(void)!take(side, 1, MILLISECOND);
	expect_void_reply(_metadata, side);
}

TEST_F(voided, reply_after_its_server)
{
	struct side *side = &self->side;

	lose_client(_metadata, self, variant->place);
	ASSERT_EQ(0, close_server(side, 0, 0));
	ASSERT_EQ(0, done(side, 0, 0));
	ASSERT_EQ(0, close_service(side, 0, 0));
	expect_void_reply(_metadata, side);
}

/* The other way round: the request is held while the server goes. */
TEST_F(voided, reply_before_its_request)
{
	struct side *side = &self->side;

	lose_client(_metadata, self, variant->place);
	ASSERT_EQ(0, close_server(side, 0, 0));
	expect_void_reply(_metadata, side);
	ASSERT_EQ(0, done(side, 0, 0));
}

TEST_F(voided, request_after_its_client)
{
	struct side *side = &self->side;
	struct sluice_request *request;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, loan_question(side, 0, 20));
	request = side->request[0];
	ASSERT_EQ(0, close_client(side, 0, 0));
	EXPECT_FAILS(EINVAL, sluice_request_send(request));
	/* Another client has other requests, and not this one. */
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(0, loan_question(side, 1, 21));
	EXPECT_NE(request, side->request[1]);
	EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
	ASSERT_EQ(0, close_client(side, 0, 0));
	ASSERT_EQ(0, close_service(side, 0, 0));
	EXPECT_EQ(-EINVAL, drop_question(side, 0, 0));
	EXPECT_EQ(-EINVAL, drop_question(side, 1, 0));
}

/* ---- A bound -------------------------------------------------------------------- */

#define CLIENTS		40
/* As long as one of fewer than 8 others was released, a handle is not used again; and one. */
#define HANDLES		(8 + 2)

static int distinct(void *const *pointers, int count)
{
	int i, k, different = 0;

	for (i = 0; i < count; i++) {
		for (k = 0; k < i && pointers[k] != pointers[i]; k++)
			;
		different += k == i;
	}
	return different;
}

/* Clients that die leave voided replies behind.  They do not take more memory each. */
TEST_F(voided, replies_of_many_clients)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	void *replies[CLIENTS];
	int i;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	for (i = 0; i < CLIENTS; i++) {
		start_client(_metadata, client, variant->place, &calls, 1);
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(i, take(side, 0, LONG));
		ASSERT_EQ(0, loan_answer(side, 0, i));
		replies[i] = side->reply[0];
		end_stop(client);
		ASSERT_TRUE(EVENTUALLY(is_connected(side, 0, 0) == 0));
		ASSERT_EQ(0, done(side, 0, 0));
		ASSERT_EQ(-EAGAIN, take(side, 0, SLUICE_NOWAIT));
		EXPECT_EQ(-EINVAL, drop_answer(side, 0, 0));
	}
	EXPECT_GE(HANDLES, distinct(replies, CLIENTS));
}

TEST_F(voided, requests_of_many_clients)
{
	struct side *side = &self->side;
	void *requests[CLIENTS];
	int i;

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, open_client(side, 0, 0));
		ASSERT_EQ(0, loan_question(side, 0, i));
		requests[i] = side->request[0];
		ASSERT_EQ(0, close_client(side, 0, 0));
		EXPECT_EQ(-EINVAL, drop_question(side, 0, 0));
	}
	EXPECT_GE(HANDLES, distinct(requests, CLIENTS));
}

TEST_HARNESS_MAIN
