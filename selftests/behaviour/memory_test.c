// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a port's memory costs: the limit that its user may set, and what a port
 * that has reached it can still do; a static port that never takes more; what was asked
 * for from the start; and memory that goes back after a burst, seen from outside, in the
 * memfds of both processes.
 */
#include "steps.h"
#include "memfds.h"

ENDS_FIXTURE(memory);

#define MIB		((size_t)1 << 20)
#define MEMORY_MOST	((uint64_t)1 << 40)

/* Loans of this size until no more can be had; all are given back. */
static long loan_until_full(struct __test_metadata *_metadata,
			    struct sluice_client *client, size_t size, int error)
{
	struct sluice_request *request[16];
	long count = 0;

	while (count < 16 && (request[count] = sluice_client_loan(client, size))) {
		pattern_fill(request[count]->data, size, count);
		count++;
	}
	EXPECT_EQ(error, errno) TH_LOG("%s", sluice_strerror());
	while (count--) {
		EXPECT_TRUE(pattern_holds(request[count]->data, size, count));
		EXPECT_EQ(0, sluice_request_release(request[count]));
	}
	errno = 0;
	for (count = 0; count < 16; count++) {
		request[count] = sluice_client_loan(client, size);
		if (!request[count])
			break;
	}
	EXPECT_EQ(error, errno);
	for (error = 0; error < count; error++)
		sluice_request_release(request[error]);
	return count;
}

TEST_F(memory, limit_of_requests)
{
	static const struct sluice_service_opts loans = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = 16);
	static const struct sluice_client_opts limited = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = 1 << 20 });
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &blobs, &loans, NULL);
	open_client_side(_metadata, &self->side, &blobs, &limited, 1);
	begin(server, serve_blobs, 20, 0);
	for (i = 0; i < 10; i++) {
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client,
							  2 * MIB));
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client,
							  MIB + 1));
		EXPECT_LT(0, loan_until_full(_metadata, self->side.client,
					     100000, ENOMEM));
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
		EXPECT_GE(MIB, memory.bytes);
		EXPECT_EQ(0, exchange_blob(&self->side, 0, 100000));
		EXPECT_EQ(0, exchange_blob(&self->side, 0, 3));
	}
	EXPECT_EQ(20, finish(server));
}

/* answer_until_full(size): how many replies of this size can be loaned. */
static long answer_until_full(struct side *side, long size, long limit)
{
	struct sluice_reply *reply[16];
	struct sluice_memory memory = { .size = sizeof(memory) };
	long count, i;
	int error;

	for (count = 0; count < 16; count++) {
		reply[count] = sluice_active_request_loan(side->active[0],
							  (size_t)size);
		if (!reply[count])
			break;
		pattern_fill(reply[count]->data, (size_t)size, (uint64_t)count);
	}
	error = errno;
	for (i = 0; i < count; i++)
		if (!pattern_holds(reply[i]->data, (size_t)size, (uint64_t)i) ||
		    sluice_reply_release(reply[i]) < 0)
			return -EBADMSG;
	if (sluice_server_memory(side->server, &memory) < 0)
		return -errno;
	if (memory.bytes > (uint64_t)limit)
		return -EFBIG;
	return error == ENOMEM ? count : -error;
}

TEST_F(memory, limit_of_replies)
{
	static const struct sluice_service_opts loans = SLUICE_SERVICE_OPTS(
		.max_loaned_replies_per_request = 16);
	static const struct sluice_server_opts limited = SLUICE_SERVER_OPTS(
		.port = { .memory_limit = 1 << 20 });
	struct end *server = &self->end[0];
	long i, first;

	start_server(_metadata, server, variant->place, &blobs, &loans, &limited);
	open_client_side(_metadata, &self->side, &blobs, NULL, 1);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	first = at(server, answer_until_full, 100000, MIB);
	EXPECT_LT(0, first) TH_LOG("%s", server->result.sentence);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(-EMSGSIZE, at(server, answer_blob, 0, 2 * MIB));
		EXPECT_EQ(-EMSGSIZE, at(server, answer_blob, 0, MIB + 1));
		EXPECT_EQ(first, at(server, answer_until_full, 100000, MIB));
		EXPECT_EQ(0, at(server, answer_blob, 0, 100000));
		EXPECT_EQ(100000, hear_blob(&self->side, 0, LONG));
	}
}

