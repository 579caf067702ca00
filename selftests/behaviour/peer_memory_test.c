// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the replies of a server may take together, and those to the clients of one process:
 * a process that keeps what it is sent uses up its own share, and the server's memory stays
 * below its limit.  What others have idle makes no loan fail.
 *
 * The server is the test's own; clients are processes.
 */
#include "steps.h"

PROCESSES_FIXTURE(peer_memory);

#define MIB	((long)1 << 20)
#define CLIENTS	2
#define ASKED	16	/* requests of each client that keeps responses */
#define EACH	8	/* responses to each */

static const struct sluice_server_opts limited = SLUICE_SERVER_OPTS(
	.port_memory_limit = 64 * (uint64_t)MIB, .peer_memory_limit = 20 * (uint64_t)MIB);

/* ---- Steps of a process that keeps what it is sent ------------------------------ */

static struct sluice_client *clients[CLIENTS];
static struct sluice_pending_response *pendings[CLIENTS][ASKED];

/* hog(clients, requests): so many of each client, whose responses nobody receives. */
static long hog(struct side *side, long count, long requests)
{
	struct sluice_request *request;
	long i, j;

	for (i = 0; i < count; i++) {
		clients[i] = sluice_client_create(side->service, NULL);
		if (!clients[i] || sluice_client_wait_servers(clients[i], 1, LONG) < 0)
			return -errno;
		for (j = 0; j < requests; j++) {
			request = sluice_client_loan(clients[i], 1);
			if (!request)
				return -errno;
			pattern_fill(request->data, 1, 1);
			pendings[i][j] = sluice_request_send(request);
			if (!pendings[i][j])
				return -errno;
		}
	}
	return 0;
}

static long let_go(struct side *side, long a, long b)
{
	long i, j;

	(void)side, (void)a, (void)b;
	for (i = 0; i < CLIENTS; i++) {
		for (j = 0; j < ASKED; j++) {
			sluice_pending_response_release(pendings[i][j]);
			pendings[i][j] = NULL;
		}
		sluice_client_destroy(clients[i]);
		clients[i] = NULL;
	}
	return 0;
}

static void start_process(struct __test_metadata *_metadata, struct end *end)
{
	start_service(_metadata, end, IN_PROCESS, &blobs, NULL);
}

static void start_hog(struct __test_metadata *_metadata, struct end *end, long count,
		      long requests)
{
	start_process(_metadata, end);
	ASSERT_EQ(0, at(end, hog, count, requests)) TH_LOG("%s", end->result.sentence);
}

/* ---- The server, and who behaves ------------------------------------------------ */

static void open_with(struct __test_metadata *_metadata, struct side *side,
		      const struct sluice_server_opts *opts)
{
	ASSERT_EQ(0, join_server(side, PTR(&blobs), PTR(opts))) TH_LOG("%s", sluice_strerror());
}

static uint64_t bytes_of(struct sluice_server *server)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	return sluice_server_memory(server, &memory) < 0 ? UINT64_MAX : memory.bytes;
}

static uint64_t retired_by(struct sluice_server *server)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	return sluice_server_memory(server, &memory) < 0 ? UINT64_MAX : memory.retired;
}

/*
 * Receives so many requests, which stay in the slots from first on, and answers each with
 * EACH responses of 1 MiB.  How many of those were refused for want of memory.
 */
static long flood(struct __test_metadata *_metadata, struct side *side, long first, long count)
{
	long i, j, refused = 0, r;

	for (i = first; i < first + count; i++) {
		EXPECT_EQ(1, take_blob(side, i, LONG)) TH_LOG("%s", sluice_strerror());
		for (j = 0; j < EACH && side->active[i]; j++) {
			r = answer_blob(side, i, MIB);
			refused += r == -ENOMEM;
			if (r && r != -ENOMEM)
				EXPECT_EQ(0, r) TH_LOG("%s", sluice_strerror());
		}
	}
	return refused;
}

static void release_all(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	for (i = 0; i < SLOTS; i++)
		if (side->active[i])
			EXPECT_EQ(0, done(side, i, 0));
}

/* So many responses of 1 MiB, all of them held at a time.  0, or what refused one. */
static long serve_honest(struct __test_metadata *_metadata, struct side *side, struct end *end,
			 long responses)
{
	long i, result = 0, last = SLOTS - 1;

	EXPECT_EQ(1, at(end, ask_blob, 0, 1)) TH_LOG("%s", end->result.sentence);
	EXPECT_EQ(1, take_blob(side, last, LONG)) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < responses && !result; i++)
		result = answer_blob(side, last, MIB);
	for (i = 0; i < responses && !result; i++)
		EXPECT_EQ(MIB, at(end, hear_blob, 0, LONG)) TH_LOG("%s", end->result.sentence);
	EXPECT_EQ(0, done(side, last, 0));
	EXPECT_EQ(0, at(end, cancel, 0, 0));
	return result;
}

