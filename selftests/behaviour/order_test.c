// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects may be given back in any order.  Everything that a client end, a
 * server end, or a node with both has made is destroyed in every order there is,
 * and what the header says remains usable meanwhile is used meanwhile.
 *
 * The teardown of each test proves that the last one to go took everything along.
 */
#include "steps.h"
#include "orders.h"

ENDS_FIXTURE(order);

enum {
	NODE, SERVICE, CLIENT, PENDING, RESPONSE,
	CLIENT_SIDE,			/* how many these are */
	SERVER = CLIENT_SIDE, ACTIVE,
	BOTH_SIDES,
};

static void destroy(struct __test_metadata *_metadata, struct side *side,
		    size_t which)
{
	static step *const steps[BOTH_SIDES] = {
		[NODE] = close_node, [SERVICE] = close_service, [CLIENT] = close_client,
		[PENDING] = cancel, [RESPONSE] = drop_response, [SERVER] = close_server,
		[ACTIVE] = done,
	};

	ASSERT_EQ(0, steps[which](side, 0, 0));
}

/* Messages that are left of an exchange are still readable. */
static void look_at(struct __test_metadata *_metadata, struct side *side)
{
	const struct question *question;

	if (side->pending[0]) {
		question = side->pending[0]->data;
		ASSERT_EQ(5u, question->value);
	}
	if (side->response[0]) {
		ASSERT_EQ(6, answer_value(side->response[0]));
	}
	if (side->active[0]) {
		question = side->active[0]->data;
		ASSERT_EQ(5u, question->value);
	}
}

/* serve_twice(requests): two answers to each, 6 and 7. */
static long serve_twice(struct side *side, long requests, long unused)
{
	long value;

	(void)unused;
	while (requests--) {
		value = take(side, 0, LONG);
		if (value != 5)
			return value < 0 ? value : -EBADMSG;
		if (answer(side, 0, 6) < 0 || answer(side, 0, 7) < 0 ||
		    done(side, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

TEST_F_TIMEOUT(order, of_a_client, 120)
{
	size_t order[CLIENT_SIDE], index, i;
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (index = 0; index < factorial(CLIENT_SIDE); index++) {
		permute(order, CLIENT_SIDE, index);
		open_client_side(_metadata, &self->side, &calls, NULL, 1);
		ASSERT_EQ(1, ask(&self->side, 0, 5));
		ASSERT_EQ(0, at(server, serve_twice, 1, 0));
		ASSERT_EQ(6, hold(&self->side, 0, 0));
		for (i = 0; i < CLIENT_SIDE; i++) {
			if (order[i] == PENDING) {
				ASSERT_EQ(7, hear(&self->side, 0, LONG))
					TH_LOG("%zu: %s", index,
					       sluice_strerror());
				ASSERT_EQ(-EPIPE, hear(&self->side, 0, LONG));
			}
			destroy(_metadata, &self->side, order[i]);
			look_at(_metadata, &self->side);
		}
	}
}

/* A client that is destroyed gives its loans back. */
TEST_F(order, loaned_requests)
{
	long i, k;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), 0));
		for (k = 0; k < 8; k++) {
			ASSERT_NE(NULL, sluice_client_loan(self->side.client,
							   1000 * k));
		}
		leave(&self->side, 0, 0);
	}
}

enum {
	S_NODE, S_SERVICE, S_SERVER, S_ACTIVE, S_REPLY,
	SERVER_SIDE,
};

