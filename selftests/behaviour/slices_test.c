// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices: payloads whose length is chosen with each loan, and the memory behind
 * them that grows as they do.  Every strategy, contents checked at both ends;
 * what a loan may be and what not; growth that moves nothing; alignment; and
 * memory that shows nobody else's bytes.
 */
#include "steps.h"

ENDS_FIXTURE(slices);

#define LENGTHS	128

/* 0, then ever longer, odd as often as even, to about 1 MiB. */
static size_t length(size_t i)
{
	return i * i * i / 2 + i;
}

/* Requests and responses of growing and then of shrinking length. */
static void exchange_growing(struct __test_metadata *_metadata,
			     struct side *side, struct end *server,
			     enum place place,
			     const struct sluice_client_opts *client_opts,
			     const struct sluice_server_opts *server_opts)
{
	size_t i;

	start_server(_metadata, server, place, &blobs, NULL, server_opts);
	open_client_side(_metadata, side, &blobs, client_opts, 1);
	begin(server, serve_blobs, 2 * LENGTHS, 0);
	for (i = 0; i < LENGTHS; i++) {
		ASSERT_EQ(0, exchange_blob(side, 0, (long)length(i)))
			TH_LOG("%zu: %s", length(i), sluice_strerror());
	}
	while (i--) {
		ASSERT_EQ(0, exchange_blob(side, 0, (long)length(i)))
			TH_LOG("%zu: %s", length(i), sluice_strerror());
	}
	ASSERT_EQ(2 * LENGTHS, finish(server))
		TH_LOG("%s", server->result.sentence);
}

/* The client has grown up to the longest slice. */
static void expect_grown(struct __test_metadata *_metadata, const struct side *side)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
	EXPECT_LT(0u, memory.growths);
	EXPECT_LE(length(LENGTHS - 1), memory.largest_segment);
}

TEST_F_TIMEOUT(slices, power_of_two, 120)
{
	exchange_growing(_metadata, &self->side, &self->end[0], variant->place,
			 &power_of_two_client, &power_of_two_server);
	expect_grown(_metadata, &self->side);
}

TEST_F_TIMEOUT(slices, best_fit, 120)
{
	exchange_growing(_metadata, &self->side, &self->end[0], variant->place,
			 &best_fit_client, &best_fit_server);
	expect_grown(_metadata, &self->side);
}

TEST_F_TIMEOUT(slices, constant, 120)
{
	static struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.port = { .strategy = SLUICE_STATIC });
	static struct sluice_server_opts server = SLUICE_SERVER_OPTS(
		.port = { .strategy = SLUICE_STATIC });
	struct sluice_memory memory = { .size = sizeof(memory) };

	client.port.initial_max_slice_len = length(LENGTHS - 1);
	server.port.initial_max_slice_len = length(LENGTHS - 1);
	exchange_growing(_metadata, &self->side, &self->end[0], variant->place,
			 &client, &server);
	ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
	EXPECT_EQ(0u, memory.growths);
}

/* The two directions need not use the same strategy, nor the same lengths. */
TEST_F(slices, mixed)
{
	static const struct sluice_server_opts fixed = SLUICE_SERVER_OPTS(
		.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 1000 });
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &blobs, NULL, &fixed);
	open_client_side(_metadata, &self->side, &blobs, NULL, 1);
	for (i = 0; i <= 1000; i += 50) {
		ASSERT_EQ(1, ask_blob(&self->side, 0, 100000 - 99 * i));
		ASSERT_EQ(100000 - 99 * i, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, answer_blob, 0, i));
		ASSERT_EQ(-EMSGSIZE, at(server, answer_blob, 0, 1001 + i));
		ASSERT_EQ(0, at(server, answer_blob, 0, 1000 - i));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(i, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(1000 - i, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(-EPIPE, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

TEST_F_TIMEOUT(slices, of_64_mib, 120)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	begin(server, serve_blobs, 2, 0);
	ASSERT_EQ(0, exchange_blob(&self->side, 0, 64 << 20))
		TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, exchange_blob(&self->side, 0, (64 << 20) - 4097))
		TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(2, finish(server)) TH_LOG("%s", server->result.sentence);
}

TEST_F(slices, of_nothing)
{
	struct end *server = &self->end[0];
	struct sluice_request *request;
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	request = sluice_client_loan(self->side.client, 0);
	ASSERT_NE(NULL, request);
	EXPECT_NE(NULL, request->data);
	EXPECT_EQ(0u, request->count);
	EXPECT_EQ(0u, request->size);
	EXPECT_EQ(0, sluice_request_release(request));
	begin(server, serve_blobs, 100, 0);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, exchange_blob(&self->side, 0, 0));
	}
	EXPECT_EQ(100, finish(server));
}

