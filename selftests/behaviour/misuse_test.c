// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that no correct program makes: a message that is sent or released twice,
 * a length that a message cannot have, NULL where an object belongs.  Each is
 * refused with an errno and a sentence; nothing is lost, and the same objects go
 * on working as if nothing had been said.
 */
#include "steps.h"

ENDS_FIXTURE(misuse);

static const int64_t waits[] = { SLUICE_NOWAIT, SLUICE_FOREVER };

/* The test's client and its server still understand each other. */
static void expect_unharmed(struct __test_metadata *_metadata,
			    struct side *side, struct end *server)
{
	begin(server, serve, 1, 0);
	ASSERT_EQ(1, ask(side, 63, 5)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(6, hear(side, 63, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, hear_end(side, 63, LONG));
	ASSERT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
}

/* ---- Twice --------------------------------------------------------------- */

TEST_F(misuse, request_twice)
{
	struct sluice_pending_response *pending;
	struct end *server = &self->end[0];
	struct sluice_request *request;
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	for (i = 0; i < 100; i++) {
		request = sluice_client_loan_zeroed(self->side.client, 1);
		ASSERT_NE(NULL, request);
		ASSERT_EQ(0, sluice_request_release(request));
		EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
		EXPECT_FAILS(EINVAL, sluice_request_send(request));
		EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 0));

		request = sluice_client_loan_zeroed(self->side.client, 1);
		ASSERT_NE(NULL, request);
		pending = sluice_request_send(request);
		ASSERT_NE(NULL, pending);
		EXPECT_FAILS(EINVAL, sluice_request_send(request));
		EXPECT_FAILS_INT(EINVAL, sluice_request_release(request));
		EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 0));
		EXPECT_EQ(1, sluice_pending_response_servers(pending));

		ASSERT_EQ(0, sluice_pending_response_release(pending));
		EXPECT_FAILS_INT(EINVAL, sluice_pending_response_release(pending));
		EXPECT_FAILS_INT(EINVAL, sluice_pending_response_servers(pending));
		EXPECT_FAILS(EINVAL, sluice_pending_response_receive(
				     pending, SLUICE_FOREVER));
		EXPECT_FAILS(EINVAL, sluice_pending_response_receive(
				     pending, SLUICE_NOWAIT));
	}

	/* The hundred are still queued, as many as there is room for. */
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(-EBADMSG, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
	}
	ASSERT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	expect_unharmed(_metadata, &self->side, server);
}

TEST_F(misuse, response_twice)
{
	struct sluice_response *response;
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		response = sluice_pending_response_receive(self->side.pending[0],
							   LONG);
		ASSERT_NE(NULL, response);
		ASSERT_EQ(0, sluice_response_release(response));
		EXPECT_FAILS_INT(EINVAL, sluice_response_release(response));
	}
	ASSERT_EQ(0, at(server, done, 0, 0));
	expect_unharmed(_metadata, &self->side, server);
}

/* reply_twice(requests): all that must fail at a server; 0 if all did. */
static long reply_twice(struct side *side, long requests, long unused)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;

	(void)unused;
	while (requests--) {
		active = sluice_server_receive(side->server, LONG);
		if (!active)
			return -errno;
		reply = sluice_active_request_loan_zeroed(active, 1);
		if (!reply)
			return -errno;
		if (sluice_reply_release(reply) != 0 ||
		    sluice_reply_release(reply) != -EINVAL ||
		    sluice_reply_send(reply) != -EINVAL ||
		    sluice_reply_shorten(reply, 0) != -EINVAL)
			return -1;
		reply = sluice_active_request_loan_zeroed(active, 1);
		if (!reply)
			return -errno;
		*(struct answer *)reply->data = (struct answer){ 3, ~UINT64_C(3) };
		if (sluice_reply_shorten(reply, 0) != -EINVAL ||
		    sluice_reply_shorten(reply, 2) != -EINVAL ||
		    sluice_reply_send(reply) != 0 ||
		    sluice_reply_send(reply) != -EINVAL ||
		    sluice_reply_release(reply) != -EINVAL ||
		    sluice_reply_shorten(reply, 1) != -EINVAL)
			return -2;
		if (sluice_active_request_release(active) != 0 ||
		    sluice_active_request_release(active) != -EINVAL ||
		    sluice_active_request_loan(active, 1) || errno != EINVAL ||
		    sluice_active_request_is_connected(active) != -EINVAL)
			return -3;
	}
	return 0;
}

TEST_F(misuse, reply_twice)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	begin(server, reply_twice, 100, 0);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, 1));
		ASSERT_EQ(3, hear(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	ASSERT_EQ(0, finish(server)) TH_LOG("%s", server->result.sentence);
	expect_unharmed(_metadata, &self->side, server);
}

/* A message of fixed size has one element, no more and no less. */
TEST_F(misuse, fixed_size)
{
	struct end *server = &self->end[0];
	struct sluice_request *request;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	EXPECT_FAILS(EINVAL, sluice_client_loan(self->side.client, 0));
	EXPECT_FAILS(EINVAL, sluice_client_loan(self->side.client, 2));
	EXPECT_FAILS(EINVAL, sluice_client_loan_zeroed(self->side.client, 2));
	request = sluice_client_loan(self->side.client, 1);
	ASSERT_NE(NULL, request);
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 0));
	EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 2));
	EXPECT_EQ(1u, request->count);
	EXPECT_EQ(0, sluice_request_release(request));
	expect_unharmed(_metadata, &self->side, server);
}