TEST_F_TIMEOUT(order, of_a_server, 120)
{
	static const size_t which[] = {
		[S_NODE] = NODE, [S_SERVICE] = SERVICE, [S_SERVER] = SERVER,
		[S_ACTIVE] = ACTIVE,
	};
	size_t order[SERVER_SIDE], index, i;
	struct end *client = &self->end[0];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	for (index = 0; index < factorial(SERVER_SIDE); index++) {
		permute(order, SERVER_SIDE, index);
		answer_and_loan(_metadata, &self->side, client);
		for (i = 0; i < SERVER_SIDE; i++) {
			if (order[i] == S_REPLY) {
				if (self->side.reply[0]) {
					ASSERT_EQ(0, sluice_reply_release(
							self->side.reply[0]));
				}
				self->side.reply[0] = NULL;
				continue;
			}
			if (order[i] == S_SERVER || order[i] == S_ACTIVE)
				self->side.reply[0] = NULL;
			destroy(_metadata, &self->side, which[order[i]]);
			look_at(_metadata, &self->side);
			if (order[i] == S_SERVER && self->side.active[0]) {
				EXPECT_FAILS(EPIPE, sluice_active_request_loan(
						     self->side.active[0], 1));
			}
		}
		ASSERT_EQ(6, at(client, hear, 0, LONG));
		ASSERT_EQ(-EPIPE, at(client, hear, 0, LONG))
			TH_LOG("%zu: %s", index, client->result.sentence);
		ASSERT_EQ(0, at(client, cancel, 0, 0));
		ASSERT_TRUE(EVENTUALLY(at(client, wait_servers, 1,
					  SLUICE_NOWAIT) == -EAGAIN));
	}
}

/* One node with both roles, every thirteenth of 5,040 orders. */
TEST_F_TIMEOUT(order, of_both, 120)
{
	size_t order[BOTH_SIDES], index, i;

	for (index = 0; index < factorial(BOTH_SIDES); index += 13) {
		permute(order, BOTH_SIDES, index);
		ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
		ASSERT_EQ(0, open_client(&self->side, 0, 0));
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
		ASSERT_EQ(1, ask(&self->side, 0, 5));
		ASSERT_EQ(5, take(&self->side, 0, LONG));
		ASSERT_EQ(0, answer(&self->side, 0, 6));
		ASSERT_EQ(6, hold(&self->side, 0, 0));
		for (i = 0; i < BOTH_SIDES; i++) {
			destroy(_metadata, &self->side, order[i]);
			look_at(_metadata, &self->side);
		}
	}
}

/* Nothing that was not made need be checked for before it is destroyed. */
TEST_F(order, of_nothing)
{
	sluice_node_destroy(NULL);
	sluice_service_close(NULL);
	sluice_client_destroy(NULL);
	sluice_server_destroy(NULL);
	EXPECT_EQ(0, sluice_request_release(NULL));
	EXPECT_EQ(0, sluice_pending_response_release(NULL));
	EXPECT_EQ(0, sluice_response_release(NULL));
	EXPECT_EQ(0, sluice_active_request_release(NULL));
	EXPECT_EQ(0, sluice_reply_release(NULL));
}

/* Objects declared with sluice_auto() are destroyed without further calls. */
TEST_F(order, by_itself)
{
	long i;

	for (i = 0; i < 10; i++) {
		sluice_auto(sluice_node) node = sluice_node_create("auto", NULL);
		sluice_auto(sluice_service) service =
			sluice_service_open(node, &calls, NULL);
		sluice_auto(sluice_server) server =
			sluice_server_create(service, NULL);
		sluice_auto(sluice_client) client =
			sluice_client_create(service, NULL);
		sluice_auto(sluice_pending_response) pending = NULL;
		sluice_auto(sluice_active_request) active = NULL;
		sluice_auto(sluice_response) response = NULL;
		struct sluice_reply *reply;

		ASSERT_EQ(1, sluice_client_wait_servers(client, 1, LONG));
		pending = sluice_request_send(sluice_client_loan(client, 1));
		active = sluice_server_receive(server, LONG);
		ASSERT_NE(NULL, active);
		reply = sluice_active_request_loan(active, 1);
		ASSERT_NE(NULL, reply);
		ASSERT_EQ(0, sluice_reply_send(reply));
		response = sluice_pending_response_receive(pending, LONG);
		ASSERT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
	}
}

TEST_HARNESS_MAIN
