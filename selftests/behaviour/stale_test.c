// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message of a client that is released a second time, after things have happened that make and
 * release no other message: receives that find nothing, loans and sends that fail, limits
 * that are told.  However many there were, the second release is EINVAL, and the other
 * messages that the program holds stay what they are.  sluice.h says how many messages
 * it takes until a stale handle may be another message's; so do the last tests here.
 * stale_server_test has the messages of a server.
 */
#include "stale.h"

/* ---- Responses ------------------------------------------------------------- */

/* The next response in slot 0, which carries this number; it has been released. */
static struct sluice_response *release_response(struct __test_metadata *_metadata,
						struct side *side, long number)
{
	struct sluice_response *stale;

	ASSERT_EQ(number, hold(side, 0, 0));
	stale = side->response[0];
	ASSERT_EQ(0, drop_response(side, 0, 0));
	return stale;
}

/*
 * Of a request that is held in slot 0 of both ends a response is held in slot 1, and
 * after so many failures to receive one, each with this error, none is taken for another.
 */
static void fail_to_receive(struct __test_metadata *_metadata, struct side *side,
			    struct end *server, long times, long timeout, long error)
{
	struct sluice_response *stale;

	ASSERT_EQ(2, at(server, answer_many, 10, 2));
	ASSERT_EQ(10, hold(side, 0, 0));
	ASSERT_EQ(11, hold(side, 0, 1));
	stale = side->response[0];
	ASSERT_EQ(0, drop_response(side, 0, 0));
	while (times--) {
		ASSERT_EQ(error, hear(side, 0, timeout));
		ASSERT_EQ(-EINVAL, sluice_response_release(stale));
	}
	ASSERT_EQ(0, at(server, answer, 0, 12));
	ASSERT_EQ(12, hold(side, 0, 2));
	ASSERT_EQ(-EINVAL, sluice_response_release(stale));
	EXPECT_EQ(11, answer_value(side->response[1]));
	EXPECT_EQ(12, answer_value(side->response[2]));
	ASSERT_EQ(0, drop_response(side, 1, 0));
	ASSERT_EQ(0, drop_response(side, 2, 0));
}

TEST_F(stale, response_after_polls)
{
	struct end *server = &self->end[0];
	long n;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (n = 0; n < OFTEN; n++)
		fail_to_receive(_metadata, &self->side, server, n, SLUICE_NOWAIT, -EAGAIN);
}

TEST_F(stale, response_after_waits)
{
	struct end *server = &self->end[0];
	long n;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (n = 0; n < OFTEN; n++)
		fail_to_receive(_metadata, &self->side, server, n, MILLISECOND / 10,
				-ETIMEDOUT);
}

/* The end of another request is told over and over. */
TEST_F(stale, response_after_ends)
{
	struct end *server = &self->end[0];
	struct sluice_response *stale;
	struct side *side = &self->side;
	long i, n;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(side, 1, 1));
	ASSERT_EQ(1, at(server, serve, 1, 0));
	ASSERT_EQ(2, hear(side, 1, LONG));
	ASK_AND_TAKE(side, server, 0, 1);
	for (n = 0; n < OFTEN; n++) {
		ASSERT_EQ(2, at(server, answer_many, 10, 2));
		stale = release_response(_metadata, side, 10);
		for (i = 0; i < n; i++) {
			ASSERT_EQ(-EPIPE, hear(side, 1, LONG));
		}
		ASSERT_EQ(11, hold(side, 0, 1));
		ASSERT_EQ(-EINVAL, sluice_response_release(stale)) TH_LOG("%ld ends", n);
		ASSERT_EQ(11, answer_value(side->response[1]));
		ASSERT_EQ(0, drop_response(side, 1, 0));
	}
}

TEST_F(stale, response_after_limits)
{
	static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(
		.max_borrowed_responses_per_pending_response = 1);
	struct end *server = &self->end[0];
	struct sluice_response *stale;
	struct side *side = &self->side;
	long i, n;

	SET_UP_PAIR(&few);
	ASK_AND_TAKE(side, server, 0, 1);
	for (n = 0; n < OFTEN; n++) {
		ASSERT_EQ(3, at(server, answer_many, 10, 3));
		stale = release_response(_metadata, side, 10);
		ASSERT_EQ(11, hold(side, 0, 1));
		for (i = 0; i < n; i++) {
			ASSERT_EQ(-ENOBUFS, hear(side, 0, LONG));
			ASSERT_EQ(-EINVAL, sluice_response_release(stale));
		}
		ASSERT_EQ(11, answer_value(side->response[1]));
		ASSERT_EQ(0, drop_response(side, 1, 0));
		ASSERT_EQ(12, hold(side, 0, 2));
		ASSERT_EQ(-EINVAL, sluice_response_release(stale)) TH_LOG("%ld limits", n);
		ASSERT_EQ(0, drop_response(side, 2, 0));
	}
}

