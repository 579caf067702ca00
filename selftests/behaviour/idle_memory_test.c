// SPDX-License-Identifier: GPL-2.0-only
/*
 * Idle memory does not make a loan fail: segments of which no slice is out are given
 * back before the memory limit counts, what is out stays where it is, and the peers that
 * had mapped them let go of them with the next message.
 *
 * A segment has a window of 1 GiB, so it takes so much to have more than one of them.
 */
#include <dirent.h>
#include <sys/resource.h>

#include "steps.h"
#include "memfds.h"

PROCESSES_FIXTURE(idle_memory);

#define MIB	((size_t)1 << 20)
#define GIB	((size_t)1 << 30)

static uint64_t bytes_of(struct sluice_client *client)
{
	struct sluice_memory memory = { .size = sizeof(memory) };

	return sluice_client_memory(client, &memory) < 0 ? UINT64_MAX : memory.bytes;
}

/* A slice of this size can be loaned, and is given back. */
static long loan_once(struct side *side, size_t size)
{
	struct sluice_request *request = sluice_client_loan(side->client, size);

	if (!request)
		return -errno;
	((char *)request->data)[size - 1] = 1;
	return sluice_request_release(request);
}

TEST_F_TIMEOUT(idle_memory, three_of_four_gib, 290)
{
	static const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = 4 * GIB });

	/* It takes 4 GiB, and how nodes wait has no part in it. */
	if (!in_full())
		return;
	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), PTR(&opts)));
	ASSERT_EQ(0, loan_once(&self->side, GIB)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, loan_once(&self->side, GIB + 1)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, loan_once(&self->side, 3 * GIB)) TH_LOG("%s", sluice_strerror());
	EXPECT_GE(4 * GIB, bytes_of(self->side.client));
}

/* Two segments, and a loan that has room only where one of them was, or both. */
static void loan_after_two(struct __test_metadata *_metadata, struct side *side,
			   uint32_t strategy, size_t held)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = GIB + GIB / 2, .strategy = strategy });
	struct sluice_request *small = NULL, *first, *second;
	struct sluice_memory memory = { .size = sizeof(memory) };

	ASSERT_EQ(0, open_client(side, PTR(&opts), 0));
	if (held) {
		small = sluice_client_loan(side->client, held);
		ASSERT_NE(NULL, small);
		pattern_fill(small->data, held, 7);
	}
	first = sluice_client_loan(side->client, 600 * MIB);
	ASSERT_NE(NULL, first) TH_LOG("%s", sluice_strerror());
	second = sluice_client_loan(side->client, 600 * MIB);
	ASSERT_NE(NULL, second) TH_LOG("%s", sluice_strerror());

	/* With both of them out there is no room. */
	EXPECT_EQ(-ENOMEM, loan_once(side, 1000 * MIB));
	EXPECT_SAYS("memory_limit");
	ASSERT_EQ(0, sluice_request_release(first));
	ASSERT_EQ(0, sluice_request_release(second));

	EXPECT_EQ(0, loan_once(side, 1000 * MIB)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, loan_once(side, 600 * MIB)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, sluice_client_memory(side->client, &memory));
	EXPECT_GE(GIB + GIB / 2, memory.bytes);
	EXPECT_LE(1u, memory.retired);
	if (held) {
		EXPECT_TRUE(pattern_holds(small->data, held, 7));
		EXPECT_EQ(0, sluice_request_release(small));
	}
	close_client(side, 0, 0);
}

TEST_F_TIMEOUT(idle_memory, more_than_one_has, 290)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), 0));
	loan_after_two(_metadata, &self->side, SLUICE_POWER_OF_TWO, 0);
	loan_after_two(_metadata, &self->side, SLUICE_BEST_FIT, 5000);
}

/* The lowest number above those of all open descriptors. */
static int after_the_last_descriptor(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int last = -1, fd;

	while (dir && (entry = readdir(dir))) {
		fd = atoi(entry->d_name);
		if (fd > last && fd != dirfd(dir))
			last = fd;
	}
	if (dir)
		closedir(dir);
	return last + 1;
}

/*
 * Whatever is short: here it is descriptors, of which an idle segment has one.  Its number is
 * below the limit, and no other number there is free.
 */
