// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients of one server: a thousand, from one process and from fifty, are all
 * connected and answered, and leave nothing behind.  And they are served justly: two
 * that have requests queued in turn, whatever else they do; and one that comes after a
 * long silence gets its turn, although another keeps the server from ever sleeping.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "holdings.h"
#include "steps.h"

#define MANY		1000
#define PROCESSES	50

#define FEWER		200	/* when not in full */

static const struct sluice_service_opts crowded = SLUICE_SERVICE_OPTS(
	.max_clients = MANY);
static const struct sluice_service_opts less_crowded = SLUICE_SERVICE_OPTS(
	.max_clients = FEWER);

FIXTURE(many) {
	struct root root;
	struct side side;
	struct end server;
	struct end end[PROCESSES];
	uint64_t *shared;	/* the ends see it too */
};

FIXTURE_SETUP(many)
{
	struct rlimit files;

	root_make(_metadata, &self->root);
	ends_mix(&self->server, 1);
	ends_mix(self->end, PROCESSES);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = files.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	self->shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
}

FIXTURE_TEARDOWN(many)
{
	if (_metadata->exit_code == KSFT_PASS)
		leave(&self->side, 0, 0);
	ends_stop(_metadata, self->end, PROCESSES);
	ends_stop(_metadata, &self->server, 1);
	munmap(self->shared, 4096);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- A thousand ------------------------------------------------------------------ */

/* A client takes five descriptors and a connection to it two, in whichever process. */
static bool may_open_enough(void)
{
	struct rlimit files;

	return !getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur >= 8 * MANY;
}

/* These are of each process its own. */
static struct sluice_client *clients[MANY];
static struct sluice_pending_response *pendings[MANY];

/* come_all(clients): makes them, and each is connected. */
static long come_all(struct side *side, long count, long unused)
{
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		clients[i] = sluice_client_create(side->service, NULL);
		if (!clients[i] ||
		    sluice_client_wait_servers(clients[i], 1, LONG) != 1)
			return -errno;
	}
	return count;
}

/* ask_all(clients, first): each asks its own number. */
static long ask_all(struct side *side, long count, long first)
{
	long i, result;

	for (i = 0; i < count; i++) {
		side->client = clients[i];
		result = ask(side, 0, first + i);
		side->client = NULL;
		pendings[i] = side->pending[0];
		side->pending[0] = NULL;
		if (result != 1)
			return result < 0 ? result : -ENOTCONN;
	}
	return count;
}

/* hear_all(clients, first): each hears the answer to its own, and no other. */
static long hear_all(struct side *side, long count, long first)
{
	long i, result;

	for (i = 0; i < count; i++) {
		side->pending[0] = pendings[i];
		result = hear(side, 0, LONG);
		if (result != first + i + 1)
			return result < 0 ? result : -EBADMSG;
		result = hear_end(side, 0, LONG);
		if (result < 0)
			return result;
	}
	return count;
}

static long leave_all(struct side *side, long count, long unused)
{
	long i;

	(void)side, (void)unused;
	for (i = 0; i < count; i++)
		sluice_client_destroy(clients[i]);
	return count;
}

/* Descriptors and mappings that a process shares with others. */
static long holdings(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return count_fds() * 100000L + count_mappings_of("memfd:sluice");
}

/* settle(wanted): a server notices that its clients have gone in its calls. */
static long settle(struct side *side, long wanted, long unused)
{
	(void)unused;
	EVENTUALLY(take(side, 0, SLUICE_NOWAIT) != -EAGAIN ||
		   holdings(side, 0, 0) == wanted);
	return holdings(side, 0, 0);
}

