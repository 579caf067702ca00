// SPDX-License-Identifier: GPL-2.0-only
/*
 * Polling before sleeping, wait/spin.c: the window grows with waits that were short,
 * shrinks with those that were long, and never leaves its bounds.  And what comes of
 * it: a node with a large window hears a peer that answers soon without sleeping, yet
 * sees timeouts, deadlines, interruptions and deaths; one that never polls sleeps.
 */
#include "wait/spin.h"

#include "base/limits.h"

#include "signals.h"
#include "steps.h"

#include <limits.h>
#include <sys/resource.h>

/* ---- The window -------------------------------------------------------------- */

static void learn(struct spin *spin, int64_t waited, unsigned int times)
{
	while (times--)
		spin_learn(spin, waited);
}

TEST(grows_with_short_waits)
{
	struct spin spin = { .most = 50000 };
	int64_t expected = SPIN_START_NS;
	int i;

	for (i = 0; i < 10; i++) {
		spin_learn(&spin, 10);
		ASSERT_EQ(expected, spin.window);
		expected = 2 * expected < spin.most ? 2 * expected : spin.most;
	}
	EXPECT_EQ(spin.most, spin.window);
	EXPECT_EQ(50000, spin.most);

	/* As long as the limit is short enough; one more is not. */
	spin_learn(&spin, spin.most);
	EXPECT_EQ(spin.most, spin.window);
	spin_learn(&spin, spin.most + 1);
	EXPECT_GT(spin.most, spin.window);
}

TEST(shrinks_with_long_waits)
{
	struct spin spin = { .most = 50000 };
	int64_t before;
	int i;

	learn(&spin, 0, 20);
	ASSERT_EQ(spin.most, spin.window);
	for (i = 0; i < 20 && spin.window; i++) {
		before = spin.window;
		spin_learn(&spin, SECOND);
		ASSERT_GE(before / 2, spin.window);
	}
	EXPECT_EQ(0, spin.window);
	learn(&spin, INT64_MAX, 5);
	EXPECT_EQ(0, spin.window);

	/* And back: one short wait is a start. */
	spin_learn(&spin, 0);
	EXPECT_EQ((int64_t)SPIN_START_NS, spin.window);
}

/* Whatever the limit, in whatever order waits come. */
TEST(stays_within_bounds)
{
	static const int64_t limits[] = {
		0, 1, 1000, SPIN_START_NS - 1, SPIN_START_NS, SPIN_START_NS + 1,
		SPIN_DEFAULT_NS, SPIN_LIMIT_NS, INT64_MAX / 4,
	};
	struct spin spin;
	size_t i;
	int k;

	srand(1);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		spin = (struct spin){ .most = limits[i] };
		for (k = 0; k < 10000; k++) {
			if (rand() % 2)
				spin_learn(&spin, rand() % (limits[i] / 2 + 1));
			else
				spin_learn(&spin, limits[i] + 1 + rand());
			ASSERT_LE(0, spin.window);
			ASSERT_GE(limits[i], spin.window);
			ASSERT_EQ(limits[i], spin.most);
		}
		learn(&spin, 0, 100);
		EXPECT_EQ(limits[i], spin.window);
		learn(&spin, INT64_MAX, 100);
		EXPECT_EQ(0, spin.window);
	}
}

TEST(never_without_a_limit)
{
	struct spin spin = { .most = 0 };

	learn(&spin, 0, 100);
	EXPECT_EQ(0, spin.window);
	learn(&spin, 1, 100);
	EXPECT_EQ(0, spin.window);
}

/* ---- What nodes do ------------------------------------------------------------- */

ENDS_FIXTURE(spinning);
PROCESSES_FIXTURE(spinning_death);

/*
 * As long as it can be, for it is cut to SPIN_LIMIT_NS, which is longer than what is
 * waited for here.  Each wait that is shorter doubles the window, so after so many it
 * is as long, too.
 */
#define AGES	(100 * SECOND)
#define WARM_UP	30