/* ---- NULL ---------------------------------------------------------------- */

/* A chain of constructors keeps what its first failure has said. */
/* Names that somebody has chosen stand in sentences, which programs print as they are. */
TEST_F(misuse, control_characters)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.domain = "/\x1b[2J\a\n\x7f \xc2\x9b" "31m \xc2\xa0 \xc3\xa4 \x9b");

	EXPECT_EQ(NULL, sluice_node_create("x", &opts));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_SAYS("\"/?[2J??? ??31m \xc2\xa0 \xc3\xa4 \x9b\"");
}

TEST_F(misuse, failed_parent)
{
	struct sluice_node_opts opts = SLUICE_NODE_OPTS(.wait = 77);
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_server *server;
	struct sluice_node *node;
	char sentence[256];

	node = sluice_node_create("x", &opts);
	ASSERT_EQ(NULL, node);
	ASSERT_EQ(EINVAL, errno);
	EXPECT_SAYS("77");
	snprintf(sentence, sizeof(sentence), "%s", sluice_strerror());
	errno = 0;
	service = sluice_service_open(node, &calls, NULL);
	EXPECT_EQ(NULL, service);
	EXPECT_EQ(EINVAL, errno);
	client = sluice_client_create(service, NULL);
	server = sluice_server_create(service, NULL);
	EXPECT_EQ(NULL, client);
	EXPECT_EQ(NULL, server);
	EXPECT_EQ(EINVAL, errno);
	EXPECT_STREQ(sentence, sluice_strerror());

	/* So do a wait, a loan and a receive; releasing nothing changes nothing. */
	EXPECT_EQ(-EINVAL, sluice_client_wait_servers(client, 1, SLUICE_FOREVER));
	EXPECT_EQ(NULL, sluice_client_loan(client, 1));
	EXPECT_EQ(NULL, sluice_server_receive(server, SLUICE_FOREVER));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_STREQ(sentence, sluice_strerror());
	errno = EDOM;
	EXPECT_EQ(0, sluice_request_release(NULL));
	EXPECT_EQ(0, sluice_pending_response_release(NULL));
	EXPECT_EQ(0, sluice_response_release(NULL));
	EXPECT_EQ(0, sluice_active_request_release(NULL));
	EXPECT_EQ(0, sluice_reply_release(NULL));
	EXPECT_EQ(EDOM, errno);

	/* Another errno, to see that it is that one. */
	self->side.node = sluice_node_create("x", NULL);
	service = sluice_service_open(self->side.node, &calls,
				      &(struct sluice_service_opts){
		.size = sizeof(struct sluice_service_opts),
		.flags = SLUICE_SERVICE_MUST_EXIST,
	});
	EXPECT_EQ(NULL, service);
	snprintf(sentence, sizeof(sentence), "%s", sluice_strerror());
	client = sluice_client_create(service, NULL);
	EXPECT_EQ(NULL, client);
	EXPECT_EQ(ENOENT, errno);
	EXPECT_STREQ(sentence, sluice_strerror());
}

/* call_with_null(): in a thread that has not failed yet. */
static long call_with_null(struct side *side, long a, long b)
{
	size_t i;

	(void)side, (void)a, (void)b;
	if (sluice_service_open(NULL, &calls, NULL) || errno != EINVAL ||
	    sluice_client_create(NULL, NULL) || errno != EINVAL ||
	    sluice_server_create(NULL, NULL) || errno != EINVAL)
		return -1;
	if (sluice_client_loan(NULL, 1) || errno != EINVAL ||
	    sluice_client_loan_zeroed(NULL, 1) || errno != EINVAL ||
	    sluice_request_send(NULL) || errno != EINVAL ||
	    sluice_active_request_loan(NULL, 1) || errno != EINVAL ||
	    sluice_active_request_loan_zeroed(NULL, 1) || errno != EINVAL)
		return -2;
	for (i = 0; i < ARRAY_SIZE(waits); i++)
		if (sluice_server_receive(NULL, waits[i]) || errno != EINVAL ||
		    sluice_pending_response_receive(NULL, waits[i]) ||
		    errno != EINVAL ||
		    sluice_client_wait_servers(NULL, 1, waits[i]) != -EINVAL)
			return -3;
	if (sluice_request_shorten(NULL, 0) != -EINVAL ||
	    sluice_reply_shorten(NULL, 0) != -EINVAL ||
	    sluice_reply_send(NULL) != -EINVAL ||
	    sluice_pending_response_servers(NULL) != -EINVAL ||
	    sluice_active_request_is_connected(NULL) != -EINVAL)
		return -4;
	if (sluice_client_memory(NULL, NULL) != -EINVAL ||
	    sluice_server_memory(NULL, NULL) != -EINVAL)
		return -5;
	return 0;
}

TEST_F(misuse, null)
{
	end_start(_metadata, &self->end[0], variant->place);
	EXPECT_EQ(0, at(&self->end[0], call_with_null, 0, 0))
		TH_LOG("%s", self->end[0].result.sentence);
}

TEST_HARNESS_MAIN
