// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of sending: how many requests may be pending, whom a request reaches, that it
 * stays readable, headers, and what becomes of a handle that was sent or released.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_sending);

/* ---- How many may be pending --------------------------------------------- */

static void ask_active(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	for (i = 0; i < ACTIVE; i++) {
		ASSERT_EQ(1, ask(side, i, i)) TH_LOG("%s", sluice_strerror());
	}
}

TEST_F(rule_sending, a_request_over_max_active_stays_loaned)
{
	struct end *server = &self->end[0];
	const struct question *question;

	SET_UP_PAIR(NULL);
	ask_active(_metadata, &self->side);
	ASSERT_EQ(0, loan_question(&self->side, ACTIVE, 99));
	EXPECT_EQ(-EBUSY, send_question(&self->side, ACTIVE, 0));
	EXPECT_SAYS("max_active_requests_per_client");
	EXPECT_EQ(-EBUSY, send_question(&self->side, ACTIVE, 0));
	question = self->side.request[ACTIVE]->data;
	EXPECT_EQ(99u, question->value);

	/* And it is sent when another exchange has ended. */
	EXPECT_EQ(0, at(server, take, 0, LONG));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(1, send_question(&self->side, ACTIVE, 0));
}

TEST_F(rule_sending, refusals_cost_no_place_among_the_active)
{
	long i;

	SET_UP_PAIR(NULL);
	ask_active(_metadata, &self->side);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(-EBUSY, ask(&self->side, ACTIVE, 0));
	}
	for (i = 0; i < ACTIVE; i++) {
		EXPECT_EQ(0, cancel(&self->side, i, 0));
	}
	ask_active(_metadata, &self->side);
}

TEST_F(rule_sending, an_exchange_is_active_until_it_is_released)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ask_active(_metadata, &self->side);
	EXPECT_EQ(ACTIVE, at(server, serve, ACTIVE, 0));
	EXPECT_EQ(1, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EBUSY, ask(&self->side, ACTIVE, 0));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(1, ask(&self->side, ACTIVE, 0));
}

TEST_F(rule_sending, each_client_has_its_own_active_requests)
{
	struct end *other = &self->end[1];

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	ask_active(_metadata, &self->side);
	EXPECT_EQ(1, at(other, ask, 0, 1));
}

/* ---- Whom it reaches ----------------------------------------------------- */

TEST_F(rule_sending, a_request_goes_to_every_server)
{
	long i;

	start_servers(_metadata, self->end, 3, variant->place, &self->side, &calls);
	EXPECT_EQ(3, ask(&self->side, 0, 7));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(7, at(&self->end[i], take, 0, LONG));
		EXPECT_EQ(0, at(&self->end[i], answer, 0, 10 + i));
		EXPECT_EQ(10 + i, hear(&self->side, 0, LONG));
	}
}

TEST_F(rule_sending, reaching_no_server_is_no_error)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(0, ask(&self->side, 0, 7));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
}

TEST_F(rule_sending, the_number_of_servers_is_that_of_the_sending)
{
	struct end *late = &self->end[1];

	SET_UP_PAIR(NULL);
	EXPECT_EQ(1, ask(&self->side, 0, 7));
	start_server(_metadata, late, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(2, wait_servers(&self->side, 2, LONG));
	EXPECT_EQ(1, sluice_pending_response_servers(self->side.pending[0]));
	EXPECT_EQ(2, ask(&self->side, 1, 8));
	EXPECT_EQ(8, at(late, take, 0, LONG));
}

TEST_F(rule_sending, a_server_that_is_destroyed_is_reached_no_more)
{
	SET_UP_PAIR(NULL);
	EXPECT_EQ(1, ask(&self->side, 0, 7));
	ASSERT_EQ(0, at(&self->end[0], close_server, 0, 0));
	EXPECT_TRUE(EVENTUALLY(wait_servers(&self->side, 1, SLUICE_NOWAIT) ==
			       -EAGAIN));
	EXPECT_EQ(0, ask(&self->side, 1, 8));
}

TEST_F(rule_sending, nobody_else_sees_the_answer)
{
	struct end *server = &self->end[0], *other = &self->end[1];

	SET_UP_PAIR(NULL);
	start_client(_metadata, other, variant->place, &calls, 1);
	ASK_AND_TAKE(&self->side, server, 0, 7);
	ASSERT_EQ(1, at(other, ask, 0, 8));
	EXPECT_EQ(0, at(server, answer, 0, 70));
	EXPECT_EQ(-EAGAIN, at(other, hear, 0, SLUICE_NOWAIT));
	EXPECT_EQ(70, hear(&self->side, 0, LONG));
}

/* ---- What is sent -------------------------------------------------------- */

TEST_F(rule_sending, a_request_stays_readable_through_its_pending_response)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 5000));
	EXPECT_EQ(1, at(server, serve_blobs, 1, 0));
	EXPECT_EQ(5000, hear_blob(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear_blob(&self->side, 0, LONG));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(5000u, self->side.pending[0]->count);
	EXPECT_EQ(5000u, self->side.pending[0]->size);
	EXPECT_TRUE(pattern_holds(self->side.pending[0]->data, 5000, 5000));
}