static void start_honest(struct __test_metadata *_metadata, struct end *end)
{
	start_process(_metadata, end);
	ASSERT_EQ(0, at(end, open_client, 0, 0)) TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(1, at(end, wait_servers, 1, LONG)) TH_LOG("%s", end->result.sentence);
}

/* ---- One process --------------------------------------------------------------- */

TEST_F(peer_memory, two_clients_of_one_process)
{
	struct side *side = &self->side;
	long refused;

	open_with(_metadata, side, &limited);
	start_honest(_metadata, &self->end[1]);
	EXPECT_EQ(0, serve_honest(_metadata, side, &self->end[1], 1));
	start_hog(_metadata, &self->end[0], CLIENTS, ASKED);
	refused = flood(_metadata, side, 0, CLIENTS * ASKED);
	TH_LOG("%ld MiB were wanted, %ld refused, and the server has %llu bytes",
	       CLIENTS * ASKED * (long)EACH, refused,
	       (unsigned long long)bytes_of(side->server));
	EXPECT_LT(0, refused);
	EXPECT_GE(limited.peer_memory_limit + 4 * (uint64_t)MIB, bytes_of(side->server));
	EXPECT_EQ(-ENOMEM, answer_blob(side, 0, MIB));
	EXPECT_SAYS("peer_memory_limit");
	EXPECT_SAYS("20971520");

	/* Other clients notice nothing; the port has given up memory that was idle. */
	EXPECT_EQ(0, retired_by(side->server));
	EXPECT_EQ(0, serve_honest(_metadata, side, &self->end[1], EACH));

	/* When it takes less it is served again. */
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	release_all(_metadata, side);
	EXPECT_EQ(0, at(&self->end[0], hog, 1, 1)) TH_LOG("%s", self->end[0].result.sentence);
	EXPECT_EQ(0, flood(_metadata, side, 0, 1));
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	release_all(_metadata, side);
}

/* ---- All processes ------------------------------------------------------------- */

static const struct sluice_server_opts small = SLUICE_SERVER_OPTS(
	.port_memory_limit = 32 * (uint64_t)MIB, .peer_memory_limit = 24 * (uint64_t)MIB);

TEST_F(peer_memory, many_processes)
{
	struct side *side = &self->side;

	open_with(_metadata, side, &small);
	start_honest(_metadata, &self->end[1]);
	start_hog(_metadata, &self->end[0], 1, ASKED);
	EXPECT_LT(0, flood(_metadata, side, 0, ASKED));
	start_hog(_metadata, &self->end[2], 1, ASKED);
	EXPECT_LT(0, flood(_metadata, side, ASKED, ASKED));
	TH_LOG("the server has %llu bytes", (unsigned long long)bytes_of(side->server));
	EXPECT_GE(small.port_memory_limit, bytes_of(side->server));
	EXPECT_EQ(-ENOMEM, serve_honest(_metadata, side, &self->end[1], EACH));
	EXPECT_EQ(-ENOMEM, answer_blob(side, ASKED, 2 * MIB));
	EXPECT_SAYS("port_memory_limit");
	EXPECT_SAYS("33554432");

	/* One of them goes.  What it had is there for others, though its requests are held. */
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	EXPECT_EQ(0, serve_honest(_metadata, side, &self->end[1], EACH));
	EXPECT_GE(small.port_memory_limit, bytes_of(side->server));
	EXPECT_EQ(0, at(&self->end[2], let_go, 0, 0));
	release_all(_metadata, side);
}

/* Idle memory of a client that is still connected is given up for another client. */
TEST_F(peer_memory, idle_memory_of_others)
{
	static const struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port_memory_limit = 28 * (uint64_t)MIB,
		.peer_memory_limit = 28 * (uint64_t)MIB);
	struct side *side = &self->side;

	open_with(_metadata, side, &opts);
	start_honest(_metadata, &self->end[1]);
	EXPECT_EQ(0, serve_honest(_metadata, side, &self->end[1], EACH));
	EXPECT_LE(EACH * (uint64_t)MIB, bytes_of(side->server));
	start_hog(_metadata, &self->end[0], 1, 3);
	EXPECT_EQ(0, flood(_metadata, side, 0, 3)) TH_LOG("%s", sluice_strerror());
	EXPECT_LT(0, retired_by(side->server));
	EXPECT_GE(opts.port_memory_limit, bytes_of(side->server));

	/* And the other way round, as soon as it has given that back. */
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	release_all(_metadata, side);
	EXPECT_EQ(0, serve_honest(_metadata, side, &self->end[1], EACH));
}