/* A static port has room for all its loans at once, and never takes more. */
TEST_F(memory, constant)
{
	static const struct sluice_client_opts fixed = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 1000 });
	struct sluice_memory before = { .size = sizeof(before) };
	struct sluice_memory after = { .size = sizeof(after) };
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &blobs, NULL, NULL);
	open_client_side(_metadata, &self->side, &blobs, &fixed, 1);

	/* All that may be in flight, and all that may be loaned beside it. */
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, i, 1000))
			TH_LOG("%s", sluice_strerror());
	}
	ASSERT_EQ(8, loan_until_full(_metadata, self->side.client, 1000, ENOBUFS));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &before));
	begin(server, serve_blobs, 116, 0);
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(1000, hear_blob(&self->side, i, LONG));
		ASSERT_EQ(-EPIPE, hear_blob(&self->side, i, LONG));
		ASSERT_EQ(0, cancel(&self->side, i, 0));
	}
	for (i = 0; i < 100; i++) {
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client,
							  1001));
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client,
							  SIZE_MAX));
		ASSERT_EQ(8, loan_until_full(_metadata, self->side.client, 1000,
					     ENOBUFS));
		ASSERT_EQ(0, exchange_blob(&self->side, 0, 10 * i));
	}
	ASSERT_EQ(116, finish(server));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, i, 1000))
			TH_LOG("%s", sluice_strerror());
	}
	ASSERT_EQ(8, loan_until_full(_metadata, self->side.client, 1000, ENOBUFS));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &after));
	EXPECT_EQ(before.bytes, after.bytes);
	EXPECT_EQ(before.segments, after.segments);
	EXPECT_EQ(0u, after.growths);
	EXPECT_EQ(0u, after.retired);
}

/* ---- From the start -------------------------------------------------------- */

#define LENGTH	10000

/* A port that has memory for 20 slices needs no more for its 20 loans. */
static long grows_for(struct side *side, long loans, long unused)
{
	struct sluice_memory before = { .size = sizeof(before) };
	struct sluice_memory after = { .size = sizeof(after) };
	struct sluice_request *request[SLOTS];
	long i, failed = 0;

	(void)unused;
	if (sluice_client_memory(side->client, &before) < 0)
		return -errno;
	for (i = 0; i < loans; i++) {
		request[i] = sluice_client_loan(side->client, LENGTH);
		failed += !request[i];
	}
	if (sluice_client_memory(side->client, &after) < 0)
		return -errno;
	while (i--)
		sluice_request_release(request[i]);
	return failed ? -errno : (long)(after.bytes - before.bytes);
}

TEST_F(memory, preallocated_requests)
{
	static const struct sluice_service_opts loans = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = 20, .max_servers = 1);
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH });
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct side *side = &self->side;
	uint64_t some, all;

	ASSERT_EQ(0, open_service(side, PTR(&blobs), PTR(&loans)));
	for (opts.port.strategy = 0; opts.port.strategy <= SLUICE_STATIC; opts.port.strategy++) {
		opts.port.preallocate = 2;
		ASSERT_EQ(0, open_client(side, PTR(&opts), 0));
		ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
		some = memory.bytes;
		EXPECT_LE(2u * LENGTH, some);
		EXPECT_LT(0, grows_for(side, 20, 0));
		close_client(side, 0, 0);

		opts.port.preallocate = 20;
		ASSERT_EQ(0, open_client(side, PTR(&opts), 0));
		ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
		EXPECT_LE(20u * LENGTH, memory.bytes);
		EXPECT_GT(20u * 2 * LENGTH, memory.bytes);
		EXPECT_EQ(0, grows_for(side, 20, 0));
		close_client(side, 0, 0);

		/* No more than can be out: 20 loaned, 16 pending, 32 at the server. */
		opts.port.preallocate = UINT32_MAX;
		ASSERT_EQ(0, open_client(side, PTR(&opts), 0))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
		all = memory.bytes;
		EXPECT_LE(68u * LENGTH, all);
		EXPECT_GT(68u * 2 * LENGTH, all);
		close_client(side, 0, 0);
	}
}

/* reply_memory(): bytes, after the first loan. */
static long reply_memory(struct side *side, long growths, long unused)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_reply *reply;

	(void)unused;
	reply = sluice_active_request_loan(side->active[0], 1);
	if (!reply || sluice_reply_release(reply) < 0 ||
	    sluice_server_memory(side->server, &memory) < 0)
		return -errno;
	return memory.growths == (uint64_t)growths ? (long)memory.bytes : -EBADMSG;
}

TEST_F(memory, preallocated_replies)
{
	static const struct sluice_server_opts opts[] = {
		SLUICE_SERVER_OPTS(.port = { .initial_max_slice_len = LENGTH, .preallocate = 200 }),
		SLUICE_SERVER_OPTS(.port = { .initial_max_slice_len = LENGTH, .preallocate = 200,
					     .strategy = SLUICE_BEST_FIT }),
		SLUICE_SERVER_OPTS(.port = { .initial_max_slice_len = LENGTH, .preallocate = 200,
					     .strategy = SLUICE_STATIC }),
	};
	size_t i;
	long bytes;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		start_server(_metadata, &self->end[0], variant->place, &blobs, NULL,
			     &opts[i]);
		open_client_side(_metadata, &self->side, &blobs, NULL, 1);
		ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
		ASSERT_EQ(1, at(&self->end[0], take_blob, 0, LONG));
		bytes = at(&self->end[0], reply_memory, 0, 0);
		EXPECT_LE(200 * LENGTH, bytes);
		EXPECT_GT(200 * 2 * LENGTH, bytes);
		leave(&self->side, 0, 0);
		end_stop(&self->end[0]);
	}
}