/* A full service: so many processes with so many clients each. */
static void crowd(struct __test_metadata *_metadata, struct end *server, struct end *ends,
		  int processes, long each)
{
	long before, mine[PROCESSES];
	int i;

	start_server(_metadata, server, IN_PROCESS, &calls,
		     in_full() ? &crowded : &less_crowded, NULL);
	before = at(server, holdings, 0, 0);
	for (i = 0; i < processes; i++) {
		start_service(_metadata, &ends[i], IN_PROCESS, &calls, NULL);
		mine[i] = at(&ends[i], holdings, 0, 0);
		ASSERT_EQ(each, at(&ends[i], come_all, each, 0))
			TH_LOG("%d: %s", i, ends[i].result.sentence);
	}
	begin(server, serve, each * processes, 0);
	for (i = 0; i < processes; i++)
		begin(&ends[i], ask_all, each, i * each);
	for (i = 0; i < processes; i++) {
		ASSERT_EQ(each, finish(&ends[i])) TH_LOG("%s", ends[i].result.sentence);
		ASSERT_EQ(each, at(&ends[i], hear_all, each, i * each))
			TH_LOG("%s", ends[i].result.sentence);
	}
	ASSERT_EQ(each * processes, finish(server)) TH_LOG("%s", server->result.sentence);
	EXPECT_EQ(-EUSERS, at(&ends[0], open_client, 0, 0));
	for (i = 0; i < processes; i++) {
		ASSERT_EQ(each, at(&ends[i], leave_all, each, 0));
		EXPECT_EQ(mine[i], at(&ends[i], holdings, 0, 0));
	}
	EXPECT_EQ(before, at(server, settle, before, 0));
}

TEST_F_TIMEOUT(many, clients_of_one_process, 120)
{
	if (!may_open_enough())
		SKIP(return, "too few files may be open");
	crowd(_metadata, &self->server, self->end, 1, in_full() ? MANY : FEWER);
}

TEST_F_TIMEOUT(many, clients_of_fifty_processes, 120)
{
	if (!may_open_enough())
		SKIP(return, "too few files may be open");
	crowd(_metadata, &self->server, self->end, PROCESSES,
	      (in_full() ? MANY : FEWER) / PROCESSES);
}

/* ---- In turn ----------------------------------------------------------------------- */

#define QUEUE	16	/* requests of a client that fit into a queue */

/* ask_full(first): fills the queue. */
static long ask_full(struct side *side, long first, long unused)
{
	long i, result = 0;

	(void)unused;
	for (i = 0; i < QUEUE && result >= 0; i++)
		result = ask(side, i, first + i);
	return result;
}

static long hear_full(struct side *side, long first, long unused)
{
	long i, result;

	(void)unused;
	for (i = 0; i < QUEUE; i++) {
		result = hear(side, i, LONG);
		if (result != first + i + 1)
			return result < 0 ? result : -EBADMSG;
		cancel(side, i, 0);
	}
	return QUEUE;
}