/* ---- Requests -------------------------------------------------------------- */

/* The request in slot 0, which has been released. */
static struct sluice_request *release_request(struct __test_metadata *_metadata,
					      struct side *side)
{
	struct sluice_request *stale = side->request[0];

	ASSERT_EQ(0, drop_question(side, 0, 0));
	return stale;
}

static const struct sluice_client_opts small_client = SLUICE_CLIENT_OPTS(
	.port = { .memory_limit = 1 << 20 });

TEST_F(stale, request_after_failed_loans)
{
	struct sluice_request *stale;
	struct side *side = &self->side;
	long i, n;

	SET_UP_PORTS(&blobs, NULL, &small_client, NULL);
	for (n = 0; n < OFTEN; n++) {
		stale = sluice_client_loan(side->client, 10);
		ASSERT_NE(NULL, stale);
		ASSERT_EQ(0, sluice_request_release(stale));
		for (i = 0; i < n; i++) {
			EXPECT_FAILS(EMSGSIZE, sluice_client_loan(side->client, 4 << 20));
			ASSERT_EQ(-EINVAL, sluice_request_release(stale));
		}
		side->request[1] = sluice_client_loan(side->client, 30);
		ASSERT_NE(NULL, side->request[1]);
		ASSERT_EQ(-EINVAL, sluice_request_release(stale)) TH_LOG("%ld loans", n);
		ASSERT_EQ(0, drop_question(side, 1, 0));
	}
}

TEST_F(stale, request_after_refused_loans)
{
	struct sluice_request *stale;
	struct side *side = &self->side;
	long i, n;

	SET_UP_PAIR(NULL);
	for (n = 0; n < OFTEN; n++) {
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, loan_question(side, i, i));
		}
		stale = release_request(_metadata, side);
		ASSERT_EQ(0, loan_question(side, 0, 1));
		for (i = 0; i < n; i++) {
			ASSERT_EQ(-ENOBUFS, loan_question(side, 8, 1));
		}
		ASSERT_EQ(-EINVAL, sluice_request_release(stale)) TH_LOG("%ld loans", n);
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, drop_question(side, i, 0));
		}
	}
}

/* ---- Pending responses ----------------------------------------------------- */

static const struct sluice_client_opts client_refuses = SLUICE_CLIENT_OPTS(
	.port = { .ask_when_full = refuse });

/* The first server's queue is full; and a pending response that was released. */
static struct sluice_pending_response *release_pending(struct __test_metadata *_metadata,
						       struct side *side)
{
	struct sluice_pending_response *stale = NULL;
	long i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, ask(side, i, i));
		stale = side->pending[i];
		ASSERT_EQ(0, cancel(side, i, 0));
	}
	return stale;
}

/* The server takes what is queued; another pending response is not taken for the stale one. */
static void expect_pending_stale(struct __test_metadata *_metadata, struct side *side,
				 struct end *server, struct sluice_pending_response *stale)
{
	begin(server, serve, 5, 0);
	ASSERT_EQ(1, ask(side, 8, 8));
	ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale));
	ASSERT_EQ(9, hear(side, 8, LONG));
	ASSERT_EQ(0, cancel(side, 8, 0));
	ASSERT_EQ(5, finish(server));
}

TEST_F(stale, pending_response_after_refused_sends)
{
	struct sluice_pending_response *stale;
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i, n;

	SET_UP_PORTS(&calls, &keep, &client_refuses, NULL);
	for (n = 0; n < OFTEN; n++) {
		stale = release_pending(_metadata, side);
		ASSERT_EQ(0, loan_question(side, 8, 8));
		for (i = 0; i < n; i++) {
			ASSERT_EQ(-ENOBUFS, send_question(side, 8, 0));
			ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale));
		}
		ASSERT_EQ(0, drop_question(side, 8, 0));
		ASSERT_EQ(4, at(server, serve, 4, 0));
		ASSERT_EQ(1, ask(side, 8, 8));
		ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale))
			TH_LOG("%ld sends", n);
		ASSERT_EQ(1, at(server, serve, 1, 0));
		ASSERT_EQ(9, hear(side, 8, LONG));
		ASSERT_EQ(0, cancel(side, 8, 0));
	}
}

