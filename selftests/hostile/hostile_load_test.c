// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can do to the choice of servers: pages that are none,
 * words in a page that cannot be, and returns of requests that were never received.  It
 * loses its channel, or others choose it too often or too seldom; no request is lost.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "hostile.h"

#include "shm/load.h"

/* ---- Pages ----------------------------------------------------------------- */

/* A page of this kind instead of a load page, which has 4096 bytes. */
static int page(int kind)
{
	return passed_fd(kind, kind == SHORT ? 2048 : kind == LONGER ? 8192 : 4096,
			 SLUICE_LOAD_SEALS);
}

TEST_F(hostile, pages_of_a_welcome)
{
	struct sluice_wire_welcome welcome = { .header = HEADER(SLUICE_WIRE_WELCOME) };
	int kind, fd, passed, memory, fds = count_fds();
	struct sluice_wire_hello hello;

	for (kind = NOTHING; kind <= SEALED; kind++) {
		ASSERT_EQ(0, open_client(&self->bad, 0, 0));
		ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
		fd = take_connection(self);
		ASSERT_LE(0, fd);
		memory = receive_hello(_metadata, fd, &hello);
		ASSERT_EQ(0, fcntl(memory, F_ADD_SEALS, (int)SLUICE_CHANNEL_SEALS_MAPPED));
		close(memory);
		passed = page(kind);
		ASSERT_EQ(kind == NOTHING, passed < 0);
		ASSERT_EQ(0, fdpass_send(fd, &welcome, sizeof(welcome), passed));
		if (passed >= 0)
			close(passed);
		EXPECT_EQ(kind == SEALED ? -ETIMEDOUT : -EPROTO,
			  hear_blob(&self->bad, 0, kind == SEALED ? MILLISECOND : LONG))
			TH_LOG("%d: %s", kind, sluice_strerror());
		close(fd);
		EXPECT_EQ(0, cancel(&self->bad, 0, 0));
		close_client(&self->bad, 0, 0);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%d", kind);
	}
}

/*
 * A server can take a lease on what it calls its page.  Who opened that and waited would do
 * so for /proc/sys/fs/lease-break-time, 45 s, which is longer than a test may take.
 */
TEST_F(hostile, a_page_with_a_lease)
{
	struct load_page page = { .inode = 0 };
	int fd, leased, fds = count_fds();
	char path[64];

	signal(SIGIO, SIG_IGN);
	fd = memfd_create(SLUICE_LOAD_NAME "000000000000feed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, SLUICE_LOAD_SIZE));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	leased = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, leased);
	close(fd);
	if (fcntl(leased, F_SETLEASE, F_RDLCK))
		SKIP(return, "there are no leases here: %s", strerror(errno));
	load_page_find(&page, getpid(), 0xfeed, false);
	EXPECT_EQ(0, page.inode);
	close(leased);
	EXPECT_EQ(fds, settled_fds(self));
}

/* ---- Words ------------------------------------------------------------------ */

static struct sluice_load *words_of(const struct side *client)
{
	return load_page_words(&client->client->channels[0]->requester.load_page);
}

/* One request to one server, which serves it. */
static void exchange_one(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	struct sluice_request *request = sluice_client_loan(self->good.client, 10);

	ASSERT_NE(NULL, request);
	pattern_fill(request->data, request->size, request->count);
	ASSERT_EQ(0, sluice_request_set_route(request, SLUICE_ROUTE_ONE));
	self->good.pending[0] = sluice_request_send(request);
	ASSERT_NE(NULL, self->good.pending[0]) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(1, sluice_pending_response_servers(self->good.pending[0]));
	EXPECT_EQ(10, take_blob(&self->server, 0, LONG));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(-EPIPE, hear_blob(&self->good, 0, LONG));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
}

static const uint64_t bent[] = {
	0, 1, UINT64_C(1) << 24, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 62,
	INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX,
};

TEST_F(hostile, words_that_cannot_be)
{
	struct sluice_load *load;
	size_t i, k;

	exchange_one(_metadata, self);
	load = words_of(&self->good);
	ASSERT_NE(NULL, load);
	ASSERT_EQ(self->server.server->load_page.inode,
		  self->good.client->channels[0]->requester.load_page.inode);
	for (i = 0; i < ARRAY_SIZE(bent); i++) {
		for (k = 0; k < 3; k++) {
			*load = (struct sluice_load){
				.counted = k == 0 ? bent[i] : 0,
				.uncounted = k == 1 ? bent[i] : 0,
				.service = k == 2 ? bent[i] : 0,
			};
			exchange_one(_metadata, self);
		}
	}
}

/* Requests are finished, or taken back, after a peer has set the count to 0. */
TEST_F(hostile, a_count_does_not_go_below_0)
{
	struct sluice_load *load;
	long i;

	exchange_one(_metadata, self);
	load = words_of(&self->good);
	ASSERT_NE(NULL, load);
	EXPECT_EQ(0, load->counted);
	for (i = 0; i < 3; i++) {
		load->counted = 0;
		load_drop(load);
		EXPECT_EQ(0, load->counted);
		exchange_one(_metadata, self);
		EXPECT_EQ(0, load->counted);
	}
}

/* The server is the authority: what it holds is counted, and what is not there is not. */
TEST_F(hostile, a_count_that_was_bent_is_right_again)
{
	struct sluice_load *load;

	exchange_one(_metadata, self);
	load = words_of(&self->good);
	ASSERT_NE(NULL, load);
	load->counted = UINT64_MAX;
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0, SECOND));
	EXPECT_EQ(0, load->counted);
}

