// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of loans: how many requests and replies may be loaned, what counts as loaned,
 * how long they may be, and that a loan which fails takes nothing.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_loans);

/* ---- Of requests --------------------------------------------------------- */

TEST_F(rule_loans, a_client_has_max_loaned_requests_and_no_more)
{
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < LOANS; i++) {
		ASSERT_EQ(0, loan_question(&self->side, i, i));
	}
	EXPECT_EQ(-ENOBUFS, loan_question(&self->side, LOANS, 0));
	EXPECT_SAYS("max_loaned_requests");
}

TEST_F(rule_loans, sent_requests_do_not_count_as_loaned)
{
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(LOANS, ask_many(&self->side, LOANS, 0));
	for (i = LOANS; i < 2 * LOANS; i++) {
		EXPECT_EQ(0, loan_question(&self->side, i, i))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(-ENOBUFS, loan_question(&self->side, i, 0));
}

TEST_F(rule_loans, a_request_given_back_makes_room_for_one)
{
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < LOANS; i++) {
		ASSERT_EQ(0, loan_question(&self->side, i, i));
	}
	EXPECT_EQ(0, drop_question(&self->side, 3, 0));
	EXPECT_EQ(0, loan_question(&self->side, 3, 3));
	EXPECT_EQ(-ENOBUFS, loan_question(&self->side, LOANS, 0));
}

TEST_F(rule_loans, a_refused_loan_of_a_request_takes_no_place)
{
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < 100; i++) {
		EXPECT_FAILS(EINVAL, sluice_client_loan(self->side.client, 2));
	}
	for (i = 0; i < LOANS; i++) {
		ASSERT_EQ(0, loan_question(&self->side, i, i));
	}
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(-ENOBUFS, loan_question(&self->side, LOANS, 0));
	}
	EXPECT_EQ(0, drop_question(&self->side, 0, 0));
	EXPECT_EXCHANGE(&self->side, &self->end[0]);
}

/* ---- Of replies ---------------------------------------------------------- */

/* loan_replies(count): so many to the request in slot 0, and they are kept. */
static long loan_replies(struct side *side, long count, long unused)
{
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		side->reply[i] = sluice_active_request_loan(side->active[0], 1);
		if (!side->reply[i])
			return -errno;
	}
	return count;
}

TEST_F(rule_loans, a_request_has_max_loaned_replies_and_no_more)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(-ENOBUFS, at(server, loan_replies, LOANS + 1, 0));
	EXPECT_NE(NULL, strstr(server->result.sentence,
			       "max_loaned_replies_per_request"));
	EXPECT_EQ(0, at(server, drop_answer, LOANS - 1, 0));
}

TEST_F(rule_loans, each_active_request_has_its_own_replies)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, ask(&self->side, 9, 2));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(2, at(server, take, 9, LONG));
	ASSERT_EQ(LOANS, at(server, loan_replies, LOANS, 0));
	EXPECT_EQ(0, at(server, loan_answer, 9, 7));
	EXPECT_EQ(0, at(server, send_answer, 9, 0));
	EXPECT_EQ(7, hear(&self->side, 9, LONG));
}

TEST_F(rule_loans, sent_replies_do_not_count_as_loaned)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(BUFFER, at(server, answer_many, 0, BUFFER));
	EXPECT_EQ(LOANS, at(server, loan_replies, LOANS, 0));
	EXPECT_EQ(BUFFER, hear_many(&self->side, 0, BUFFER));
}

TEST_F(rule_loans, a_reply_given_back_makes_room_for_one)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(LOANS, at(server, loan_replies, LOANS, 0));
	EXPECT_EQ(0, at(server, drop_answer, 5, 0));
	EXPECT_EQ(0, at(server, answer, 0, 7));
	EXPECT_EQ(7, hear(&self->side, 0, LONG));
}

/* refuse_replies(times): loans that are too long, and loans that are too many. */
static long refuse_replies(struct side *side, long times, long unused)
{
	long i;

	(void)unused;
	for (i = 0; i < times; i++)
		if (sluice_active_request_loan(side->active[0], 101) ||
		    errno != EMSGSIZE)
			return -EBADMSG;
	for (i = 0; i < LOANS; i++) {
		side->reply[i] = sluice_active_request_loan(side->active[0], 100);
		if (!side->reply[i])
			return -errno;
	}
	for (i = 0; i < times; i++)
		if (sluice_active_request_loan(side->active[0], 100) ||
		    errno != ENOBUFS)
			return -EBADMSG;
	for (i = 0; i < LOANS; i++)
		if (drop_answer(side, i, 0))
			return -errno;
	return 0;
}

