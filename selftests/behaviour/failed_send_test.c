// SPDX-License-Identifier: GPL-2.0-only
/*
 * There is one rule for requests and replies: a send that fails consumes nothing.  The message
 * can be sent again or released, once, whatever the errno.
 */
#include "steps.h"

PROCESSES_FIXTURE(failed_send);

/* ---- Requests that were not sent ---- */

static const struct sluice_service_opts tight = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_active_requests_per_client = 2, .max_response_buffer_size = 1,
	.max_loaned_requests = 1, .max_loaned_replies_per_request = 1);

static int ask_to_fail(const struct sluice_full *full, void *context)
{
	(void)full, (void)context;
	return SLUICE_ANSWER_FAIL;
}

static const struct sluice_client_opts client_that_fails = SLUICE_CLIENT_OPTS(
	.port = { .ask_when_full = ask_to_fail });
static const struct sluice_server_opts server_that_fails = SLUICE_SERVER_OPTS(
	.port = { .ask_when_full = ask_to_fail });

/* Its sending fails with this; it is still loaned, the only one that may be, until released. */
#define EXPECT_UNSENT_REQUEST(error, side)					\
	do {									\
		EXPECT_FAILS(error, sluice_request_send((side)->request[0]));	\
		EXPECT_FAILS(ENOBUFS, sluice_client_loan((side)->client, 1));	\
	} while (0)

static void set_up_tight(struct __test_metadata *_metadata, FIXTURE_DATA(failed_send) *self,
			 const struct sluice_client_opts *client,
			 const struct sluice_server_opts *server)
{
	struct side *side = &self->side;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, &tight, server);
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(side, PTR(client), 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
}

TEST_F(failed_send, of_requests_that_are_not_sent)
{
	struct side *side = &self->side;
	struct sluice_request *request;

	set_up_tight(_metadata, self, &client_that_fails, NULL);
	ASSERT_EQ(1, ask(side, 1, 1));
	ASSERT_EQ(1, ask(side, 2, 2));
	ASSERT_EQ(0, loan_question(side, 0, 3));
	request = side->request[0];
	EXPECT_UNSENT_REQUEST(EBUSY, side);
	/* There is a place, and the server's queue is full of what was cancelled. */
	ASSERT_EQ(0, cancel(side, 1, 0));
	EXPECT_UNSENT_REQUEST(ENOBUFS, side);
	ASSERT_EQ(0, sluice_request_set_deadline(request, 1));
	EXPECT_UNSENT_REQUEST(ETIMEDOUT, side);
	ASSERT_EQ(0, sluice_request_set_deadline(request, 0));
	EXPECT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(2, at(&self->end[0], take, 1, LONG));
	EXPECT_EQ(0, at(&self->end[0], done, 0, 0));
	/* It can be sent in the end, and then not again. */
	EXPECT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(3, at(&self->end[0], take, 0, LONG));
	EXPECT_FAILS(EINVAL, sluice_request_send(request));
	EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
}

TEST_F(failed_send, of_requests_that_wait_for_room)
{
	struct side *side = &self->side;
	struct sluice_request *request;

	set_up_tight(_metadata, self, NULL, NULL);
	ASSERT_EQ(1, ask(side, 1, 1));
	ASSERT_EQ(1, ask(side, 2, 2));
	ASSERT_EQ(0, cancel(side, 1, 0));
	ASSERT_EQ(0, loan_question(side, 0, 3));
	request = side->request[0];
	ASSERT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_UNSENT_REQUEST(EINTR, side);
	ASSERT_EQ(0, sluice_request_set_deadline(request, now() + MILLISECOND));
	EXPECT_UNSENT_REQUEST(ETIMEDOUT, side);
	EXPECT_EQ(0, sluice_request_release(request));
	EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
	side->request[0] = NULL;
}

/* fails_to_ask(error): with the request in slot 0, which is released then, once. */
static long fails_to_ask(struct side *side, long error, long unused)
{
	struct sluice_request *request = side->request[0];

	(void)unused;
	side->request[0] = NULL;
	if (sluice_request_send(request))
		return -EBADMSG;
	if (errno != error)
		return -errno;
	return sluice_request_release(request) == 0 &&
	       sluice_request_release(request) == -EINVAL ? 0 : -EUCLEAN;
}