TEST_F_TIMEOUT(idle_memory, the_last_descriptor, 290)
{
	int next, holes = 0, hole[1024];
	struct rlimit limit;

	ASSERT_EQ(0, join_client(&self->side, PTR(&blobs), 0));
	ASSERT_EQ(0, loan_once(&self->side, 100));
	next = after_the_last_descriptor();
	ASSERT_LT(0, next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while (holes < 1024 && (hole[holes] = dup(0)) >= 0)
		holes++;
	ASSERT_GT(1024, holes);
	EXPECT_EQ(0, loan_once(&self->side, GIB + 1)) TH_LOG("%s", sluice_strerror());
	while (holes)
		close(hole[--holes]);
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* ---- With a peer ----------------------------------------------------------- */

/* take_short(): one request, and nothing of it is kept. */
static long take_short(struct side *side, long a, long b)
{
	struct sluice_active_request *active;

	(void)a, (void)b;
	active = sluice_server_receive(side->server, LONG);
	if (!active)
		return -errno;
	return sluice_active_request_release(active);
}

/* Looks what has happened: large segments are unmapped in several turns. */
static long look(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_has_request(side->server);
}

/* Sends ten bytes that lie in a slice of this size. */
static long send_short(struct side *side, struct sluice_request *request)
{
	long r = sluice_request_shorten(request, 10);

	if (r < 0)
		return r;
	memset(request->data, 1, 10);
	side->pending[0] = sluice_request_send(request);
	return side->pending[0] ? 0 : -errno;
}

TEST_F_TIMEOUT(idle_memory, peers_let_go_of_it, 290)
{
	static const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = GIB + GIB / 2 });
	struct sluice_request *request[2];
	struct end *server = &self->end[0];
	struct memfds memfds;
	int i;

	start_server(_metadata, server, IN_PROCESS, &blobs, NULL, NULL);
	open_client_side(_metadata, &self->side, &blobs, &opts, 1);
	for (i = 0; i < 2; i++) {
		request[i] = sluice_client_loan(self->side.client, 600 * MIB);
		ASSERT_NE(NULL, request[i]) TH_LOG("%s", sluice_strerror());
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_short(&self->side, request[i]));
		ASSERT_EQ(0, at(server, take_short, 0, 0));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	memfds = count_memfds(server->pid);
	EXPECT_LE(1200 * MIB, memfds.allocated);

	request[0] = sluice_client_loan(self->side.client, 1000 * MIB);
	ASSERT_NE(NULL, request[0]) TH_LOG("%s", sluice_strerror());
	EXPECT_GE(GIB + GIB / 2, bytes_of(self->side.client));
	ASSERT_EQ(0, send_short(&self->side, request[0]));
	ASSERT_EQ(0, at(server, take_short, 0, 0));
	ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	EXPECT_TRUE(EVENTUALLY(!at(server, look, 0, 0) &&
			       count_memfds(server->pid).allocated <= GIB + GIB / 2))
		TH_LOG("%llu bytes", (unsigned long long)count_memfds(server->pid).allocated);
}

/* ---- At the edge ----------------------------------------------------------- */

/* Slices that fit into the limit can be loaned, one at a time and eight together. */
TEST_F(idle_memory, all_that_the_limit_allows)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(.port = { .memory_limit = 12 * MIB });
	struct sluice_request *request[8];
	uint32_t strategy;
	int i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), 0));
	for (strategy = SLUICE_POWER_OF_TWO; strategy <= SLUICE_BEST_FIT; strategy++) {
		opts.port.strategy = strategy;
		opts.port.initial_max_slice_len = 1;
		ASSERT_EQ(0, open_client(&self->side, PTR(&opts), 0));
		EXPECT_EQ(0, loan_once(&self->side, 5 * MIB + 1));
		EXPECT_EQ(0, loan_once(&self->side, 9 * MIB));
		EXPECT_EQ(0, loan_once(&self->side, 12 * MIB - 1))
			TH_LOG("%u: %s", strategy, sluice_strerror());
		EXPECT_EQ(0, loan_once(&self->side, 12 * MIB))
			TH_LOG("%u: %s", strategy, sluice_strerror());
		EXPECT_FAILS(EMSGSIZE, sluice_client_loan(self->side.client, 12 * MIB + 1));
		for (i = 0; i < 8; i++) {
			request[i] = sluice_client_loan(self->side.client, 3 * MIB / 2);
			EXPECT_NE(NULL, request[i])
				TH_LOG("%u, loan %d: %s", strategy, i, sluice_strerror());
		}
		while (i--) {
			EXPECT_EQ(0, sluice_request_release(request[i]));
		}
		close_client(&self->side, 0, 0);

		/* And so it is from the start. */
		opts.port.initial_max_slice_len = 12 * MIB;
		ASSERT_EQ(0, open_client(&self->side, PTR(&opts), 0))
			TH_LOG("%u: %s", strategy, sluice_strerror());
		EXPECT_EQ(12 * MIB, bytes_of(self->side.client));
		close_client(&self->side, 0, 0);
	}
}

TEST_HARNESS_MAIN
