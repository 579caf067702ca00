// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a slice takes of memory: what it needs, in whole pages, and a small one the next
 * power of two if its port's strategy says so; never the double of a long one, with a
 * user header or without, by a loan, a hint or preallocate, at either side.
 */
#include "steps.h"
#include "memfds.h"

ENDS_FIXTURE(rounding);

#define MIB	((uint64_t)1 << 20)
#define PAGE	((uint64_t)sysconf(_SC_PAGESIZE))

/* A segment may be larger than what is loaned by this: the room that is made at once. */
#define SPARE	MIB

static uint64_t round_to_page(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

struct head {
	uint64_t words[5];
};

static const struct sluice_contract headed =
	BLOBS_WITH_HEADERS("test/headed", struct head);

static const struct sluice_contract *const contracts[] = { &blobs, &headed };

static const uint64_t sizes[] = {
	64 * MIB + 1, 64 * MIB, 32 * MIB + 1, 5 * MIB, 2 * MIB + 1, MIB + 1, MIB,
};

static uint64_t bytes_of(struct sluice_client *client)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	return sluice_client_memory(client, &memory) < 0 ? UINT64_MAX : memory.bytes;
}

/* Pages that are allocated in this process are those that the port tells of. */
static void expect_memory(struct __test_metadata *_metadata, struct sluice_client *client,
			  uint64_t least, uint64_t most)
{
	uint64_t bytes = bytes_of(client), allocated = count_memfds(0).allocated;

	EXPECT_LE(least, bytes);
	EXPECT_GE(most, bytes);
	EXPECT_LE(least, allocated);
	EXPECT_GE(most, allocated);
}

TEST_F_TIMEOUT(rounding, of_a_loan, 120)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(.port = { .strategy = 0 });
	struct sluice_request *request;
	struct side *side = &self->side;
	uint64_t size;
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
			size = sizes[i / 2];
			opts.port.strategy = (uint32_t)i % 2;
			ASSERT_EQ(0, open_service(side, PTR(contracts[k]), 0));
			ASSERT_EQ(0, open_client(side, PTR(&opts), 0));
			request = sluice_client_loan(side->client, size);
			ASSERT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
			expect_memory(_metadata, side->client, size, size + SPARE + 2 * PAGE);
			ASSERT_EQ(0, sluice_request_release(request));
			close_client(side, 0, 0);
			sluice_service_close(side->service);
			side->service = NULL;
		}
}

/* The memory of a port that asks for so many slices from the start; 0: it cannot be. */
static uint64_t from_the_start(struct side *side, const struct sluice_client_opts *opts)
{
	uint64_t bytes;

	if (open_client(side, PTR(opts), 0) < 0)
		return 0;
	bytes = bytes_of(side->client);
	close_client(side, 0, 0);
	return bytes;
}

/* A hint, and slices that are preallocated, take no more than loans. */
TEST_F_TIMEOUT(rounding, from_the_start, 120)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(.port = { .strategy = 0 });
	uint64_t bytes, need;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		ASSERT_EQ(0, open_service(&self->side, PTR(contracts[k]), 0));
		for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
			opts.port.strategy = (uint32_t)i % 2;
			opts.port.initial_max_slice_len = sizes[i / 2];
			opts.port.preallocate = 0;
			bytes = from_the_start(&self->side, &opts);
			EXPECT_LE(sizes[i / 2], bytes);
			EXPECT_GE(sizes[i / 2] + 2 * PAGE, bytes);
			opts.port.preallocate = 2;
			need = 2 * sizes[i / 2];
			bytes = from_the_start(&self->side, &opts);
			EXPECT_LE(need, bytes);
			EXPECT_GE(need + 4 * PAGE, bytes);
		}
		sluice_service_close(self->side.service);
		self->side.service = NULL;
	}
}

/* All slices of a static port, of which as much is there as is used. */
TEST_F(rounding, of_a_static_port)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = MIB + 1,
			  .preallocate = 4 });
	uint64_t bytes;

	ASSERT_EQ(0, open_service(&self->side, PTR(&headed), 0));
	bytes = from_the_start(&self->side, &opts);
	EXPECT_LE(4 * MIB, bytes);
	EXPECT_GE(4 * MIB + 2 * PAGE, bytes);
}

/* Short slices are rounded to powers of two still, behind their header. */
TEST_F(rounding, of_short_slices)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = 1025, .preallocate = 64 });
	uint64_t bytes;

	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), 0));
	EXPECT_EQ(64 * 2048u, from_the_start(&self->side, &opts));
	opts.port.strategy = SLUICE_BEST_FIT;
	EXPECT_EQ(round_to_page(64 * 1088), from_the_start(&self->side, &opts));
	sluice_service_close(self->side.service);

	ASSERT_EQ(0, open_service(&self->side, PTR(&headed), 0));
	opts.port.strategy = SLUICE_POWER_OF_TWO;
	opts.port.initial_max_slice_len = 1024;
	bytes = from_the_start(&self->side, &opts);
	EXPECT_EQ(round_to_page(64 * (64 + 1024)), bytes);
}

/* ---- Both ways ------------------------------------------------------------- */

/* answer_one(size): answers a request; the bytes of this server's replies. */
static long answer_one(struct side *side, long size, long unused)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_active_request *active;
	struct sluice_reply *reply;

	(void)unused;
	active = sluice_server_receive(side->server, LONG);
	if (!active)
		return -errno;
	if (active->size != (size_t)size)
		return -EBADMSG;
	reply = sluice_active_request_loan(active, (size_t)size);
	if (!reply)
		return -errno;
	((char *)reply->data)[size - 1] = 1;
	if (sluice_reply_send(reply) < 0 || sluice_active_request_release(active) < 0 ||
	    sluice_server_memory(side->server, &memory) < 0)
		return -errno;
	return (long)memory.bytes;
}

/* 64 MiB each way, with a user header: 128 MiB in all, and not the double. */
TEST_F_TIMEOUT(rounding, both_ways, 120)
{
	const long size = 64 * (long)MIB;
	struct end *server = &self->end[0];
	struct sluice_request *request;
	struct memfds memfds;
	long bytes;

	start_pair(_metadata, server, variant->place, &self->side, &headed);
	request = sluice_client_loan(self->side.client, (size_t)size);
	ASSERT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
	((char *)request->data)[size - 1] = 1;
	self->side.pending[0] = sluice_request_send(request);
	ASSERT_NE(NULL, self->side.pending[0]);
	bytes = at(server, answer_one, size, 0);
	EXPECT_LE(size, bytes) TH_LOG("%s", server->result.sentence);
	EXPECT_GE(size + (long)(SPARE + 2 * PAGE), bytes);
	memfds = count_memfds(server->pid);
	TH_LOG("%ju bytes in %zu memfds", (uintmax_t)memfds.allocated, memfds.count);
	EXPECT_GE(2 * (uint64_t)size + 2 * SPARE + 4 * PAGE, memfds.allocated);
	EXPECT_EQ(0, sluice_response_release(
			  sluice_pending_response_receive(self->side.pending[0], LONG)));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
}

TEST_HARNESS_MAIN