struct stamp {
	uint64_t number;
	char letters[16];
};

static const struct sluice_contract stamped =
	BLOBS_WITH_HEADERS("test/stamped", struct stamp);

/* stamp_back(): answers a request, whose header's number is told, with twice that. */
static long stamp_back(struct side *side, long a, long b)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;
	const struct stamp *stamp;

	(void)a, (void)b;
	active = sluice_server_receive(side->server, LONG);
	if (!active)
		return -errno;
	stamp = active->header;
	if (strcmp(stamp->letters, "to the server"))
		return -EBADMSG;
	reply = sluice_active_request_loan(active, 1);
	if (!reply)
		return -errno;
	*(struct stamp *)reply->header = (struct stamp){
		.number = 2 * stamp->number,
		.letters = "to the client",
	};
	if (sluice_reply_send(reply) < 0 || sluice_active_request_release(active) < 0)
		return -errno;
	return 0;
}

TEST_F(rule_sending, headers_go_both_ways)
{
	struct sluice_response *response;
	struct sluice_request *request;
	const struct stamp *stamp;

	SET_UP_PORTS(&stamped, NULL, NULL, NULL);
	begin(&self->end[0], stamp_back, 0, 0);
	request = sluice_client_loan(self->side.client, 100);
	ASSERT_NE(NULL, request);
	*(struct stamp *)request->header = (struct stamp){ 21, "to the server" };
	self->side.pending[0] = sluice_request_send(request);
	ASSERT_NE(NULL, self->side.pending[0]);
	response = sluice_pending_response_receive(self->side.pending[0], LONG);
	ASSERT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
	stamp = response->header;
	EXPECT_EQ(42u, stamp->number);
	EXPECT_STREQ("to the client", stamp->letters);
	stamp = self->side.pending[0]->header;
	EXPECT_EQ(21u, stamp->number);
	EXPECT_EQ(0, sluice_response_release(response));
	EXPECT_EQ(0, finish(&self->end[0]));
}

TEST_F(rule_sending, without_a_header_there_is_none)
{
	struct sluice_request *request;

	SET_UP_PAIR(NULL);
	request = sluice_client_loan(self->side.client, 1);
	ASSERT_NE(NULL, request);
	EXPECT_EQ(NULL, request->header);
	EXPECT_EQ(0, sluice_request_release(request));
}

/* ---- Once is enough ------------------------------------------------------ */

/* A request that the side has loaned in slot 0. */
static struct sluice_request *loan_one(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(0, loan_question(side, 0, 1));
	return side->request[0];
}

/* The handle of a request that is no longer the program's. */
static void expect_stale(struct __test_metadata *_metadata, struct sluice_request *request)
{
	EXPECT_FAILS(EINVAL, sluice_request_send(request));
	EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
}

TEST_F(rule_sending, a_request_is_sent_once)
{
	struct sluice_request *request;

	SET_UP_PAIR(NULL);
	request = loan_one(_metadata, &self->side);
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	expect_stale(_metadata, request);
	EXPECT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(&self->end[0], take, 1, SLUICE_NOWAIT));
}

TEST_F(rule_sending, a_request_is_released_once)
{
	struct sluice_request *request;

	SET_UP_PAIR(NULL);
	request = loan_one(_metadata, &self->side);
	ASSERT_EQ(0, drop_question(&self->side, 0, 0));
	expect_stale(_metadata, request);
	EXPECT_EXCHANGE(&self->side, &self->end[0]);
}

TEST_F(rule_sending, a_pending_response_is_released_once)
{
	struct sluice_pending_response *pending;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	pending = self->side.pending[0];
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_pending_response_release(pending));
	EXPECT_FAILS(EINVAL, sluice_pending_response_receive(pending, LONG));
	EXPECT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(0, at(&self->end[0], done, 0, 0));
	EXPECT_EXCHANGE(&self->side, &self->end[0]);
}

/* twice(): what a server may do with a reply and a request once; 0 if so. */
static long twice(struct side *side, long a, long b)
{
	struct sluice_active_request *active = side->active[0];
	struct sluice_reply *reply;

	(void)a, (void)b;
	if (loan_answer(side, 0, 7))
		return -errno;
	reply = side->reply[0];
	if (send_answer(side, 0, 0))
		return -errno;
	if (sluice_reply_send(reply) != -EINVAL ||
	    sluice_reply_release(reply) != -EINVAL)
		return -EBADMSG;
	if (done(side, 0, 0))
		return -errno;
	if (sluice_active_request_release(active) != -EINVAL ||
	    sluice_active_request_loan(active, 1) || errno != EINVAL)
		return -EBADMSG;
	return 0;
}

TEST_F(rule_sending, a_reply_is_sent_and_a_request_answered_once)
{
	struct sluice_response *response;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(&self->side, &self->end[0], 0, 1);
	EXPECT_EQ(0, at(&self->end[0], twice, 0, 0));
	ASSERT_EQ(7, hold(&self->side, 0, 0));
	response = self->side.response[0];
	EXPECT_EQ(0, drop_response(&self->side, 0, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_response_release(response));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_HARNESS_MAIN
