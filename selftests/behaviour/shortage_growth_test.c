// SPDX-License-Identifier: GPL-2.0-only
/*
 * A shortage of descriptors in which memory grows: a message lies in a segment that its receiver
 * cannot map.  The receiver leaves the channel, and its peer is told why; afterwards both
 * exchange messages again.
 */
#include "shortage.h"

struct sluice_client;
struct client_want {
	int error;
	bool theirs;
	uint64_t server;
};

/*
 * A client that has lost a server for want of something tries again after a millisecond
 * (selftests/build.mk, --wrap).  Here that is over before it does anything else, as it may be
 * on a busy machine.
 */
void __real_client_wants(struct sluice_client *client, struct client_want want);
void __wrap_client_wants(struct sluice_client *client, struct client_want want);
void __wrap_client_wants(struct sluice_client *client, struct client_want want)
{
	int64_t begun;

	__real_client_wants(client, want);
	for (begun = now(); now() < begun + 2 * MILLISECOND;)
		pause_briefly();
}

PROCESSES_FIXTURE(shortage_growth);

#define SMALL	16
#define LARGE	(INT64_C(4) << 20)

static void meet_again(struct __test_metadata *_metadata, struct end *server, struct end *client,
		       long size)
{
	begin(server, serve_blobs, 1, 0);
	EXPECT_EQ(1, at(client, wait_servers, 1, LONG)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(0, at(client, exchange_blob, 1, size)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
}

static void meet(struct __test_metadata *_metadata, struct end *server, struct end *client,
		 const struct sluice_service_opts *service)
{
	start_server(_metadata, server, IN_PROCESS, &blobs, service, NULL);
	start_client(_metadata, client, IN_PROCESS, &blobs, 1);
	meet_again(_metadata, server, client, SMALL);
}

/* A response in a new segment, for which the client has no descriptor. */
TEST_F(shortage_growth, of_a_client_that_a_response_grows_for)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	meet(_metadata, server, client, NULL);

	ASSERT_EQ(1, at(client, ask_blob, 0, SMALL));
	ASSERT_EQ(0, at(client, exhaust, 0, 0));
	ASSERT_EQ(SMALL, at(server, take_blob, 0, LONG));
	ASSERT_EQ(0, at(server, answer_blob, 0, LARGE));
	EXPECT_EQ(-EMFILE, at(client, hear_blob, 0, LONG));
	EXPECT_NE(NULL, strstr(client->result.sentence, "no descriptor left (RLIMIT_NOFILE"))
		TH_LOG("%s", client->result.sentence);
	/* The server is told that the client has left, and not that it has died. */
	EXPECT_EQ(-EPIPE, at(server, answer_blob, 0, SMALL)) TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, at(client, relieve, 0, 0));
	meet_again(_metadata, server, client, LARGE);
}

/* A request in a new segment, for which the server has no descriptor. */
TEST_F(shortage_growth, of_a_server_that_a_request_grows_for)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	meet(_metadata, server, client, NULL);

	ASSERT_EQ(0, at(server, exhaust, 0, 0));
	ASSERT_EQ(1, at(client, ask_blob, 0, LARGE));
	EXPECT_EQ(-ETIMEDOUT, at(server, take_blob, 0, 100 * MILLISECOND));
	EXPECT_EQ(-ECONNABORTED, at(client, hear_blob, 0, LONG));
	EXPECT_NE(NULL, strstr(client->result.sentence, "had no descriptor left"))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(server, relieve, 0, 0));
	meet_again(_metadata, server, client, LARGE);
}

/* A client that waits for room is told the same. */
TEST_F(shortage_growth, of_a_server_that_room_is_waited_for)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	meet(_metadata, server, client, &room_for_one);

	ASSERT_EQ(0, at(server, exhaust, 0, 0));
	ASSERT_EQ(1, at(client, ask_blob, 0, LARGE));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	begin(client, ask_blob, 1, SMALL);
	until_asleep(client);
	EXPECT_EQ(-ETIMEDOUT, at(server, take_blob, 0, 100 * MILLISECOND));
	EXPECT_EQ(-ECONNABORTED, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_NE(NULL, strstr(client->result.sentence, "had no descriptor left"))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(server, relieve, 0, 0));
	meet_again(_metadata, server, client, SMALL);
}

TEST_HARNESS_MAIN