/*
 * Each client maps the page for writing, so the kernel cannot be asked to refuse holes.
 * One costs its victims a fault, of the first who reads or writes there again; the page
 * is there again then, of 4096 bytes, and no count is below 0.
 */
TEST_F(hostile, holes_in_the_page)
{
	struct sluice_load *load;
	struct rusage before, after;
	struct stat st;
	long i;

	exchange_one(_metadata, self);
	load = words_of(&self->good);
	ASSERT_NE(NULL, load);
	getrusage(RUSAGE_THREAD, &before);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, madvise(load, SLUICE_LOAD_SIZE, MADV_REMOVE));
		exchange_one(_metadata, self);
		ASSERT_EQ(0, fstat(self->server.server->self.load_fd, &st));
		EXPECT_EQ(SLUICE_LOAD_SIZE / 512, st.st_blocks);
		EXPECT_EQ(0, load->counted);
		EXPECT_EQ(0, load->uncounted);
	}
	getrusage(RUSAGE_THREAD, &after);
	/* One for each of the three ends that have mapped it here, and some room. */
	EXPECT_GT(100 * 8, after.ru_minflt - before.ru_minflt);
	EXPECT_EQ(0, after.ru_majflt - before.ru_majflt);
}

/* The counters of a port are in a file that another process of this user can write. */
TEST_F(hostile, counters_that_are_bent)
{
	struct sluice_registry_counters *counters = self->server.server->entry.counters;
	long i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, ask_blob(&self->good, 0, 10));
		EXPECT_EQ(10, take_blob(&self->server, 0, LONG));
		EXPECT_LT(0, counters->depth);
		counters->depth = 0;
		counters->loaned = 0;
		EXPECT_EQ(0, answer_blob(&self->server, 0, 10));
		EXPECT_EQ(0, done(&self->server, 0, 0));
		EXPECT_EQ(0, counters->depth);
		EXPECT_EQ(0, counters->loaned);
		EXPECT_EQ(10, hear_blob(&self->good, 0, LONG));
		EXPECT_EQ(-EPIPE, hear_blob(&self->good, 0, LONG));
		EXPECT_EQ(0, cancel(&self->good, 0, 0));
	}
}

/* ---- Returns ------------------------------------------------------------------ */

/* All requests that are out, whether the server has received them or not. */
static void return_all(FIXTURE_DATA(hostile) *self)
{
	uint32_t i;

	for (i = 0; i < self->requester->fresh; i++)
		if (self->requester->deliveries[i].request && !self->requester->deliveries[i].returned)
			returns_push(&self->responder->requests.returns, i);
}

TEST_F(hostile, what_is_returned_unreceived_is_not_out_twice)
{
	long i, round;

	let_in(_metadata, self);
	for (round = 0; round < 4 && !self->requester->channel.gone; round++) {
		for (i = 0; i < 16; i++) {
			ASSERT_LE(0, ask_blob(&self->bad, 2, 10));
			ASSERT_EQ(0, cancel(&self->bad, 2, 0));
			ASSERT_GE(self->requester->layout->deliveries,
				  self->requester->outstanding);
		}
		return_all(self);
		requester_reap(self->requester);
		EXPECT_GE(self->requester->layout->deliveries,
			  self->requester->outstanding);
	}
	channel_close(&self->responder->channel, EPIPE);
	let_out(self);
}

TEST_HARNESS_MAIN
