// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growth under load: thousands of growths of one port, slices that stay where
 * they are and as they are while the memory around them grows, at both ends, and
 * addresses that are aligned as the contract asks, at both ends too.
 */
#include "steps.h"

ENDS_FIXTURE(growth);

#define GROWTHS	10000

/* Memory grows by pages, so this much longer is always a growth. */
#define STEP	((size_t)4096)

/* Not every loan is one: room that was left between two slices may do. */
#define LONGEST	((size_t)512 << 20)

/* consume(): takes a request, looks at both of its ends, and releases it; its bytes. */
static long consume(struct side *side, long a, long b)
{
	struct sluice_active_request *active;
	const uint64_t *word;
	size_t count;

	(void)a, (void)b;
	active = sluice_server_receive(side->server, LONG);
	if (!active)
		return -errno;
	word = active->data;
	count = active->count;
	if (word[0] != count || word[count / 8 - 1] != count)
		return -EBADMSG;
	return sluice_active_request_release(active) < 0 ? -errno : (long)count;
}

/*
 * Each loan is longer than any before, and the server reads every one.  It has given
 * each back before the next is loaned, or that might find room behind it.
 */
TEST_F_TIMEOUT(growth, ten_thousand_of_requests, 300)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct end *server = &self->end[0];
	struct sluice_request *request;
	size_t size = STEP;
	uint64_t *word;

	start_server(_metadata, server, variant->place, &blobs, NULL, NULL);
	open_client_side(_metadata, &self->side, &blobs, &best_fit_client, 1);
	while (memory.growths < GROWTHS && size < LONGEST) {
		request = sluice_client_loan(self->side.client, size);
		ASSERT_NE(NULL, request)
			TH_LOG("%zu: %s", size, sluice_strerror());
		word = request->data;
		word[0] = word[size / 8 - 1] = size;
		self->side.pending[0] = sluice_request_send(request);
		ASSERT_NE(NULL, self->side.pending[0]);
		ASSERT_EQ((long)size, at(server, consume, 0, 0))
			TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
		ASSERT_EQ(0, sluice_client_memory(self->side.client, &memory));
		size += STEP;
	}
	EXPECT_EQ((uint64_t)GROWTHS, memory.growths);
}

/* answer_growing(count): each answer is longer than any before. */
static long answer_growing(struct side *side, long count, long unused)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_reply *reply;
	size_t size = STEP;

	(void)unused;
	while (memory.growths < (uint64_t)count && size < LONGEST) {
		reply = sluice_active_request_loan(side->active[0], size);
		if (!reply)
			return -errno;
		((char *)reply->data)[size - 1] = 1;
		if (sluice_reply_release(reply) < 0 ||
		    sluice_server_memory(side->server, &memory) < 0)
			return -errno;
		size += STEP;
	}
	return (long)memory.growths;
}

TEST_F_TIMEOUT(growth, ten_thousand_of_replies, 300)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &blobs, NULL,
		     &best_fit_server);
	open_client_side(_metadata, &self->side, &blobs, NULL, 1);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	EXPECT_EQ(GROWTHS, at(server, answer_growing, GROWTHS, 0))
		TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(server, answer_blob, 0, 5000));
	EXPECT_EQ(5000, hear_blob(&self->side, 0, LONG));
}

/* Loans that are held while others, ever larger, make the memory grow. */
TEST_F(growth, loans_stay)
{
	struct sluice_request *request[7], *big;
	void *data[7];
	size_t i, k, size;

	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), 0));
	for (i = 0; i < ARRAY_SIZE(request); i++) {
		request[i] = sluice_client_loan(self->side.client, 100 + 50 * i);
		ASSERT_NE(NULL, request[i]);
		data[i] = request[i]->data;
		pattern_fill(data[i], request[i]->size, i);
	}
	for (size = 1000; size < 32 << 20; size *= 2) {
		big = sluice_client_loan(self->side.client, size);
		ASSERT_NE(NULL, big) TH_LOG("%s", sluice_strerror());
		memset(big->data, 0xff, big->size);
		for (k = 0; k < ARRAY_SIZE(request); k++) {
			ASSERT_EQ(data[k], request[k]->data);
			ASSERT_EQ(100 + 50 * k, request[k]->count);
			ASSERT_TRUE(pattern_holds(data[k], 100 + 50 * k, k));
		}
		ASSERT_EQ(0, sluice_request_release(big));
	}
	for (i = 0; i < ARRAY_SIZE(request); i++) {
		ASSERT_EQ(0, sluice_request_release(request[i]));
	}
}

/* check_held(count): the active requests in the first slots are unchanged. */
static long check_held(struct side *side, long count, long unused)
{
	long i;

	(void)unused;
	for (i = 0; i < count; i++)
		if (!pattern_holds(side->active[i]->data, side->active[i]->size,
				   side->active[i]->count))
			return -EBADMSG;
	return count;
}