/* open_node(contract, spin): a node that polls for so long, and the service. */
static long open_node(struct side *side, long contract, long spin)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.wait = side->wait, .spin = spin);

	side->node = sluice_node_create("spinning", &opts);
	return open_service(side, contract, 0);
}

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? -errno : usage.ru_nvcsw;
}

/* One round trip with a server that serves. */
static long round_trip(struct side *side, long value, long unused)
{
	long result = ask(side, 0, value);

	(void)unused;
	if (result == 1)
		result = hear(side, 0, LONG);
	if (result != value + 1)
		return result < 0 ? result : -EILSEQ;
	return cancel(side, 0, 0);
}

/* round_trips(count): so many, and then how often one of them made us sleep. */
static long round_trips(struct side *side, long count, long unused)
{
	long i, result, before = sleeps();

	(void)unused;
	for (i = 0; i < count; i++) {
		result = round_trip(side, i, 0);
		if (result < 0)
			return result;
	}
	return sleeps() - before;
}

/*
 * A client whose window is wide open, in the test's side: the calls that follow poll
 * until they have what they want.
 */
static void set_up_polling(struct __test_metadata *_metadata, struct end *server,
			   enum place place, struct side *side)
{
	start_server(_metadata, server, place, &calls, NULL, NULL);
	ASSERT_EQ(0, open_node(side, PTR(&calls), AGES));
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	begin(server, serve, WARM_UP, 0);
	ASSERT_LE(0, round_trips(side, WARM_UP, 0));
	ASSERT_EQ(WARM_UP, finish(server));
}

/*
 * Something else may put a thread to sleep now and then.  Who sleeps for answers does
 * so every time, so one series without a single sleep is proof.
 */
TEST_F(spinning, without_sleeping)
{
	struct end *server = &self->end[0];
	long i, fewest = LONG_MAX, slept;

	set_up_polling(_metadata, server, variant->place, &self->side);
	for (i = 0; i < 50 && fewest; i++) {
		begin(server, serve_late, 5, 0);
		slept = round_trips(&self->side, 5, 0);
		ASSERT_LE(0, slept);
		ASSERT_EQ(5, finish(server));
		fewest = slept < fewest ? slept : fewest;
	}
	EXPECT_EQ(0, fewest);
}

/* count_sleeps(value): a round trip, and how often it made us sleep. */
static long count_sleeps(struct side *side, long value, long unused)
{
	long before = sleeps(), result;

	(void)unused;
	result = round_trip(side, value, 0);
	return result < 0 ? result : sleeps() - before;
}

/* A server, and a client of a node that polls for so long before it sleeps. */
static void start_spinning_client(struct __test_metadata *_metadata, struct end *server,
				  struct end *client, enum place place, long spin)
{
	start_server(_metadata, server, place, &calls, NULL, NULL);
	end_start(_metadata, client, place);
	ASSERT_EQ(0, at(client, open_node, PTR(&calls), spin));
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
}

/* The client asks for this number, and sleeps before the answer comes. */
static void expect_sleep(struct __test_metadata *_metadata, struct end *server,
			 struct end *client, long number)
{
	begin(client, count_sleeps, number, 0);
	ASSERT_EQ(number, at(server, take, 0, LONG));
	until_asleep(client);
	ASSERT_EQ(0, at(server, answer, 0, number + 1));
	EXPECT_LE(1, finish(client)) TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(server, done, 0, 0));
}

/* The request is there, so the client is in the step: and there it sleeps. */
TEST_F(spinning, not_at_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_spinning_client(_metadata, server, client, variant->place, -1);
	for (i = 0; i < 20; i++) {
		expect_sleep(_metadata, server, client, i);
	}
}

/* One that polls for a while sleeps, too, when the answer takes longer. */
TEST_F(spinning, for_a_while)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_spinning_client(_metadata, server, client, variant->place, 5 * MILLISECOND);
	for (i = 0; i < 10; i++) {
		begin(server, serve, 10, 0);
		ASSERT_LE(0, at(client, round_trips, 10, 0));
		ASSERT_EQ(10, finish(server));
		expect_sleep(_metadata, server, client, i);
	}
}

