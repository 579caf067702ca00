// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of how a stream of responses ends: with a reply that is marked as the last, with a
 * status, or after a hint that it is enough.
 */
#include "steps.h"

ENDS_FIXTURE(rule_stream_end);

/* ---- Steps ---------------------------------------------------------------- */

/* answer_last(slot, value): answers with a reply that is the last. */
static long answer_last(struct side *side, long slot, long value)
{
	long result = loan_answer(side, slot, value);
	int r;

	if (result < 0)
		return result;
	r = sluice_reply_set_last(side->reply[slot]);
	return r < 0 ? r : send_answer(side, slot, 0);
}

/* loan_more(slot): loans one more reply for a request; 0 or why not. */
static long loan_more(struct side *side, long slot, long unused)
{
	struct sluice_reply *reply = sluice_active_request_loan(side->active[slot], 1);

	(void)unused;
	if (!reply)
		return -errno;
	return sluice_reply_release(reply);
}

/* end_with(slot, code): ends a request with a code, and a text if it is even. */
static long end_with(struct side *side, long slot, long code)
{
	int r = sluice_active_request_end(side->active[slot], (int)code,
					  code % 2 ? NULL : "no such thing");

	if (!r)
		side->active[slot] = NULL;
	return r;
}

static long has_stop_hint(struct side *side, long slot, long unused)
{
	(void)unused;
	return sluice_active_request_has_stop_hint(side->active[slot]);
}

/* hear_last(slot): receives a response; 1 if it was marked as the last. */
static long hear_last(struct side *side, long slot, long timeout)
{
	struct sluice_response_info info = SLUICE_RESPONSE_INFO();
	long result = hear_info(side, slot, timeout, &info);

	return result < 0 ? result : (long)info.last;
}

static void meet(struct __test_metadata *_metadata, FIXTURE_DATA(rule_stream_end) *self,
		 enum place place, const struct sluice_service_opts *opts)
{
	start_server(_metadata, &self->end[0], place, &calls, opts, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
}

/* ---- The last reply -------------------------------------------------------- */

TEST_F(rule_stream_end, a_last_reply_ends_the_stream_before_the_request_is_released)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, at(server, answer_last, 0, 3));
	EXPECT_EQ(0, hear_last(&self->side, 0, LONG));
	EXPECT_EQ(1, hear_last(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, sluice_pending_response_is_connected(self->side.pending[0]));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_stream_end, nothing_is_loaned_or_sent_after_the_last_reply)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer_last, 0, 2));
	EXPECT_EQ(-EINVAL, at(server, loan_more, 0, 0));
	EXPECT_EQ(-EINVAL, at(server, end_with, 0, 5));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
}

TEST_F(rule_stream_end, requests_go_on_while_ended_ones_are_held)
{
	struct end *server = &self->end[0];
	long i;

	meet(_metadata, self, variant->place, &two_active);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(i, at(server, take, i % 2, LONG));
		ASSERT_EQ(0, at(server, answer_last, i % 2, i + 1));
		ASSERT_EQ(i + 1, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
		if (i) {
			ASSERT_EQ(0, at(server, done, (i + 1) % 2, 0));
		}
	}
}

/* ---- A status -------------------------------------------------------------- */

TEST_F(rule_stream_end, a_status_comes_after_all_responses)
{
	struct sluice_status status = SLUICE_STATUS();
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(3, at(server, answer_many, 0, 3));
	ASSERT_EQ(0, at(server, end_with, 0, ENOENT));
	EXPECT_EQ(0, sluice_pending_response_status(self->side.pending[0], &status));
	EXPECT_EQ(0, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, hear(&self->side, 0, LONG));
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EREMOTEIO, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, sluice_pending_response_status(self->side.pending[0], &status));
	EXPECT_EQ(ENOENT, status.code);
	EXPECT_STREQ("no such thing", status.text);
	EXPECT_NE(0, status.server);
	EXPECT_EQ(-EREMOTEIO, hear(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(rule_stream_end, a_status_may_have_no_text)
{
	struct sluice_status status = SLUICE_STATUS();
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, end_with, 0, SLUICE_STATUS_MAX));
	EXPECT_EQ(-EREMOTEIO, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, sluice_pending_response_status(self->side.pending[0], &status));
	EXPECT_EQ(SLUICE_STATUS_MAX, status.code);
	EXPECT_STREQ("", status.text);
}

TEST_F(rule_stream_end, a_status_of_each_of_many_requests)
{
	struct sluice_status status = SLUICE_STATUS();
	struct end *server = &self->end[0];
	long i;

	meet(_metadata, self, variant->place, NULL);
	for (i = 1; i < 200; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, end_with, 0, i));
		ASSERT_EQ(-EREMOTEIO, hear(&self->side, 0, LONG));
		ASSERT_EQ(1, sluice_pending_response_status(self->side.pending[0], &status));
		ASSERT_EQ(i, status.code);
		ASSERT_STREQ(i % 2 ? "" : "no such thing", status.text);
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

TEST_F(rule_stream_end, a_status_of_one_server_waits_for_the_others)
{
	struct sluice_status status = SLUICE_STATUS();
	struct end *first = &self->end[0], *second = &self->end[1];

	start_two_servers(_metadata, first, second, variant->place, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(first, take, 0, LONG));
	ASSERT_EQ(1, at(second, take, 0, LONG));
	ASSERT_EQ(0, at(first, end_with, 0, 6));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(second, answer_and_done, 0, 2));
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EREMOTEIO, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, sluice_pending_response_status(self->side.pending[0], &status));
	EXPECT_EQ(6, status.code);
}

TEST_F(rule_stream_end, codes_and_texts_have_limits)
{
	char text[SLUICE_STATUS_TEXT_MAX + 2];
	struct sluice_active_request *request;
	struct side *side = &self->side;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, ask(side, 0, 1));
	request = sluice_server_receive(side->server, LONG);
	ASSERT_NE(NULL, request);
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_end(request, 0, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_end(request, -1, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_end(request, SLUICE_STATUS_MAX + 1, NULL));
	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_end(request, 1, text));
	text[sizeof(text) - 2] = '\0';
	EXPECT_EQ(0, sluice_active_request_end(request, 1, text));
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_end(request, 1, text));
	EXPECT_EQ(-EREMOTEIO, hear(side, 0, LONG));
}

/* ---- It is enough ---------------------------------------------------------- */

TEST_F(rule_stream_end, a_stop_hint_leaves_the_stream_open)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(0, at(server, has_stop_hint, 0, 0));
	ASSERT_EQ(0, sluice_pending_response_set_stop_hint(self->side.pending[0]));
	EXPECT_EQ(1, at(server, has_stop_hint, 0, 0));
	EXPECT_EQ(1, at(server, is_connected, 0, 0));
	EXPECT_EQ(0, at(server, answer, 0, 7));
	EXPECT_EQ(7, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_stream_end, a_stop_hint_reaches_a_request_that_is_still_queued)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(0, sluice_pending_response_set_stop_hint(self->side.pending[0]));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(1, at(server, has_stop_hint, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(rule_stream_end, a_stop_hint_ends_with_the_pending_response)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place, NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, sluice_pending_response_set_stop_hint(self->side.pending[0]));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, at(server, has_stop_hint, 0, 0));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
	/* A later request does not have it either. */
	ASK_AND_TAKE(&self->side, server, 0, 2);
	EXPECT_EQ(0, at(server, has_stop_hint, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_HARNESS_MAIN