struct record {
	uint64_t key;
	uint32_t part[6];
};

static const struct sluice_contract records = {
	.name = "test/records",
	.request = SLUICE_SLICE(struct record),
	.response = SLUICE_SLICE(struct record),
};

/* Lengths that no memory has, also those whose bytes a size_t cannot count. */
TEST_F(slices, absurdly_long)
{
	static const size_t counts[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
		SIZE_MAX / sizeof(struct record),
		SIZE_MAX / sizeof(struct record) + 1,
		SIZE_MAX / sizeof(struct record) + 2,
		(size_t)1 << 60, (size_t)1 << 48, (size_t)1 << 40,
	};
	struct sluice_request *request;
	size_t i;

	ASSERT_EQ(0, join_client(&self->side, PTR(&records), 0));
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client,
							  counts[i]));
		EXPECT_FAILS(EMSGSIZE,
			     sluice_client_loan_zeroed(self->side.client,
						       counts[i]));
	}
	request = sluice_client_loan(self->side.client, 3);
	ASSERT_NE(NULL, request);
	EXPECT_EQ(3u, request->count);
	EXPECT_EQ(3 * sizeof(struct record), request->size);
	EXPECT_EQ(0, sluice_request_release(request));
}

/* answer_parts(size, keep): loans size bytes, keeps and sends the first of them. */
static long answer_parts(struct side *side, long size, long keep)
{
	struct sluice_reply *reply;

	reply = sluice_active_request_loan(side->active[0], (size_t)size);
	if (!reply)
		return -errno;
	if (sluice_reply_shorten(reply, (size_t)size + 1) != -EINVAL ||
	    sluice_reply_shorten(reply, (size_t)keep) != 0 ||
	    sluice_reply_shorten(reply, (size_t)keep + 1) != -EINVAL ||
	    reply->count != (size_t)keep || reply->size != (size_t)keep)
		return -EBADMSG;
	pattern_fill(reply->data, reply->size, ~reply->count);
	return sluice_reply_send(reply);
}