/* Memory of a burst goes back, and memory that was asked for stays. */
TEST_F(memory, preallocated_is_kept)
{
	static const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .preallocate = 100 });
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct side *side = &self->side;
	int i;

	ASSERT_EQ(0, join_client(side, PTR(&blobs), PTR(&opts)));
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, sluice_request_release(sluice_client_loan(side->client, 1)));
	}
	ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
	EXPECT_EQ(0u, memory.retired);
	EXPECT_LE(100u * LENGTH, memory.bytes);
	ASSERT_EQ(0, sluice_request_release(sluice_client_loan(side->client, 16 * MIB)));
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, sluice_request_release(sluice_client_loan(side->client, 1)));
	}
	ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
	EXPECT_LE(1u, memory.retired);
	EXPECT_LE(100u * LENGTH, memory.bytes);
	EXPECT_GT(200u * LENGTH, memory.bytes);
}

/* A port that its limit does not allow is refused when it is made, on either side. */
TEST_F(memory, limit_of_ports)
{
	struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .memory_limit = MIB });
	struct sluice_server_opts server = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .memory_limit = MIB });
	struct side *side = &self->side;

	ASSERT_EQ(0, open_service(side, PTR(&blobs), 0));
	client.port.strategy = server.port.strategy = SLUICE_STATIC;
	EXPECT_FAILS(EMSGSIZE, sluice_client_create(side->service, &client));
	EXPECT_SAYS("memory_limit");
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(side->service, &server));
	EXPECT_SAYS("memory_limit");
	client.port.strategy = server.port.strategy = SLUICE_BEST_FIT;
	client.port.preallocate = server.port.preallocate = 200;
	EXPECT_FAILS(EMSGSIZE, sluice_client_create(side->service, &client));
	EXPECT_SAYS("preallocate");
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(side->service, &server));
	EXPECT_SAYS("preallocate");
	client.port.memory_limit = server.port.memory_limit = MEMORY_MOST + 1;
	EXPECT_FAILS(EINVAL, sluice_client_create(side->service, &client));
	EXPECT_FAILS(EINVAL, sluice_server_create(side->service, &server));
	client.port.memory_limit = server.port.memory_limit = MEMORY_MOST;
	client.port.initial_max_slice_len = server.port.initial_max_slice_len = MEMORY_MOST;
	EXPECT_FAILS(EMSGSIZE, sluice_client_create(side->service, &client));
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(side->service, &server));

	/* Fewer than 8 loans fit, and what does is there. */
	client = (struct sluice_client_opts)SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .memory_limit = 4 * LENGTH,
			  .strategy = SLUICE_BEST_FIT });
	ASSERT_EQ(0, open_client(side, PTR(&client), 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, grows_for(side, 4, 0));
}

/* ---- Memory goes back ---------------------------------------------------- */

/* 64 MiB once, each way, then small ones: within 1,000 the memory is back. */
TEST_F_TIMEOUT(memory, goes_back_after_a_burst, 120)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	uint64_t most, bytes;
	struct memfds memfds;
	long i, back = 0;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	begin(server, serve_blobs, 1001, 0);
	ASSERT_EQ(0, exchange_blob(&self->side, 0, 64 * MIB))
		TH_LOG("%s", sluice_strerror());
	memfds = count_memfds(server->pid);
	EXPECT_LE(128 * MIB, memfds.allocated);
	most = memfds.apparent;
	for (i = 1; i <= 1000; i++) {
		ASSERT_EQ(0, exchange_blob(&self->side, 0, 64))
			TH_LOG("%s", sluice_strerror());
		memfds = count_memfds(server->pid);
		if (memfds.apparent > most)
			most = memfds.apparent;
		if (!back && memfds.allocated < MIB)
			back = i;
	}
	TH_LOG("back after %ld small exchanges: %ju bytes in %zu memfds; apparent, at most %ju",
	       back, (uintmax_t)memfds.allocated, memfds.count, (uintmax_t)most);
	EXPECT_GT(MIB, memfds.allocated);
	EXPECT_GE(200 * MIB, most);
	EXPECT_EQ(1001, finish(server));

	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_LE(1u, memory.retired);
	EXPECT_LE(64 * MIB, memory.largest_segment);
	EXPECT_GT(MIB, memory.bytes);
	bytes = memory.bytes;

	/* And it grows again when it is needed again. */
	begin(server, serve_blobs, 1, 0);
	ASSERT_EQ(0, exchange_blob(&self->side, 0, 4 * MIB));
	EXPECT_EQ(1, finish(server));
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_LT(bytes, memory.bytes);
}

TEST_HARNESS_MAIN