TEST_F(stale, pending_response_after_late_sends)
{
	struct sluice_pending_response *stale;
	struct side *side = &self->side;
	long i, n;

	SET_UP_PAIR(&keep);
	for (n = 0; n < OFTEN; n++) {
		stale = release_pending(_metadata, side);
		for (i = 0; i < n; i++) {
			ASSERT_EQ(0, loan_question(side, 8, 8));
			ASSERT_EQ(0, sluice_request_set_deadline(
					     side->request[8],
					     sluice_deadline(MILLISECOND)));
			ASSERT_EQ(-ETIMEDOUT, send_question(side, 8, 0));
			ASSERT_EQ(0, drop_question(side, 8, 0));
			ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale));
		}
		expect_pending_stale(_metadata, side, &self->end[0], stale);
	}
}

/* One server has it, the other has no room: its pending response is not seen yet. */
TEST_F(stale, pending_response_after_half_sends)
{
	struct sluice_pending_response *stale;
	struct end *full = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;
	long i, n;

	SET_UP_PORTS(&calls, &keep, &client_refuses, NULL);
	start_server(_metadata, other, variant->place, &calls, &keep, NULL);
	ASSERT_EQ(2, wait_servers(side, 2, LONG));
	for (n = 0; n < OFTEN; n++) {
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(2, ask(side, i, i));
			stale = side->pending[i];
			ASSERT_EQ(0, cancel(side, i, 0));
			ASSERT_EQ(i, at(other, take, 0, LONG));
			ASSERT_EQ(0, at(other, done, 0, 0));
		}
		for (i = 0; i < n; i++) {
			ASSERT_EQ(0, loan_question(side, 8, 8));
			ASSERT_EQ(-ENOBUFS, send_question(side, 8, 0));
			ASSERT_EQ(0, drop_question(side, 8, 0));
			ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale));
			ASSERT_EQ(8, at(other, take, 0, LONG));
			ASSERT_EQ(0, at(other, done, 0, 0));
		}
		ASSERT_EQ(4, at(full, serve, 4, 0));
		ASSERT_EQ(2, ask(side, 8, 8));
		ASSERT_EQ(-EINVAL, sluice_pending_response_release(stale))
			TH_LOG("%ld sends", n);
		ASSERT_EQ(1, at(full, serve, 1, 0));
		ASSERT_EQ(1, at(other, serve, 1, 0));
		ASSERT_EQ(9, hear(side, 8, LONG));
		ASSERT_EQ(0, cancel(side, 8, 0));
	}
}

/* ---- As long as is promised ------------------------------------------------ */

TEST_F(stale, response_while_fewer_than_promised_were_released)
{
	struct end *server = &self->end[0];
	struct sluice_response *stale;
	struct side *side = &self->side;
	long i, round;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(side, server, 0, 1);
	for (round = 0; round < OFTEN; round++) {
		ASSERT_EQ(0, at(server, answer, 0, 1));
		stale = release_response(_metadata, side, 1);
		for (i = 0; i < PROMISED; i++) {
			ASSERT_EQ(0, at(server, answer, 0, i));
			ASSERT_EQ(i, hold(side, 0, 0));
			ASSERT_EQ(-EINVAL, sluice_response_release(stale));
			ASSERT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
			ASSERT_EQ(0, drop_response(side, 0, 0));
		}
	}
}

TEST_F(stale, request_while_fewer_than_promised_were_released)
{
	struct sluice_request *stale;
	struct side *side = &self->side;
	long i, round;

	SET_UP_PAIR(NULL);
	for (round = 0; round < OFTEN; round++) {
		ASSERT_EQ(0, loan_question(side, 0, 1));
		stale = release_request(_metadata, side);
		for (i = 0; i < PROMISED; i++) {
			ASSERT_EQ(0, loan_question(side, 0, 1));
			ASSERT_EQ(-EINVAL, sluice_request_release(stale));
			ASSERT_EQ(0, drop_question(side, 0, 0));
		}
	}
}

TEST_HARNESS_MAIN
