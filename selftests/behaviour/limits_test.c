// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limits of a service, each with its smallest value and with a large one:
 * how many of a thing can be had, what the next one is told, that the refusal
 * costs nothing, and that giving one back makes room for exactly one.
 */
#include "steps.h"

ENDS_FIXTURE(limits);

#define LARGE	1000

static const struct sluice_service_opts limits_of_1 = SLUICE_SERVICE_OPTS(LIMITS_OF(1));

/* ---- Requests that a client may have loaned ------------------------------ */

static void loan_to_the_limit(struct __test_metadata *_metadata,
			      struct side *side, size_t limit)
{
	struct sluice_request *request[LARGE];
	struct sluice_pending_response *pending;
	size_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < limit; i++) {
			request[i] = sluice_client_loan(side->client, 1);
			ASSERT_NE(NULL, request[i]) TH_LOG("%zu: %s", i,
							   sluice_strerror());
		}
		EXPECT_FAILS(ENOBUFS, sluice_client_loan(side->client, 1));
		EXPECT_SAYS("max_loaned_requests");
		EXPECT_FAILS(ENOBUFS, sluice_client_loan_zeroed(side->client, 1));

		/* One given back, or sent, makes room for one. */
		ASSERT_EQ(0, sluice_request_release(request[round % limit]));
		request[round % limit] = sluice_client_loan(side->client, 1);
		ASSERT_NE(NULL, request[round % limit]);
		EXPECT_FAILS(ENOBUFS, sluice_client_loan(side->client, 1));
		pending = sluice_request_send(request[0]);
		ASSERT_NE(NULL, pending);
		request[0] = sluice_client_loan(side->client, 1);
		ASSERT_NE(NULL, request[0]);
		EXPECT_FAILS(ENOBUFS, sluice_client_loan(side->client, 1));
		ASSERT_EQ(0, sluice_pending_response_release(pending));
		for (i = 0; i < limit; i++) {
			ASSERT_EQ(0, sluice_request_release(request[i]));
		}
	}
}

TEST_F(limits, loaned_requests_1)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&limits_of_1)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	loan_to_the_limit(_metadata, &self->side, 1);
}

TEST_F(limits, loaned_requests_many)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = LARGE);

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&many)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	loan_to_the_limit(_metadata, &self->side, LARGE);
}

/* ---- Requests that a client may have in flight --------------------------- */

static void send_to_the_limit(struct __test_metadata *_metadata,
			      struct side *side, size_t limit)
{
	static struct sluice_pending_response *pending[LARGE];
	struct sluice_request *request;
	size_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < limit; i++) {
			request = sluice_client_loan_zeroed(side->client, 1);
			ASSERT_NE(NULL, request);
			pending[i] = sluice_request_send(request);
			ASSERT_NE(NULL, pending[i]) TH_LOG("%zu: %s", i,
							   sluice_strerror());
			ASSERT_EQ(1, sluice_pending_response_servers(pending[i]));
		}

		/* The one too many stays loaned, as it was. */
		request = sluice_client_loan(side->client, 1);
		ASSERT_NE(NULL, request);
		pattern_fill(request->data, request->size, round);
		EXPECT_FAILS(EBUSY, sluice_request_send(request));
		EXPECT_SAYS("max_active_requests_per_client");
		EXPECT_FAILS(EBUSY, sluice_request_send(request));
		EXPECT_TRUE(pattern_holds(request->data, request->size, round));

		/* It can be sent when another one has ended. */
		i = round * (limit - 1) / 2;
		ASSERT_EQ(0, sluice_pending_response_release(pending[i]));
		pending[i] = sluice_request_send(request);
		ASSERT_NE(NULL, pending[i]);
		EXPECT_TRUE(pattern_holds(pending[i]->data, pending[i]->size,
					  round));
		request = sluice_client_loan(side->client, 1);
		ASSERT_NE(NULL, request);
		EXPECT_FAILS(EBUSY, sluice_request_send(request));
		ASSERT_EQ(0, sluice_request_release(request));
		for (i = 0; i < limit; i++) {
			ASSERT_EQ(0, sluice_pending_response_release(pending[i]));
		}
	}
}

TEST_F(limits, active_requests_1)
{
	start_server(_metadata, &self->end[0], variant->place, &calls,
		     &limits_of_1, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	send_to_the_limit(_metadata, &self->side, 1);
}

TEST_F(limits, active_requests_many)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = LARGE);

	start_server(_metadata, &self->end[0], variant->place, &calls, &many,
		     NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	send_to_the_limit(_metadata, &self->side, LARGE);
}

/* ---- Requests that a server may hold of one client ----------------------- */

/* The server passes over a client of which it holds enough, not over others. */
static void hold_to_the_limit(struct __test_metadata *_metadata,
			      struct side *side, struct end *server,
			      struct end *other, long limit)
{
	long i;

	for (i = 0; i < limit; i++) {
		ASK_AND_TAKE(side, server, i, i);
		ASSERT_EQ(0, cancel(side, i, 0));
	}
	EXPECT_EQ(-EAGAIN, at(server, take, limit, SLUICE_NOWAIT));
	ASSERT_EQ(1, ask(side, 0, 1000));
	EXPECT_EQ(-ENOBUFS, at(server, take, limit, SLUICE_NOWAIT));
	EXPECT_NE(NULL, strstr(server->result.sentence,
			       "max_active_requests_per_client"))
		TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(-ENOBUFS, at(server, take, limit, SLUICE_FOREVER));

