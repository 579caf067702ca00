// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exchange itself: a client asks, servers answer, and every number arrives
 * where it belongs.  One request or many in flight, one client or several, one
 * server or several, whoever comes first; the user headers that travel with a
 * message, and the request that its sender may read until the end.
 */
#include "steps.h"

ENDS_FIXTURE(call);

TEST_F(call, one_request_one_response)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 20);
	ASSERT_EQ(1, at(server, is_connected, 0, 0));
	ASSERT_EQ(0, at(server, answer, 0, 42));
	ASSERT_EQ(42, hear(&self->side, 0, LONG));
	ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	ASSERT_EQ(0, hear_end(&self->side, 0, SLUICE_NOWAIT));
}

TEST_F(call, one_after_another)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	begin(server, serve, 2000, 0);
	ASSERT_EQ(2000, exchange_many(&self->side, 0, 2000)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(2000, finish(server));
}

/* The client lives in the other process and the server in this one. */
TEST_F(call, asked_from_the_other_end)
{
	struct end *client = &self->end[0];

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	ASSERT_EQ(1, at(client, ask, 0, 5));
	ASSERT_EQ(5, take(&self->side, 0, LONG));
	ASSERT_EQ(0, answer_and_done(&self->side, 0, 6));
	ASSERT_EQ(6, at(client, hear, 0, LONG));
	ASSERT_EQ(-EPIPE, at(client, hear, 0, LONG));
}

TEST_F(call, many_in_flight)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = SLOTS);
	struct end *server = &self->end[0];
	long i, round;

	SET_UP_PAIR(&many);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < SLOTS; i++) {
			ASSERT_EQ(1, ask(&self->side, i, 100 * round + i));
		}
		for (i = 0; i < SLOTS; i++) {
			ASSERT_EQ(100 * round + i, at(server, take, i, LONG));
		}
		for (i = SLOTS - 1; i >= 0; i--) {
			ASSERT_EQ(0, at(server, answer_and_done, i, 1000 * round + i));
		}
		for (i = 0; i < SLOTS; i++) {
			ASSERT_EQ(1000 * round + i, hear(&self->side, i, LONG));
			ASSERT_EQ(0, hear_end(&self->side, i, LONG));
		}
	}
}

TEST_F(call, several_clients)
{
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (i = 1; i < 4; i++) {
		start_client(_metadata, &self->end[i], variant->place, &calls, 1);
	}
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	begin(server, serve, 4 * 500, 0);
	for (i = 1; i < 4; i++)
		begin(&self->end[i], exchange_many, i * 1000000, 500);
	ASSERT_EQ(500, exchange_many(&self->side, 0, 500))
		TH_LOG("%s", sluice_strerror());
	for (i = 1; i < 4; i++) {
		ASSERT_EQ(500, finish(&self->end[i]));
	}
	ASSERT_EQ(4 * 500, finish(server));
}

/* Every server gets the request; the stream is made of all their answers. */
TEST_F(call, several_servers)
{
	long i, round, value, sum;

	start_servers(_metadata, self->end, 4, variant->place, &self->side, &calls);
	for (round = 0; round < 50; round++) {
		ASSERT_EQ(4, ask(&self->side, 0, round));
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(round, at(&self->end[i], take, 0, LONG));
			ASSERT_EQ(0, at(&self->end[i], answer, 0, 1L << i));
		}
		for (sum = 0, i = 0; i < 4; i++) {
			value = hear(&self->side, 0, LONG);
			ASSERT_LT(0, value);
			sum += value;
		}
		ASSERT_EQ(15, sum);
		ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
			ASSERT_EQ(0, at(&self->end[i], done, 0, 0));
		}
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

TEST_F(call, client_first)
{
	struct end *client = &self->end[0];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	begin(client, wait_servers, 1, SLUICE_FOREVER);
	until_asleep(client);
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	ASSERT_EQ(1, finish(client));
	begin(client, exchange_many, 0, 10);
	ASSERT_EQ(10, serve(&self->side, 10, 0));
	ASSERT_EQ(10, finish(client));
}

TEST_F(call, server_first)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	begin(server, serve, 10, 0);
	until_asleep(server);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, SLUICE_FOREVER));
	ASSERT_EQ(10, exchange_many(&self->side, 0, 10));
	ASSERT_EQ(10, finish(server));
}

/* A request is not lost that comes before the server answers. */
TEST_F(call, before_the_server_comes_round)
{
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	ASSERT_EQ(16, ask_many(&self->side, 16, 0));
	ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(16, at(server, serve, 16, 0));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(i + 1, hear(&self->side, i, LONG));
		ASSERT_EQ(-EPIPE, hear(&self->side, i, LONG));
	}
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
}