/* A request of this client, by its number, and its answer. */
static void serve_one(struct __test_metadata *_metadata, struct side *side, long value)
{
	ASSERT_EQ(value, take(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, answer_and_done(side, 0, value + 1));
}

/* Whatever a client had queued before: while both have something, it is 1 to 1. */
TEST_F(many, two_are_served_in_turn)
{
	struct end *busy = &self->end[0], *slow = &self->end[1];
	long i, round, first = 0;

	start_reversed(_metadata, busy, IN_PROCESS, &self->side, &calls);
	start_client(_metadata, slow, IN_PROCESS, &calls, 1);
	for (round = 0; round < 10; round++) {
		/* The busy one is alone for a while, and its last request is taken. */
		ASSERT_EQ(1, at(busy, ask_full, 0, 0));
		for (i = 0; i < QUEUE; i++)
			serve_one(_metadata, &self->side, i);
		ASSERT_EQ(QUEUE, at(busy, hear_full, 0, 0));

		/* Then both are full; who has the first turn does not matter. */
		ASSERT_EQ(1, at(busy, ask_full, 0, 0));
		ASSERT_EQ(1, at(slow, ask_full, 1000, 0));
		first = take(&self->side, 0, LONG);
		ASSERT_TRUE(first == 0 || first == 1000);
		ASSERT_EQ(0, answer_and_done(&self->side, 0, first + 1));
		for (i = 0; i < QUEUE; i++) {
			serve_one(_metadata, &self->side, 1000 - first + i);
			if (i + 1 < QUEUE)
				serve_one(_metadata, &self->side, first + i + 1);
		}
		EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(QUEUE, at(busy, hear_full, 0, 0));
		ASSERT_EQ(QUEUE, at(slow, hear_full, 1000, 0));
	}
}

/* keep_busy(shared): asks for more before it has heard, until it is told to stop. */
static long keep_busy(struct side *side, long shared, long unused)
{
	uint64_t *stop = (uint64_t *)shared;
	long i, result, heard = 0;

	(void)unused;
	for (i = 0; i < QUEUE; i++)
		ask(side, i, i);
	for (i = 0; !__atomic_load_n(stop, __ATOMIC_RELAXED); i = (i + 1) % QUEUE) {
		result = hear(side, i, LONG);
		if (result != i + 1)
			return result < 0 ? result : -EBADMSG;
		cancel(side, i, 0);
		result = ask(side, i, i);
		if (result != 1)
			return result < 0 ? result : -ENOTCONN;
		heard++;
	}
	for (i = 0; i < QUEUE; i++)
		cancel(side, i, 0);
	return heard;
}

/* ask_openly(shared): asks, and says when that is done. */
static long ask_openly(struct side *side, long shared, long unused)
{
	long result = ask(side, 0, 5000);

	(void)unused;
	__atomic_store_n((uint64_t *)shared + 1, 1, __ATOMIC_RELEASE);
	return result < 0 ? result : hear(side, 0, LONG);
}

/*
 * Serves the busy one without ever sleeping, until another asks; how many requests
 * were served after that one had been sent.
 */
static long serve_until_cold(struct side *side, const uint64_t *shared)
{
	int64_t deadline = now() + LONG;
	long value, served = 0;

	do {
		value = take(side, 0, SLUICE_NOWAIT);
		if (value == -EAGAIN)
			continue;
		if (value < 0 || answer(side, 0, value + 1) < 0 || done(side, 0, 0) < 0)
			return -EPROTO;
		served += __atomic_load_n(&shared[1], __ATOMIC_ACQUIRE);
	} while (value < QUEUE && now() < deadline);
	return value < QUEUE ? -ETIMEDOUT : served;
}

/* Until it polls no more than a few: it looks at each some 1,000 times for nothing. */
static void let_others_cool(struct __test_metadata *_metadata, struct side *side)
{
	long i, value;

	for (i = 0; i < 3000;) {
		value = take(side, 0, SLUICE_NOWAIT);
		if (value == -EAGAIN) {
			i++;
			continue;
		}
		ASSERT_LE(0, value) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, answer_and_done(side, 0, value + 1));
		i++;
	}
}

/* Far more than it can be, and far less than for ever. */
#define PATIENCE	100000

TEST_F_TIMEOUT(many, the_cold_one_is_not_starved, 120)
{
	struct end *busy = &self->end[0];
	long i, served, most = 0;

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	for (i = 0; i < 16; i++)
		start_client(_metadata, &self->end[i], IN_PROCESS, &calls, 1);
	begin(busy, keep_busy, PTR(self->shared), 0);
	for (i = 1; i < 16; i++) {
		let_others_cool(_metadata, &self->side);
		self->shared[1] = 0;
		begin(&self->end[i], ask_openly, PTR(self->shared), 0);
		served = serve_until_cold(&self->side, self->shared);
		ASSERT_LE(0, served) TH_LOG("%s", sluice_strerror());
		EXPECT_GE(PATIENCE, served);
		most = served > most ? served : most;
		ASSERT_EQ(5001, finish(&self->end[i]));
	}
	fprintf(TH_LOG_STREAM, "# served before the cold one's turn: %ld at most\n", most);
	__atomic_store_n(self->shared, 1, __ATOMIC_RELAXED);
	while ((i = take(&self->side, 0, 100 * MILLISECOND)) >= 0) {
		answer(&self->side, 0, i + 1);
		done(&self->side, 0, 0);
	}
	EXPECT_LT(0, finish(busy));
}

TEST_HARNESS_MAIN