	/* Another client's requests pass. */
	ASSERT_EQ(1, at(other, ask, 0, 2000));
	EXPECT_EQ(2000, at(server, take, limit, LONG));
	EXPECT_EQ(-ENOBUFS, at(server, take, limit + 1, LONG));
	ASSERT_EQ(0, at(server, answer_and_done, limit, 2001));
	ASSERT_EQ(2001, at(other, hear, 0, LONG));
	ASSERT_EQ(0, at(other, cancel, 0, 0));

	/* A released one makes room. */
	ASSERT_EQ(0, at(server, done, limit - 1, 0));
	EXPECT_EQ(1000, at(server, take, limit - 1, LONG));
	EXPECT_EQ(0, at(server, answer, limit - 1, 1001));
	EXPECT_EQ(1001, hear(side, 0, LONG));
	for (i = 0; i < limit; i++) {
		ASSERT_EQ(0, at(server, done, i, 0));
	}
	ASSERT_EQ(0, hear_end(side, 0, LONG));
}

static void hold_with(struct __test_metadata *_metadata, struct side *side,
		      struct end *end, enum place place,
		      const struct sluice_service_opts *opts, long limit)
{
	long round;

	start_server(_metadata, &end[0], place, &calls, opts, NULL);
	open_client_side(_metadata, side, &calls, NULL, 1);
	start_client(_metadata, &end[1], place, &calls, 1);
	for (round = 0; round < 3; round++) {
		hold_to_the_limit(_metadata, side, &end[0], &end[1], limit);
	}
}

TEST_F(limits, held_requests_1)
{

	hold_with(_metadata, &self->side, self->end, variant->place, &one_active, 1);
}

TEST_F(limits, held_requests_many)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = SLOTS - 2);

	hold_with(_metadata, &self->side, self->end, variant->place, &many,
		  SLOTS - 2);
}

/* ---- Responses that a client may hold ------------------------------------ */

static void borrow_to_the_limit(struct __test_metadata *_metadata,
				struct side *side, struct end *server, long limit)
{
	static struct sluice_response *response[LARGE];
	long i, round;

	for (round = 0; round < 3; round++) {
		ASK_AND_TAKE(side, server, 0, round);
		for (i = 0; i < limit; i++) {
			ASSERT_EQ(1, at(server, answer_many, i, 1));
			response[i] = sluice_pending_response_receive(
				side->pending[0], LONG);
			ASSERT_NE(NULL, response[i]) TH_LOG("%ld: %s", i,
							    sluice_strerror());
		}
		ASSERT_EQ(1, at(server, answer_many, limit, 1));
		EXPECT_EQ(-ENOBUFS, hear(side, 0, LONG));
		EXPECT_SAYS("max_borrowed_responses_per_pending_response");
		EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_NOWAIT));
		for (i = 0; i < limit; i++) {
			ASSERT_EQ(i, answer_value(response[i]));
		}

		/* A loan that is given back makes room, and nothing was lost. */
		ASSERT_EQ(0, sluice_response_release(response[limit / 2]));
		ASSERT_EQ(limit, hear(side, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, hear_end(side, 0, LONG));
		for (i = 0; i < limit; i++) {
			if (i == limit / 2)
				continue;
			ASSERT_EQ(i, answer_value(response[i]));
			ASSERT_EQ(0, sluice_response_release(response[i]));
		}
	}
}

TEST_F(limits, borrowed_responses_1)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &calls, &limits_of_1,
		     NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	borrow_to_the_limit(_metadata, &self->side, server, 1);
}

TEST_F(limits, borrowed_responses_many)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_borrowed_responses_per_pending_response = LARGE);
	struct end *server = &self->end[0];

	SET_UP_PAIR(&many);
	borrow_to_the_limit(_metadata, &self->side, server, LARGE);
}

/* ---- Replies that a server may have loaned ------------------------------- */

/* reply_to_the_limit(limit): 0 if all is as it should be. */
static long reply_to_the_limit(struct side *side, long limit, long unused)
{
	struct sluice_reply *reply[LARGE], *more;
	long i;

	(void)unused;
	for (i = 0; i < limit; i++) {
		reply[i] = sluice_active_request_loan_zeroed(side->active[0], 1);
		if (!reply[i])
			return -errno;
	}
	more = sluice_active_request_loan(side->active[0], 1);
	if (more || errno != ENOBUFS ||
	    !strstr(sluice_strerror(), "max_loaned_replies_per_request"))
		return -EBADMSG;
	if (sluice_reply_release(reply[limit / 2]) < 0)
		return -errno;
	reply[limit / 2] = sluice_active_request_loan(side->active[0], 1);
	if (!reply[limit / 2])
		return -errno;
	*(struct answer *)reply[0]->data = (struct answer){ 0, ~UINT64_C(0) };
	if (sluice_reply_send(reply[0]) < 0)
		return -errno;
	reply[0] = sluice_active_request_loan(side->active[0], 1);
	if (!reply[0])
		return -errno;
	more = sluice_active_request_loan(side->active[0], 1);
	if (more || errno != ENOBUFS)
		return -EBADMSG;
	for (i = 0; i < limit; i++)
		if (sluice_reply_release(reply[i]) < 0)
			return -errno;
	return 0;
}

TEST_F(limits, loaned_replies_1)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &calls, &limits_of_1,
		     NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_EQ(0, at(server, reply_to_the_limit, 1, 0))
		TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(0, at(server, reply_to_the_limit, 1, 0));
}

TEST_F(limits, loaned_replies_many)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_loaned_replies_per_request = LARGE);
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&many);
	for (i = 0; i < 3; i++) {
		ASK_AND_TAKE(&self->side, server, 0, 1);
		EXPECT_EQ(0, at(server, reply_to_the_limit, LARGE, 0))
			TH_LOG("%s", server->result.sentence);
		EXPECT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(0, hear(&self->side, 0, LONG));
		EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

TEST_HARNESS_MAIN
