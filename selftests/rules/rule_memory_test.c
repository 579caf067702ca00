// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of memory that grows: no number of growths is too large, what is out stays as
 * and where it is, contents are right whatever the strategy, and memory goes back.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_memory);

#define GROWTHS	400

/* ---- Growth -------------------------------------------------------------- */

TEST_F_TIMEOUT(rule_memory, a_client_grows_four_hundred_times, 120)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	long i;

	SET_UP_PORTS(&blobs, NULL, &best_fit_client, NULL);
	for (i = 1; memory.growths < GROWTHS && i < 2 * GROWTHS; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, 0, 4096 * i))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(4096 * i, at(server, take_blob, 0, LONG))
			TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	}
	EXPECT_LE((uint64_t)GROWTHS, memory.growths);
}

/* growths(): of the side's server. */
static long growths(struct side *side, long a, long b)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	(void)a, (void)b;
	if (sluice_server_memory(side->server, &memory) < 0)
		return -errno;
	return (long)memory.growths;
}

TEST_F_TIMEOUT(rule_memory, a_server_grows_four_hundred_times, 120)
{
	struct end *server = &self->end[0];
	long i, so_far = 0;

	SET_UP_PORTS(&blobs, NULL, NULL, &best_fit_server);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	for (i = 1; so_far < GROWTHS && i < 2 * GROWTHS; i++) {
		ASSERT_EQ(0, at(server, answer_blob, 0, 4096 * i))
			TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(4096 * i, hear_blob(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
		so_far = at(server, growths, 0, 0);
	}
	EXPECT_LE(GROWTHS, so_far);
}

TEST_F(rule_memory, growth_moves_nothing_that_is_loaned)
{
	struct sluice_request *small, *large;
	const void *where;
	size_t size;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	small = sluice_client_loan(self->side.client, 100);
	ASSERT_NE(NULL, small);
	where = small->data;
	pattern_fill(small->data, 100, 1);
	for (size = 1000; size < 8 << 20; size *= 2) {
		large = sluice_client_loan(self->side.client, size);
		ASSERT_NE(NULL, large) TH_LOG("%s", sluice_strerror());
		memset(large->data, 0xff, size);
		ASSERT_EQ(0, sluice_request_release(large));
	}
	EXPECT_EQ(where, small->data);
	EXPECT_TRUE(pattern_holds(where, 100, 1));
	EXPECT_EQ(0, sluice_request_release(small));
}

TEST_F(rule_memory, growth_moves_nothing_that_was_received)
{
	struct end *server = &self->end[0];
	struct sluice_response *response;
	const void *where;
	long size;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	ASSERT_EQ(0, at(server, answer_blob, 0, 100));
	response = sluice_pending_response_receive(self->side.pending[0], LONG);
	ASSERT_NE(NULL, response);
	where = response->data;
	for (size = 1000; size < 8 << 20; size *= 2) {
		ASSERT_EQ(0, at(server, answer_blob, 0, size));
		ASSERT_EQ(size, hear_blob(&self->side, 0, LONG));
	}
	EXPECT_EQ(where, response->data);
	EXPECT_TRUE(pattern_holds(where, 100, ~UINT64_C(100)));
	EXPECT_EQ(0, sluice_response_release(response));
}

TEST_F(rule_memory, memory_goes_back_after_a_burst)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	long i;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	begin(&self->end[0], serve_blobs, 1001, 0);
	ASSERT_EQ(0, exchange_blob(&self->side, 0, 16 << 20));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, exchange_blob(&self->side, 0, 64));
	}
	EXPECT_EQ(1001, finish(&self->end[0]));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_LE(UINT64_C(16) << 20, memory.largest_segment);
	EXPECT_GT(UINT64_C(1) << 20, memory.bytes);
}

TEST_F(rule_memory, a_port_at_its_memory_limit_goes_on_when_loans_come_back)
{
	static const struct sluice_client_opts limited = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = 1 << 20 });
	struct sluice_request *request[LOANS];
	struct sluice_memory memory = { .size = sizeof(memory) };
	long i, round;

	SET_UP_PORTS(&blobs, NULL, &limited, NULL);
	for (round = 0; round < 10; round++) {
		for (i = 0; i < LOANS; i++) {
			request[i] = sluice_client_loan(self->side.client, 200000);
			if (!request[i])
				break;
		}
		EXPECT_EQ(ENOMEM, errno) TH_LOG("%s", sluice_strerror());
		EXPECT_LT(0, i);
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
		EXPECT_GE(UINT64_C(1) << 20, memory.bytes);
		while (i--) {
			ASSERT_EQ(0, sluice_request_release(request[i]));
		}
	}
	begin(&self->end[0], serve_blobs, 1, 0);
	EXPECT_EQ(0, exchange_blob(&self->side, 0, 200000));
	EXPECT_EQ(1, finish(&self->end[0]));
}

TEST_F(rule_memory, a_static_port_never_grows)
{
	static const struct sluice_client_opts fixed = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 10000 });
	struct sluice_memory before = { .size = sizeof(before) };
	struct sluice_memory after = { .size = sizeof(after) };
	long i;

	SET_UP_PORTS(&blobs, NULL, &fixed, NULL);
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &before));
	begin(&self->end[0], serve_blobs, 100, 0);
	for (i = 1; i <= 100; i++) {
		ASSERT_EQ(0, exchange_blob(&self->side, 0, 100 * i));
	}
	EXPECT_EQ(100, finish(&self->end[0]));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &after));
	EXPECT_EQ(0u, after.growths);
	EXPECT_EQ(before.bytes, after.bytes);
	EXPECT_EQ(before.segments, after.segments);
}

/* ---- 128 lengths with each strategy -------------------------------------- */

#define LENGTHS	128

/* Odd as often as even, to about 100 KiB. */
static long length(long i)
{
	return i * i * i / 20 + i;
}

static void exchange_lengths(struct __test_metadata *_metadata, struct side *side,
			     struct end *server)
{
	long i;

	begin(server, serve_blobs, LENGTHS, 0);
	for (i = 0; i < LENGTHS; i++) {
		ASSERT_EQ(0, exchange_blob(side, 0, length(i)))
			TH_LOG("%ld: %s", length(i), sluice_strerror());
	}
	ASSERT_EQ(LENGTHS, finish(server)) TH_LOG("%s", server->result.sentence);
}

TEST_F(rule_memory, power_of_two_carries_growing_lengths)
{
	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	exchange_lengths(_metadata, &self->side, &self->end[0]);
}

TEST_F(rule_memory, best_fit_carries_growing_lengths)
{
	SET_UP_PORTS(&blobs, NULL, &best_fit_client, &best_fit_server);
	exchange_lengths(_metadata, &self->side, &self->end[0]);
}

TEST_F(rule_memory, static_memory_carries_growing_lengths)
{
	static struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC });
	static struct sluice_server_opts server = SLUICE_SERVER_OPTS(
		.port = { .strategy = SLUICE_STATIC });

	client.port.initial_max_slice_len = (uint64_t)length(LENGTHS);
	server.port.initial_max_slice_len = (uint64_t)length(LENGTHS);
	SET_UP_PORTS(&blobs, NULL, &client, &server);
	exchange_lengths(_metadata, &self->side, &self->end[0]);
}

TEST_F(rule_memory, the_two_directions_choose_for_themselves)
{
	static const struct sluice_server_opts fixed = SLUICE_SERVER_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 200000 });

	SET_UP_PORTS(&blobs, NULL, &best_fit_client, &fixed);
	exchange_lengths(_metadata, &self->side, &self->end[0]);
}

TEST_HARNESS_MAIN
