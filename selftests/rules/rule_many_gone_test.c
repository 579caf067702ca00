// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of leaving, for any number of those who left: what they have sent is not less
 * well kept because they are many, and what is held of them costs nobody a place.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_many_gone);

#define MANY	150

static const struct sluice_service_opts broad = SLUICE_SERVICE_OPTS(
	.max_active_requests_per_client = MANY,
	.max_clients = 2,
	.max_servers = 2);

/* ---- Servers ------------------------------------------------------------- */

static struct sluice_pending_response *pending[MANY];

TEST_F_TIMEOUT(rule_many_gone, responses_of_any_number_of_servers_are_read, 120)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_without_peers(_metadata, side, open_client, server, variant->place, &blobs, &broad);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, at(server, open_server, 0, 0))
			TH_LOG("%ld: %s", i, server->result.sentence);
		ASSERT_EQ(1, wait_servers(side, 1, LONG));
		ASSERT_EQ(1, ask_blob(side, 0, i));
		ASSERT_EQ(i, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, answer_blob, 0, 100 * i));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		ASSERT_TRUE(EVENTUALLY(wait_servers(side, 1, SLUICE_NOWAIT) ==
				       -EAGAIN));
		pending[i] = side->pending[0];
	}
	for (i = 0; i < MANY; i++) {
		side->pending[0] = pending[i];
		ASSERT_EQ(100 * i, hear_blob(side, 0, LONG))
			TH_LOG("%ld: %s", i, sluice_strerror());
		ASSERT_EQ(-EPIPE, hear_blob(side, 0, LONG));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
}

TEST_F_TIMEOUT(rule_many_gone, responses_of_any_number_of_servers_are_held, 120)
{
	static struct sluice_response *held[MANY];
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_without_peers(_metadata, side, open_client, server, variant->place, &calls, &broad);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, at(server, open_server, 0, 0));
		ASSERT_EQ(1, wait_servers(side, 1, LONG));
		ASSERT_EQ(1, ask(side, 0, i));
		ASSERT_EQ(1, at(server, serve, 1, 0));
		ASSERT_EQ(i + 1, hold(side, 0, 0));
		held[i] = side->response[0];
		side->response[0] = NULL;
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		ASSERT_TRUE(EVENTUALLY(wait_servers(side, 1, SLUICE_NOWAIT) ==
				       -EAGAIN));
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(i + 1, answer_value(held[i]));
		ASSERT_EQ(0, sluice_response_release(held[i]));
	}
}

/* ---- Clients ------------------------------------------------------------- */

TEST_F_TIMEOUT(rule_many_gone, requests_of_any_number_of_clients_are_received, 120)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_without_peers(_metadata, side, open_server, client, variant->place, &blobs, NULL);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, at(client, open_client, 0, 0));
		ASSERT_EQ(1, at(client, ask_blob, 0, 100 * i));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
		ASSERT_EQ(0, at(client, close_client, 0, 0));
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_LE(0, take_blob(side, 0, LONG))
			TH_LOG("%ld: %s", i, sluice_strerror());
		EXPECT_EQ(0, is_connected(side, 0, 0));
		ASSERT_EQ(0, done(side, 0, 0));
	}
	EXPECT_EQ(-EAGAIN, take_blob(side, 0, SLUICE_NOWAIT));
}

static struct sluice_active_request *active[MANY];

TEST_F_TIMEOUT(rule_many_gone, requests_of_any_number_of_clients_are_held, 120)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	const struct question *question;
	long i;

	start_without_peers(_metadata, side, open_server, client, variant->place, &calls, &broad);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, at(client, open_client, 0, 0))
			TH_LOG("%ld: %s", i, client->result.sentence);
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(i, take(side, 0, LONG));
		active[i] = side->active[0];
		side->active[0] = NULL;
		ASSERT_EQ(0, at(client, cancel, 0, 0));
		ASSERT_EQ(0, at(client, close_client, 0, 0));
	}
	for (i = 0; i < MANY; i++) {
		question = active[i]->data;
		ASSERT_EQ((uint64_t)i, question->value);
		ASSERT_EQ(0, sluice_active_request_is_connected(active[i]));
		ASSERT_EQ(0, sluice_active_request_release(active[i]));
	}
}

/* ---- Places and memory --------------------------------------------------- */

TEST_F(rule_many_gone, what_is_held_of_a_client_takes_no_place_of_one)
{
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(&one_client);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, ask(side, i, i));
		close_client(side, 0, 0);
		ASSERT_EQ(0, open_client(side, 0, 0)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(1, wait_servers(side, 1, LONG));
	}
	EXPECT_EQ(10, at(&self->end[0], serve, 10, 0));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(i + 1, hear(side, i, LONG));
	}
}

TEST_F(rule_many_gone, what_is_held_of_a_server_takes_no_place_of_one)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&one_server);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(i, at(server, take, i, LONG));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		ASSERT_EQ(0, at(server, open_server, 0, 0))
			TH_LOG("%s", server->result.sentence);
		EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	}
}

/* check_and_release(count): the first requests are as they came, and go now. */
static long check_and_release(struct side *side, long count, long unused)
{
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		if (side->active[i]->count != (size_t)(4000 - i) ||
		    !pattern_holds(side->active[i]->data, side->active[i]->size,
				   side->active[i]->count))
			return -EBADMSG;
		if (done(side, i, 0) < 0)
			return -errno;
	}
	return count;
}

/* A static client has set nothing aside for that: it is reached again when all is back. */
TEST_F(rule_many_gone, what_servers_that_left_hold_is_safe_and_comes_back)
{
	struct end *server = &self->end[0];
	long round;

	SET_UP_PORTS(&blobs, &one_server, &static_client_of_4000, NULL);
	for (round = 0; round < 20; round++) {
		ASSERT_EQ(1, ask_blob(&self->side, 0, 4000));
		ASSERT_EQ(4000, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		ASSERT_EQ(0, at(server, open_server, 0, 0));
		EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
		EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));
		EXPECT_EQ(0, ask_blob(&self->side, 0, 4000));
		EXPECT_EQ(0, cancel(&self->side, 0, 0));
		EXPECT_EQ(1, at(server, check_and_release, 1, 0));
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	}
}

TEST_HARNESS_MAIN
