// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaving in good order, and coming back.  Whoever destroys a port ends its
 * streams and tells the other end so; a process that ends without a word is
 * noticed as well.  A client outlives twenty servers and a server a hundred
 * clients, half of them killed, without losing a slice, a descriptor or a byte.
 */
#include "steps.h"

ENDS_FIXTURE(leave);

TEST_F(leave, server_while_its_client_sleeps)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, variant->place, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 7));
	ASSERT_EQ(7, at(client, hear, 0, LONG));
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(-EPIPE, at(client, hear, 1, SLUICE_FOREVER))
		TH_LOG("%s", client->result.sentence);
	EXPECT_TRUE(EVENTUALLY(at(client, wait_servers, 1, SLUICE_NOWAIT) ==
			       -EAGAIN));
	EXPECT_EQ(0, at(client, cancel, 0, 0));
	EXPECT_EQ(0, at(client, ask, 0, 3));
	EXPECT_EQ(-ENOTCONN, at(client, hear, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(leave, server_with_answers_unread)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
	}
	end_stop(server);
	EXPECT_EQ(5, hear_many(&self->side, 0, 5));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(leave, client_whose_requests_are_held)
{
	start_and_lose_client(_metadata, &self->side, &self->end[0], variant->place);
	EXPECT_EQ(-EPIPE, send_answer(&self->side, 0, 0));
	EXPECT_EQ(2, take(&self->side, 1, LONG));
	EXPECT_EQ(0, is_connected(&self->side, 1, 0));
	EXPECT_EQ(0, done(&self->side, 0, 0));
	EXPECT_EQ(0, done(&self->side, 1, 0));
}

/* A destroyed client's exchanges go on until they are released. */
TEST_F(leave, client_before_its_exchange_ends)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	close_client_amid_exchange(_metadata, &self->side, server);
	EXPECT_EQ(0, at(server, answer_and_done, 0, 10));
	EXPECT_EQ(10, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
}

/* ---- Coming back --------------------------------------------------------- */

TEST_F_TIMEOUT(leave, twenty_servers, 120)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_request *request[8];
	struct end *server = &self->end[0];
	uint64_t bytes = 0;
	long i, round, result;

	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), PTR(&static_client_of_4000)));
	for (round = 0; round < 20; round++) {
		start_server(_metadata, server, variant->place, &blobs, NULL,
			     &static_server_of_4000);
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
		begin(server, serve_blobs, 5, 0);
		for (i = 0; i < 5; i++) {
			ASSERT_EQ(0, exchange_blob(&self->side, 0, 4000 - i));
		}
		ASSERT_EQ(5, finish(server));

		/* In every state that a request can be in, the server goes. */
		for (i = 0; i < 16; i++) {
			ASSERT_EQ(1, ask_blob(&self->side, i, 4000));
		}
		for (i = 0; i < 10; i++) {
			ASSERT_EQ(4000, at(server, take_blob, i, LONG));
		}
		for (i = 0; i < 5; i++) {
			ASSERT_EQ(0, at(server, answer_blob, i, 4000));
		}
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(4000, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(4000, hear_blob(&self->side, 1, LONG));
		end_stop_or_kill(server, round);
		for (i = 2; i < 5; i++) {
			ASSERT_EQ(4000, hear_blob(&self->side, i, LONG));
		}
		ASSERT_EQ(-EPIPE, hear_blob(&self->side, 0, LONG));
		for (i = 1; i < 16; i++) {
			result = hear_blob(&self->side, i, LONG);
			ASSERT_TRUE(result == -EPIPE || result == -ECONNRESET)
				TH_LOG("%ld: %s", i, sluice_strerror());
		}

		/* Every slice has come home: as many can be loaned as ever. */
		for (i = 0; i < 16; i++) {
			ASSERT_EQ(0, cancel(&self->side, i, 0));
			ASSERT_EQ(0, ask_blob(&self->side, i, 4000));
		}
		for (i = 0; i < 8; i++) {
			request[i] = sluice_client_loan(self->side.client, 4000);
			ASSERT_NE(NULL, request[i])
				TH_LOG("%s", sluice_strerror());
		}
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, sluice_request_release(request[i]));
		}
		for (i = 0; i < 16; i++) {
			ASSERT_EQ(0, cancel(&self->side, i, 0));
		}
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
		if (!bytes)
			bytes = memory.bytes;
		EXPECT_EQ(bytes, memory.bytes);
		EXPECT_EQ(0u, memory.growths);
	}
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_F_TIMEOUT(leave, hundred_clients, 120)
{
	static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(
		.max_clients = 2);
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *client = &self->end[0];
	long i, round, fds;

	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), PTR(&few)));
	ASSERT_EQ(0, open_server(&self->side, PTR(&static_server_of_4000), 0));
	ASSERT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	fds = count_fds();
	for (round = 0; round < 100; round++) {
		start_busy_client(_metadata, client, variant->place, &self->side);
		ASSERT_EQ(0, done(&self->side, 0, 0));
		ASSERT_EQ(4000, at(client, hear_blob, 0, LONG));
		ASSERT_EQ(-EPIPE, at(client, hear_blob, 0, LONG));
		ASSERT_EQ(4000, at(client, hear_blob, 1, LONG));
		end_stop_or_kill(client, round);

		/* Two are still queued and delivered; nobody wants an answer. */
		for (i = 4; i < 6; i++) {
			ASSERT_EQ(4000, take_blob(&self->side, i, LONG));
		}
		for (i = 1; i < 6; i++) {
			ASSERT_TRUE(EVENTUALLY(is_connected(&self->side, i, 0) ==
					       0));
			ASSERT_EQ(0, done(&self->side, i, 0));
		}

		/* Then the server is as if it had never been there. */
		ASSERT_TRUE(EVENTUALLY(take(&self->side, 0, SLUICE_NOWAIT) ==
				       -EAGAIN && count_fds() == fds))
			TH_LOG("%ld: %d descriptors are open, not %ld", round,
			       count_fds(), fds);
		ASSERT_EQ(0, sluice_server_memory(self->side.server, &memory));
		EXPECT_EQ(0u, memory.bytes);
		EXPECT_EQ(0u, memory.segments);
	}
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