TEST_F(slices, shortened)
{
	struct end *server = &self->end[0];
	struct sluice_request *request;
	void *data;
	long keep;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	for (keep = 0; keep <= 3000; keep += 300) {
		request = sluice_client_loan(self->side.client, 3000);
		ASSERT_NE(NULL, request);
		data = request->data;
		EXPECT_FAILS_INT(EINVAL, sluice_request_shorten(request, 3001));
		EXPECT_EQ(3000u, request->count);
		EXPECT_EQ(0, sluice_request_shorten(request, 3000));
		EXPECT_EQ(0, sluice_request_shorten(request, (size_t)keep));
		EXPECT_EQ((size_t)keep, request->count);
		EXPECT_EQ((size_t)keep, request->size);
		EXPECT_EQ(data, request->data);
		pattern_fill(request->data, request->size, request->count);
		self->side.pending[0] = sluice_request_send(request);
		ASSERT_NE(NULL, self->side.pending[0]);
		EXPECT_EQ((size_t)keep, self->side.pending[0]->count);
		ASSERT_EQ(keep, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, answer_parts, 20000, keep));
		ASSERT_EQ(0, at(server, answer_parts, keep, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(keep, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(-EPIPE, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

/* answer_zeroed(size): 1 if the loaned reply was zero, then it is sent. */
static long answer_zeroed(struct side *side, long size, long unused)
{
	struct sluice_reply *reply;
	bool zero;

	(void)unused;
	reply = sluice_active_request_loan_zeroed(side->active[0], (size_t)size);
	if (!reply)
		return -errno;
	zero = all_zero(reply->data, reply->size);
	pattern_fill(reply->data, reply->size, ~reply->count);
	if (sluice_reply_send(reply) < 0)
		return -errno;
	return zero;
}

/* Memory that was written before is zeroed for loan_zeroed. */
TEST_F(slices, zeroed)
{
	struct end *server = &self->end[0];
	struct sluice_request *request;
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	for (i = 0; i < 50; i++) {
		request = sluice_client_loan_zeroed(self->side.client, 10000);
		ASSERT_NE(NULL, request);
		ASSERT_TRUE(all_zero(request->data, request->size));
		pattern_fill(request->data, request->size, request->count);
		self->side.pending[0] = sluice_request_send(request);
		ASSERT_NE(NULL, self->side.pending[0]);
		ASSERT_EQ(10000, at(server, take_blob, 0, LONG));
		ASSERT_EQ(1, at(server, answer_zeroed, 7000, 0));
		ASSERT_EQ(1, at(server, answer_zeroed, 7000, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(7000, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(7000, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

/*
 * What others have written never appears in a loan: not a server's replies to
 * one client in those to another, not requests in replies, nor the other way.
 */
#define MARK	UINT64_C(0x5ec2e75ec2e75ec2)

static bool has_mark(const void *data, size_t size, uint64_t mark)
{
	const unsigned char *bytes = data;

	return memmem(bytes, size, &mark, sizeof(mark));
}

/* answer_marked(mark, foreign): 1 if the loan held the foreign mark. */
static long answer_marked(struct side *side, long mark, long foreign)
{
	struct sluice_reply *reply;
	bool seen;
	size_t i;

	reply = sluice_active_request_loan(side->active[0], 50000);
	if (!reply)
		return -errno;
	seen = has_mark(reply->data, reply->size, MARK + (uint64_t)foreign) ||
	       has_mark(reply->data, reply->size, MARK);
	for (i = 0; i < reply->size / sizeof(uint64_t); i++)
		((uint64_t *)reply->data)[i] = MARK + (uint64_t)mark;
	return sluice_reply_send(reply) < 0 ? -errno : seen;
}

/* ask_marked(foreign): 1 if the loan held the foreign mark. */
static long ask_marked(struct side *side, long foreign, long unused)
{
	struct sluice_request *request;
	bool seen;
	size_t i;

	(void)unused;
	request = sluice_client_loan(side->client, 50000);
	if (!request)
		return -errno;
	seen = has_mark(request->data, request->size, MARK + (uint64_t)foreign);
	for (i = 0; i < request->size / sizeof(uint64_t); i++)
		((uint64_t *)request->data)[i] = MARK;
	side->pending[0] = sluice_request_send(request);
	return side->pending[0] ? seen : -errno;
}

TEST_F(slices, nobody_elses_bytes)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	start_client(_metadata, other, variant->place, &blobs, 1);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, ask_marked(&self->side, 1, 0));
		ASSERT_EQ(-EBADMSG, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, answer_marked, 1, 2));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(-EBADMSG, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));

		ASSERT_EQ(0, at(other, ask_marked, 2, 0));
		ASSERT_EQ(-EBADMSG, at(server, take_blob, 0, LONG));
		ASSERT_EQ(0, at(server, answer_marked, 2, 1));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(-EBADMSG, at(other, hear_blob, 0, LONG));
		ASSERT_EQ(0, at(other, cancel, 0, 0));
	}
}

TEST_HARNESS_MAIN