/* For ever is as good as the limit: no sum wraps, and then it sleeps. */
TEST_F(spinning, for_as_long_as_there_is)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long before;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, open_node(side, PTR(&calls), INT64_MAX));
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	begin(server, serve_late, 100, 0);
	EXPECT_LE(0, round_trips(side, 100, 0));
	ASSERT_EQ(100, finish(server));
	ASSERT_EQ(1, ask(side, 0, 1));
	before = sleeps();
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, SPIN_LIMIT_NS + 200 * MILLISECOND));
	EXPECT_LE(1, sleeps() - before);
}

TEST_F(spinning, until_the_timeout)
{
	static const int64_t times[] = { 1, 1000, MILLISECOND, 20 * MILLISECOND };
	int64_t begun;
	size_t i;

	set_up_polling(_metadata, &self->end[0], variant->place, &self->side);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		begun = now();
		EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, times[i]));
		EXPECT_LE(times[i], now() - begun);
	}
}

TEST_F(spinning, until_the_deadline)
{
	struct sluice_request *request;
	int64_t deadline;

	set_up_polling(_metadata, &self->end[0], variant->place, &self->side);
	do {
		deadline = sluice_deadline(20 * MILLISECOND);
		request = sluice_client_loan_zeroed(self->side.client, 1);
		ASSERT_EQ(0, sluice_request_set_deadline(request, deadline));
		self->side.pending[0] = sluice_request_send(request);
		sluice_request_release(self->side.pending[0] ? NULL : request);
	} while (!self->side.pending[0] && errno == ETIMEDOUT);
	ASSERT_NE(NULL, self->side.pending[0]);
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_LE(deadline, now());
}

/* An interruption is seen by who polls as by who sleeps. */
static void *interrupt_soon(void *node)
{
	int i;

	for (i = 0; i < 10; i++)
		pause_briefly();
	sluice_node_interrupt(node);
	return NULL;
}

TEST_F(spinning, until_it_is_interrupted)
{
	pthread_t thread;

	set_up_polling(_metadata, &self->end[0], variant->place, &self->side);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	sluice_node_interrupt(self->side.node);
	EXPECT_EQ(-EINTR, hear(&self->side, 0, SLUICE_FOREVER));
	ASSERT_EQ(0, pthread_create(&thread, NULL, interrupt_soon, self->side.node));
	EXPECT_EQ(-EINTR, hear(&self->side, 0, SLUICE_FOREVER));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
}

/* Its own thread may say so, in a handler. */
static struct sluice_node *timer_node;

static void interrupt_from_handler(int signal)
{
	(void)signal;
	sluice_node_interrupt(timer_node);
}

TEST_F(spinning, until_a_handler_interrupts)
{
	timer_t timer;

	set_up_polling(_metadata, &self->end[0], variant->place, &self->side);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	timer_node = self->side.node;
	ASSERT_EQ(0, start_signals(interrupt_from_handler, SA_RESTART, 10 * MILLISECOND, &timer));
	EXPECT_EQ(-EINTR, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, timer_delete(timer));
}

/* Somebody comes, and somebody goes, while nobody sleeps. */
TEST_F(spinning, until_somebody_comes_or_goes)
{
	struct end *server = &self->end[0], *next = &self->end[1];

	set_up_polling(_metadata, server, variant->place, &self->side);
	start_service(_metadata, next, variant->place, &calls, NULL);
	begin(next, open_server, 0, 0);
	EXPECT_EQ(2, wait_servers(&self->side, 2, SLUICE_FOREVER));
	ASSERT_EQ(0, finish(next));
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	begin(server, close_server, 0, 0);
	begin(next, close_server, 0, 0);
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(0, finish(server));
	EXPECT_EQ(0, finish(next));
}

TEST_F(spinning_death, until_a_server_dies)
{
	struct end *server = &self->end[0];

	set_up_polling(_metadata, server, IN_PROCESS, &self->side);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, SLUICE_FOREVER));
	end_reap(server);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
