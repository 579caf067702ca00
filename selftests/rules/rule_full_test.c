// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of full queues where messages do not overflow: a port waits, goes without, or
 * asks its program.
 */
#include "steps.h"

ENDS_FIXTURE(rule_full);

static const struct sluice_service_opts keep = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_active_requests_per_client = 2,
	.max_response_buffer_size = 2);

/* The questions that a port was asked, and its answers; in the memory of the port's end. */
static struct {
	struct sluice_full seen;
	int asked;
	int patience;		/* retries before the answer */
	int answer;
} asking;

static int answer_full(const struct sluice_full *full, void *context)
{
	(void)context;
	asking.seen = *full;
	asking.asked++;
	return full->retries < (uint64_t)asking.patience ? SLUICE_ANSWER_RETRY : asking.answer;
}

static const struct sluice_client_opts client_discards = SLUICE_CLIENT_OPTS(
	.port = { .when_full = SLUICE_FULL_DISCARD });
static const struct sluice_server_opts server_discards = SLUICE_SERVER_OPTS(
	.port = { .when_full = SLUICE_FULL_DISCARD });
static const struct sluice_client_opts client_asks = SLUICE_CLIENT_OPTS(
	.port = { .ask_when_full = answer_full });
static const struct sluice_server_opts server_asks = SLUICE_SERVER_OPTS(
	.port = { .ask_when_full = answer_full });

/* ---- Steps ---------------------------------------------------------------- */

/* answer_with(patience, answer): what this end says from here on when it is asked. */
static long answer_with(struct side *side, long patience, long answer)
{
	(void)side;
	memset(&asking, 0, sizeof(asking));
	asking.patience = (int)patience;
	asking.answer = (int)answer;
	return 0;
}

static long asked(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return asking.asked;
}

/* try_answer(slot): sends what was loaned, which is kept if that fails. */
static long try_answer(struct side *side, long slot, long unused)
{
	int r = sluice_reply_send(side->reply[slot]);

	(void)unused;
	if (r >= 0)
		side->reply[slot] = NULL;
	return r;
}

/* hear_position(slot): receives a response; its position. */
static long hear_position(struct side *side, long slot, long timeout)
{
	struct sluice_response_info info = SLUICE_RESPONSE_INFO();
	long result = hear_info(side, slot, timeout, &info);

	return result < 0 ? result : (long)info.position;
}

/* Two requests are queued, whose pending responses are released: no third has room. */
static void fill(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, ask(side, 1, 2));
	ASSERT_EQ(0, cancel(side, 0, 0));
	ASSERT_EQ(0, cancel(side, 1, 0));
}

/* ---- Requests -------------------------------------------------------------- */

TEST_F(rule_full, a_request_is_discarded_for_the_server_that_is_full)
{
	struct end *full = &self->end[0], *other = &self->end[1];

	SET_UP_PORTS(&calls, &keep, &client_discards, NULL);
	fill(_metadata, &self->side);
	EXPECT_EQ(0, ask(&self->side, 0, 3));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, LONG));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	start_server(_metadata, other, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	ASK_AND_TAKE(&self->side, other, 0, 4);
	EXPECT_EQ(0, at(other, done, 0, 0));
	EXPECT_EQ(1, at(full, take, 0, LONG));
	EXPECT_EQ(2, at(full, take, 1, LONG));
	EXPECT_EQ(-EAGAIN, at(full, take, 2, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(full, done, 0, 0));
	EXPECT_EQ(0, at(full, done, 1, 0));
}

TEST_F(rule_full, a_program_is_asked_and_discards)
{
	SET_UP_PORTS(&calls, &keep, &client_asks, NULL);
	fill(_metadata, &self->side);
	answer_with(NULL, 2, SLUICE_ANSWER_DISCARD);
	EXPECT_EQ(0, ask(&self->side, 0, 3));
	EXPECT_EQ(3, asking.asked);
	EXPECT_EQ(2, asking.seen.retries);
	EXPECT_LT(0, asking.seen.elapsed);
	EXPECT_EQ(sluice_client_id(self->side.client), asking.seen.port);
	EXPECT_NE(0, asking.seen.peer);
	EXPECT_LT(0, asking.seen.request);
}

TEST_F(rule_full, a_program_is_asked_and_has_it_fail)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&calls, &keep, &client_asks, NULL);
	fill(_metadata, &self->side);
	answer_with(NULL, 0, SLUICE_ANSWER_FAIL);
	ASSERT_EQ(0, loan_question(&self->side, 0, 3));
	EXPECT_EQ(-ENOBUFS, send_question(&self->side, 0, 0));
	EXPECT_SAYS("ask_when_full");
	EXPECT_EQ(-ENOBUFS, send_question(&self->side, 0, 0));
	/* It is still loaned, and nothing of it counts as pending. */
	EXPECT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(1, send_question(&self->side, 0, 0));
	EXPECT_EQ(2, at(server, take, 1, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, at(server, done, 1, 0));
	EXPECT_EQ(3, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, answer_and_done, 0, 4));
	EXPECT_EQ(4, hear(&self->side, 0, LONG));
}