/* Many clients come and go: what is counted is what there is. */
TEST_F(peer_memory, nothing_is_counted_twice)
{
	struct side *side = &self->side;
	int i;

	open_with(_metadata, side, &limited);
	start_process(_metadata, &self->end[0]);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, at(&self->end[0], hog, CLIENTS, 1))
			TH_LOG("%s", self->end[0].result.sentence);
		EXPECT_EQ(0, flood(_metadata, side, 0, CLIENTS)) TH_LOG("%d: %s", i,
									sluice_strerror());
		EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
		release_all(_metadata, side);
	}
}

/* ---- What is asked for from the start -------------------------------------------- */

static void expect_size(struct __test_metadata *_metadata, struct side *side,
			struct sluice_server_opts opts, const char *limit)
{
	EXPECT_EQ(-EMSGSIZE, open_server(side, PTR(&opts), 0)) TH_LOG("%s", limit);
	EXPECT_SAYS(limit);
}

TEST_F(peer_memory, less_than_is_needed)
{
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(.max_clients = 4);
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = (uint64_t)MIB },
		.port_memory_limit = (uint64_t)MIB - (uint64_t)sysconf(_SC_PAGESIZE));
	struct side *side = &self->side;

	ASSERT_EQ(0, open_service(side, PTR(&blobs), PTR(&service)));
	expect_size(_metadata, side, opts, "port_memory_limit");
	opts.port_memory_limit = 0;
	opts.peer_memory_limit = (uint64_t)MIB - (uint64_t)sysconf(_SC_PAGESIZE);
	expect_size(_metadata, side, opts, "peer_memory_limit");
	opts.port.preallocate = 3;
	opts.peer_memory_limit = 2 * (uint64_t)MIB;
	expect_size(_metadata, side, opts, "peer_memory_limit");
	opts.peer_memory_limit = 3 * (uint64_t)MIB;
	EXPECT_EQ(0, open_server(side, PTR(&opts), 0)) TH_LOG("%s", sluice_strerror());
}

/* A static port has all its memory, for each client, whatever others keep. */
TEST_F(peer_memory, a_static_port)
{
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.max_clients = 2, .max_active_requests_per_client = 2,
		.max_loaned_replies_per_request = 2, .max_response_buffer_size = 2,
		.max_borrowed_responses_per_pending_response = 2);
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = (uint64_t)MIB, .strategy = SLUICE_STATIC },
		.port_memory_limit = 20 * (uint64_t)MIB);
	struct side *side = &self->side;
	long i, j;

	ASSERT_EQ(0, open_service(side, PTR(&blobs), PTR(&service)));
	expect_size(_metadata, side, opts, "port_memory_limit");
	opts.port_memory_limit = 0;
	opts.peer_memory_limit = 20 * (uint64_t)MIB;
	expect_size(_metadata, side, opts, "peer_memory_limit");
	opts.peer_memory_limit = 0;
	ASSERT_EQ(0, open_server(side, PTR(&opts), 0)) TH_LOG("%s", sluice_strerror());
	start_hog(_metadata, &self->end[0], CLIENTS, 2);
	for (i = 0; i < CLIENTS * 2; i++) {
		EXPECT_EQ(1, take_blob(side, i, LONG));
		for (j = 0; j < 2; j++)
			EXPECT_EQ(0, answer_blob(side, i, MIB)) TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	release_all(_metadata, side);
}

/* One slice that no limit has room for is too long, and not too much at the moment. */
TEST_F(peer_memory, a_slice_longer_than_a_limit)
{
	struct side *side = &self->side;

	open_with(_metadata, side, &limited);
	start_hog(_metadata, &self->end[0], 1, 1);
	EXPECT_EQ(1, take_blob(side, 0, LONG));
	EXPECT_EQ(-EMSGSIZE, answer_blob(side, 0, 20 * MIB + 1));
	EXPECT_SAYS("peer_memory_limit");
	EXPECT_EQ(0, answer_blob(side, 0, 20 * MIB)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, at(&self->end[0], let_go, 0, 0));
	release_all(_metadata, side);
}

TEST_HARNESS_MAIN