TEST_F(rule_loans, a_refused_loan_of_a_reply_takes_no_place)
{
	static const struct sluice_server_opts fixed = SLUICE_SERVER_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 100 });
	struct end *server = &self->end[0];

	SET_UP_PORTS(&blobs, NULL, NULL, &fixed);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	EXPECT_EQ(0, at(server, refuse_replies, 100, 0))
		TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(0, at(server, refuse_replies, 100, 0));
	EXPECT_EQ(0, at(server, answer_blob, 0, 100));
	EXPECT_EQ(100, hear_blob(&self->side, 0, LONG));
}

/* A handle that is left of one says so. */
TEST_F(rule_loans, unsent_replies_go_back_with_their_request)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&calls, NULL, NULL, &static_server);
	for (i = 0; i < 100; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, loan_answer, 0, 1));
		ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(-EINVAL, at(server, send_answer, 0, 0));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

/* ---- How long they may be ------------------------------------------------ */

/* All requests that may be loaned are loaned at once, with slices of this length. */
static void expect_all_loans(struct __test_metadata *_metadata, const struct side *side,
			     size_t length)
{
	struct sluice_request *request[LOANS];
	long i;

	for (i = 0; i < LOANS; i++) {
		request[i] = sluice_client_loan(side->client, length);
		ASSERT_NE(NULL, request[i]) TH_LOG("%s", sluice_strerror());
	}
	for (i = 0; i < LOANS; i++) {
		EXPECT_EQ(0, sluice_request_release(request[i]));
	}
}

TEST_F(rule_loans, a_static_loan_is_not_longer_than_was_said)
{
	static const struct sluice_client_opts fixed = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 100 });
	long i;

	SET_UP_PORTS(&blobs, NULL, &fixed, NULL);
	for (i = 0; i < 100; i++) {
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client, 101));
	}

	/* Nothing was taken: all that may be loaned still is. */
	expect_all_loans(_metadata, &self->side, 100);
}

/* A pool that is exhausted before its limits are: there is no such thing. */
TEST_F(rule_loans, a_static_port_has_room_for_all_that_may_be_out)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&blobs, NULL, &static_client_of_4000, NULL);
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, i, 4000));
		ASSERT_EQ(4000, at(server, take_blob, i, LONG));
		ASSERT_EQ(0, cancel(&self->side, i, 0));
	}
	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, i, 4000))
			TH_LOG("%s", sluice_strerror());
	}
	expect_all_loans(_metadata, &self->side, 4000);
}

TEST_F(rule_loans, a_loan_beyond_the_memory_limit_is_refused)
{
	static const struct sluice_client_opts limited = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = 1 << 20 });

	SET_UP_PORTS(&blobs, NULL, &limited, NULL);
	EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client, 2 << 20));
	EXPECT_EQ(1, ask_blob(&self->side, 0, 100000));
}

TEST_F(rule_loans, a_slice_may_be_empty)
{
	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	begin(&self->end[0], serve_blobs, 1, 0);
	EXPECT_EQ(0, exchange_blob(&self->side, 0, 0));
	EXPECT_EQ(1, finish(&self->end[0]));
}

TEST_F(rule_loans, a_loan_can_be_shortened_and_not_lengthened)
{
	struct end *server = &self->end[0];
	struct sluice_request *request;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	request = sluice_client_loan(self->side.client, 100);
	ASSERT_NE(NULL, request);
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 101));
	EXPECT_EQ(0, sluice_request_shorten(request, 60));
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 61));
	pattern_fill(request->data, 60, 60);
	self->side.pending[0] = sluice_request_send(request);
	EXPECT_EQ(60, at(server, take_blob, 0, LONG));
}

TEST_F(rule_loans, zeroed_memory_is_zeroed)
{
	struct sluice_request *request;
	int i;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	for (i = 0; i < 2; i++) {
		request = sluice_client_loan_zeroed(self->side.client, 5000);
		ASSERT_NE(NULL, request);
		EXPECT_TRUE(all_zero(request->data, 5000));
		memset(request->data, 0xff, 5000);
		EXPECT_EQ(0, sluice_request_release(request));
	}
}

TEST_HARNESS_MAIN