TEST_F(rule_full, a_failed_send_has_reached_the_others_and_can_go_on)
{
	struct end *full = &self->end[0], *other = &self->end[1];

	SET_UP_PORTS(&calls, &keep, &client_asks, NULL);
	fill(_metadata, &self->side);
	start_server(_metadata, other, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(2, wait_servers(&self->side, 2, LONG));
	answer_with(NULL, 0, SLUICE_ANSWER_FAIL);
	ASSERT_EQ(0, loan_question(&self->side, 0, 3));
	EXPECT_EQ(-ENOBUFS, send_question(&self->side, 0, 0));
	EXPECT_EQ(3, at(other, take, 0, LONG));
	EXPECT_EQ(1, at(other, is_connected, 0, 0));
	EXPECT_EQ(1, at(full, take, 0, LONG));
	EXPECT_EQ(2, send_question(&self->side, 0, 0));
	EXPECT_EQ(-EAGAIN, at(other, take, 1, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(other, done, 0, 0));
	EXPECT_EQ(0, at(full, done, 0, 0));
	EXPECT_EQ(2, at(full, take, 0, LONG));
	EXPECT_EQ(3, at(full, take, 1, LONG));
	EXPECT_EQ(0, at(full, done, 0, 0));
	EXPECT_EQ(0, at(full, done, 1, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_full, failing_many_times_leaks_no_capacity)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&calls, &keep, &client_asks, NULL);
	fill(_metadata, &self->side);
	answer_with(NULL, 0, SLUICE_ANSWER_FAIL);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-ENOBUFS, ask(&self->side, 0, 3));
	}
	EXPECT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(2, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	ASK_AND_TAKE_MANY(&self->side, server, 2, 4);
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, at(server, done, 1, 0));
}

TEST_F(rule_full, a_program_that_retries_gets_through_when_there_is_room)
{
	struct end *client = &self->end[1], *server = &self->end[0];

	SET_UP_PAIR(&keep);
	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), PTR(&client_asks)));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	ASSERT_EQ(0, at(client, answer_with, INT32_MAX, SLUICE_ANSWER_FAIL));
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	begin(client, ask, 2, 3);
	EXPECT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(1, finish(client));
	EXPECT_EQ(2, at(server, take, 1, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, at(server, done, 1, 0));
	EXPECT_EQ(3, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

/* ---- Responses ------------------------------------------------------------- */

TEST_F(rule_full, a_reply_waits_for_room)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&keep);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	begin(server, answer_many, 0, 100);
	ASSERT_EQ(100, hear_many(&self->side, 0, 100));
	EXPECT_EQ(100, finish(server));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_full, other_requests_come_after_a_reply_has_waited)
{
	struct end *server = &self->end[0], *other = &self->end[1];

	SET_UP_PAIR(&keep);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	begin(server, answer_many, 0, 3);
	ASSERT_EQ(1, at(other, ask, 0, 9));
	ASSERT_EQ(1, ask(&self->side, 1, 8));
	ASSERT_EQ(0, hear(&self->side, 0, LONG));
	EXPECT_EQ(3, finish(server));
	EXPECT_EQ(17, at(server, take, 1, LONG) + at(server, take, 2, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, at(server, done, 1, 0));
	EXPECT_EQ(0, at(server, done, 2, 0));
}

TEST_F(rule_full, a_wait_of_a_reply_ends_when_nobody_wants_it)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&keep);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(2, at(server, answer_many, 0, 2));
	begin(server, answer, 0, 3);
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(-EPIPE, finish(server));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(rule_full, a_wait_of_a_reply_ends_with_the_client)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	SET_UP_PAIR(&keep);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	ASSERT_EQ(2, at(server, answer_many, 0, 2));
	begin(server, answer, 0, 3);
	end_kill_and_reap(client);
	EXPECT_EQ(-ECONNRESET, finish(server));
	EXPECT_EQ(0, at(server, done, 0, 0));
	sweep(_metadata);
}

TEST_F(rule_full, a_wait_of_a_reply_ends_at_the_deadline)
{
	struct sluice_request *request;
	struct end *server = &self->end[0];

	SET_UP_PAIR(&keep);
	request = sluice_client_loan_zeroed(self->side.client, 1);
	ASSERT_NE(NULL, request);
	/* Early enough to wait for, late enough for the server to come first. */
	ASSERT_EQ(0, sluice_request_set_deadline(request, sluice_deadline(SECOND)));
	((struct question *)request->data)->complement = ~UINT64_C(0);
	self->side.pending[0] = sluice_request_send(request);
	ASSERT_NE(NULL, self->side.pending[0]);
	ASSERT_EQ(0, at(server, take, 0, LONG));
	ASSERT_EQ(2, at(server, answer_many, 0, 2));
	ASSERT_EQ(0, at(server, loan_answer, 0, 3));
	EXPECT_EQ(-ETIMEDOUT, at(server, try_answer, 0, 0));
	EXPECT_EQ(0, at(server, drop_answer, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(rule_full, a_discarded_reply_leaves_a_gap)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&calls, &keep, NULL, &server_discards);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 10));
	ASSERT_EQ(0, at(server, answer, 0, 11));
	EXPECT_EQ(1, at(server, answer, 0, 12));
	EXPECT_EQ(1, at(server, answer, 0, 13));
	EXPECT_EQ(0, hear_position(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, answer, 0, 14));
	EXPECT_EQ(1, hear_position(&self->side, 0, LONG));
	EXPECT_EQ(4, hear_position(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_full, a_server_is_asked_and_has_a_reply_fail)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&calls, &keep, NULL, &server_asks);
	ASSERT_EQ(0, at(server, answer_with, 2, SLUICE_ANSWER_FAIL));
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 10));
	ASSERT_EQ(0, at(server, answer, 0, 11));
	ASSERT_EQ(0, at(server, loan_answer, 0, 12));
	EXPECT_EQ(-ENOBUFS, at(server, try_answer, 0, 0));
	EXPECT_EQ(3, at(server, asked, 0, 0));
	EXPECT_EQ(10, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, try_answer, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(11, hear(&self->side, 0, LONG));
	EXPECT_EQ(12, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_full, with_overflow_the_oldest_response_leaves_the_gap)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&buffer_of_two);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(5, at(server, answer_many, 0, 5));
	EXPECT_EQ(3, hear_position(&self->side, 0, LONG));
	EXPECT_EQ(4, hear_position(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_HARNESS_MAIN