static void end_while_a_client_waits(struct __test_metadata *_metadata,
				     FIXTURE_DATA(failed_send) *self, void (*end)(struct end *end),
				     long error)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, IN_PROCESS, &calls, &tight, NULL);
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 1, 1));
	ASSERT_EQ(1, at(client, ask, 2, 2));
	ASSERT_EQ(0, at(client, cancel, 1, 0));
	ASSERT_EQ(0, at(client, loan_question, 0, 3));
	begin(client, fails_to_ask, error, 0);
	until_asleep(client);
	end(server);
	EXPECT_EQ(0, finish(client)) TH_LOG("%s", client->result.sentence);
	start_service(_metadata, &self->end[2], IN_PROCESS, &calls, NULL);
}

TEST_F(failed_send, of_a_request_whose_server_dies)
{
	end_while_a_client_waits(_metadata, self, end_kill_and_reap, ECONNRESET);
}

TEST_F(failed_send, of_a_request_whose_server_leaves)
{
	end_while_a_client_waits(_metadata, self, end_stop, EPIPE);
}

/* ---- Replies that were not sent ---- */

/* fails_to_send(error): in slot 0, and keeps the reply, the only one that may be loaned. */
static long fails_to_send(struct side *side, long error, long unused)
{
	struct sluice_reply *other;
	int r;

	(void)unused;
	r = sluice_reply_send(side->reply[0]);
	if (r != -error || errno != error)
		return r ? r : -EBADMSG;
	other = sluice_active_request_loan(side->active[0], 1);
	if (other || errno != ENOBUFS)
		return -EUCLEAN;
	return 0;
}

/* releases(): the reply in slot 0, once. */
static long releases(struct side *side, long a, long b)
{
	struct sluice_reply *reply = side->reply[0];

	(void)a, (void)b;
	side->reply[0] = NULL;
	if (sluice_reply_release(reply))
		return -errno;
	return sluice_reply_release(reply) == -EINVAL ? 0 : -EBADMSG;
}

static long interrupt_self(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_node_interrupt(side->node);
}

TEST_F(failed_send, of_replies_that_are_not_sent)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	set_up_tight(_metadata, self, NULL, &server_that_fails);
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, at(server, loan_answer, 0, 3));
	EXPECT_EQ(0, at(server, fails_to_send, ENOBUFS, 0));
	EXPECT_EQ(2, hear(side, 0, LONG));
	EXPECT_EQ(0, at(server, send_answer, 0, 0));
	EXPECT_EQ(3, hear(side, 0, LONG));
	/* The client has gone: it cannot be sent, and is released as any other. */
	ASSERT_EQ(0, at(server, loan_answer, 0, 4));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(0, at(server, fails_to_send, EPIPE, 0));
	EXPECT_EQ(0, at(server, fails_to_send, EPIPE, 0));
	EXPECT_EQ(0, at(server, releases, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(failed_send, of_replies_that_wait_for_room)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	set_up_tight(_metadata, self, NULL, NULL);
	ASSERT_EQ(0, loan_question(side, 0, 1));
	ASSERT_EQ(0, sluice_request_set_deadline(side->request[0], now() + SECOND));
	ASSERT_EQ(1, send_question(side, 0, 0));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, at(server, loan_answer, 0, 3));
	ASSERT_EQ(0, at(server, interrupt_self, 0, 0));
	EXPECT_EQ(0, at(server, fails_to_send, EINTR, 0));
	EXPECT_EQ(0, at(server, fails_to_send, ETIMEDOUT, 0));
	/* The active request gives it back. */
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EINVAL, at(server, send_answer, 0, 0));
}

TEST_F(failed_send, of_a_reply_to_a_client_that_has_died)
{
	struct side *side = &self->side;
	struct end *client = &self->end[1];

	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&tight)));
	ASSERT_EQ(0, open_server(side, 0, 0));
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, loan_answer(side, 0, 2));
	end_kill_and_reap(client);
	ASSERT_TRUE(EVENTUALLY(!is_connected(side, 0, 0)));
	EXPECT_EQ(0, fails_to_send(side, ECONNRESET, 0));
	EXPECT_EQ(0, releases(side, 0, 0));
	ASSERT_EQ(0, done(side, 0, 0));
	start_service(_metadata, &self->end[3], IN_PROCESS, &calls, NULL);
}

TEST_HARNESS_MAIN