/* Received messages stay too: requests at a server, responses at a client. */
TEST_F_TIMEOUT(growth, received_stay, 120)
{
	const void *data[6];
	struct end *server = &self->end[0];
	long i, round, size = 1000;

	start_pair(_metadata, server, variant->place, &self->side, &blobs);
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(1, ask_blob(&self->side, i, 300 + i));
		ASSERT_EQ(300 + i, at(server, take_blob, i, LONG));
		ASSERT_EQ(0, at(server, answer_blob, i, 500 + i));
		self->side.response[i] =
			sluice_pending_response_receive(self->side.pending[i],
							LONG);
		ASSERT_NE(NULL, self->side.response[i]);
		data[i] = self->side.response[i]->data;
	}
	for (round = 0; round < 14; round++, size *= 2) {
		ASSERT_EQ(1, ask_blob(&self->side, 6, size));
		ASSERT_EQ(size, at(server, take_blob, 6, LONG));
		ASSERT_EQ(0, at(server, answer_blob, 6, size + 1))
			TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(server, done, 6, 0));
		ASSERT_EQ(size + 1, hear_blob(&self->side, 6, LONG))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, cancel(&self->side, 6, 0));
		ASSERT_EQ(6, at(server, check_held, 6, 0));
		for (i = 0; i < 6; i++) {
			ASSERT_EQ(data[i], self->side.response[i]->data);
			ASSERT_EQ(500 + (size_t)i, self->side.response[i]->count);
			ASSERT_TRUE(pattern_holds(data[i], 500 + i, ~(500 + i)));
			ASSERT_TRUE(pattern_holds(self->side.pending[i]->data,
						  300 + i, 300 + i));
		}
	}
}

/* ---- Alignment ----------------------------------------------------------- */

#define ALIGNMENTS	13	/* 1 to 4096 */

static struct sluice_contract aligned[ALIGNMENTS];

static bool is_aligned(const void *pointer, long alignment)
{
	return (uintptr_t)pointer % (uintptr_t)alignment == 0;
}

/* serve_aligned(requests, alignment): all that it handles must be aligned so. */
static long serve_aligned(struct side *side, long requests, long alignment)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;

	while (requests--) {
		active = sluice_server_receive(side->server, LONG);
		if (!active)
			return -errno;
		reply = sluice_active_request_loan(active, active->count);
		if (!reply)
			return -errno;
		if (!is_aligned(active->data, alignment) ||
		    !is_aligned(active->header, 64) ||
		    !is_aligned(reply->data, alignment) ||
		    !is_aligned(reply->header, 64) ||
		    active->size != active->count * (size_t)alignment ||
		    *(const uint64_t *)active->header != active->count ||
		    !pattern_holds(active->data, active->size, active->count))
			return -EBADMSG;
		*(uint64_t *)reply->header = reply->count + 1;
		pattern_fill(reply->data, reply->size, reply->count + 1);
		if (sluice_reply_send(reply) < 0 ||
		    sluice_active_request_release(active) < 0)
			return -errno;
	}
	return 0;
}

static void exchange_aligned(struct __test_metadata *_metadata,
			     struct side *side, size_t count, long alignment)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct sluice_request *request;

	request = sluice_client_loan(side->client, count);
	ASSERT_NE(NULL, request);
	ASSERT_TRUE(is_aligned(request->data, alignment));
	ASSERT_TRUE(is_aligned(request->header, 64));
	*(uint64_t *)request->header = count;
	pattern_fill(request->data, request->size, count);
	pending = sluice_request_send(request);
	ASSERT_NE(NULL, pending);
	response = sluice_pending_response_receive(pending, LONG);
	ASSERT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
	ASSERT_TRUE(is_aligned(response->data, alignment));
	ASSERT_TRUE(is_aligned(response->header, 64));
	ASSERT_EQ(count + 1, *(const uint64_t *)response->header);
	ASSERT_EQ(count * (size_t)alignment, response->size);
	ASSERT_TRUE(pattern_holds(response->data, response->size, count + 1));
	ASSERT_EQ(0, sluice_response_release(response));
	ASSERT_EQ(0, sluice_pending_response_release(pending));
}

TEST_F(growth, aligned)
{
	static const struct sluice_type head = { "head", 64, 64, 0, 0 };
	struct end *server = &self->end[0];
	uint32_t alignment;
	size_t i, count;

	for (i = 0; i < ALIGNMENTS; i++) {
		alignment = UINT32_C(1) << i;
		aligned[i] = (struct sluice_contract){
			.name = "test/aligned",
			.request = { "cell", alignment, alignment,
				     SLUICE_KIND_SLICE, 0 },
			.response = { "cell", alignment, alignment,
				      SLUICE_KIND_SLICE, 0 },
			.request_header = head,
			.response_header = head,
		};
	}
	for (i = 0; i < ALIGNMENTS; i++) {
		alignment = UINT32_C(1) << i;
		start_server(_metadata, server, variant->place, &aligned[i], NULL,
			     NULL);
		open_client_side(_metadata, &self->side, &aligned[i], NULL, 1);
		begin(server, serve_aligned, 20, alignment);
		for (count = 0; count < 20; count++) {
			exchange_aligned(_metadata, &self->side, count,
					 alignment);
		}
		ASSERT_EQ(0, finish(server));
		leave(&self->side, 0, 0);
		end_stop(server);
	}
}

TEST_HARNESS_MAIN