/* A request that reaches nobody is sent, but nothing can be heard of it. */
TEST_F(call, nobody_there)
{
	struct end *server = &self->end[0];

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(&self->side, 0, 1));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_NOWAIT));

	/* It does not reach a server that comes later. */
	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, sluice_pending_response_servers(self->side.pending[0]));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));

	begin(server, serve, 1, 0);
	EXPECT_EQ(1, exchange_many(&self->side, 7, 1));
	EXPECT_EQ(1, finish(server));
}

/* One node, one thread, both roles. */
TEST_F(call, both_ends_in_one_node)
{
	long i;

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(1, serve(&self->side, 1, 0));
		ASSERT_EQ(i + 1, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

struct label {
	uint32_t tag;
	uint32_t again;
};

static const struct sluice_contract labelled =
	BLOBS_WITH_HEADERS("test/labelled", struct label);

/* serve_labelled(requests): the answer's label is the request's plus 1. */
static long serve_labelled(struct side *side, long requests, long unused)
{
	struct sluice_active_request *active;
	const struct label *in;
	struct sluice_reply *reply;
	struct label *out;
	long i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		active = sluice_server_receive(side->server, LONG);
		if (!active)
			return -errno;
		in = active->header;
		reply = sluice_active_request_loan_zeroed(active, active->count);
		if (!reply)
			return -errno;
		out = reply->header;
		if (in->tag != in->again || out->tag || out->again ||
		    !pattern_holds(active->data, active->size, in->tag))
			return -EBADMSG;
		out->tag = out->again = in->tag + 1;
		pattern_fill(reply->data, reply->size, out->tag);
		if (sluice_reply_send(reply) < 0 ||
		    sluice_active_request_release(active) < 0)
			return -errno;
	}
	return requests;
}

/* Headers go both ways, also in front of no element at all. */
TEST_F(call, user_headers)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct end *server = &self->end[0];
	struct sluice_request *request;
	const struct label *heard;
	struct label *label;
	uint32_t i;

	start_pair(_metadata, server, variant->place, &self->side, &labelled);
	begin(server, serve_labelled, 100, 0);
	for (i = 0; i < 100; i++) {
		request = sluice_client_loan(self->side.client, i * i);
		ASSERT_NE(NULL, request);
		ASSERT_NE(NULL, request->header);
		label = request->header;
		label->tag = label->again = 3 * i;
		pattern_fill(request->data, request->size, 3 * i);
		pending = sluice_request_send(request);
		ASSERT_NE(NULL, pending);
		response = sluice_pending_response_receive(pending, LONG);
		ASSERT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(i * i, response->count);
		heard = response->header;
		ASSERT_EQ(3 * i + 1, heard->tag);
		ASSERT_EQ(3 * i + 1, heard->again);
		ASSERT_TRUE(pattern_holds(response->data, response->size,
					  3 * i + 1));
		ASSERT_EQ(0, sluice_response_release(response));
		ASSERT_EQ(0, sluice_pending_response_release(pending));
	}
	ASSERT_EQ(100, finish(server));
}

TEST_F(call, no_headers)
{
	struct sluice_request *request;

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	request = sluice_client_loan(self->side.client, 1);
	ASSERT_NE(NULL, request);
	EXPECT_EQ(NULL, request->header);
	EXPECT_EQ(1u, request->count);
	EXPECT_EQ(sizeof(struct question), request->size);
	EXPECT_EQ(0, sluice_request_release(request));
}

/* The client can read its request until it releases the pending response. */
TEST_F(call, request_stays_readable)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct end *server = &self->end[0];
	struct sluice_request *request;
	struct label *label;
	const struct label *kept;
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &labelled);
	request = sluice_client_loan(self->side.client, 5000);
	ASSERT_NE(NULL, request);
	label = request->header;
	label->tag = label->again = 9;
	pattern_fill(request->data, request->size, 9);
	pending = sluice_request_send(request);
	ASSERT_NE(NULL, pending);

	ASSERT_EQ(1, at(server, serve_labelled, 1, 0));

	/* Later requests take other memory. */
	begin(server, serve_labelled, 20, 0);
	for (i = 0; i < 20; i++) {
		request = sluice_client_loan_zeroed(self->side.client, 5000);
		ASSERT_NE(NULL, request);
		pattern_fill(request->data, request->size, 0);
		self->side.pending[0] = sluice_request_send(request);
		ASSERT_NE(NULL, self->side.pending[0]);
		response = sluice_pending_response_receive(self->side.pending[0],
							   LONG);
		ASSERT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, sluice_response_release(response));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	ASSERT_EQ(20, finish(server)) TH_LOG("%s", server->result.sentence);
	kept = pending->header;
	EXPECT_EQ(9u, kept->tag);
	EXPECT_EQ(9u, kept->again);
	EXPECT_EQ(5000u, pending->count);
	EXPECT_EQ(5000u, pending->size);
	EXPECT_TRUE(pattern_holds(pending->data, pending->size, 9));
	EXPECT_EQ(0, sluice_pending_response_release(pending));
}

TEST_HARNESS_MAIN
