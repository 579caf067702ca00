// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_node_adopt(): a node goes from one thread to another, with its ports, its
 * peers and what is under way.  What the old thread had armed is gone with that
 * thread; the new one sleeps and is woken all the same.  A node in which a thread
 * sleeps stays where it is.
 */
#include "events.h"

ENDS_FIXTURE(adopt);

/* ---- Another thread -------------------------------------------------------- */

struct errand {
	step *step;
	struct side *side;
	long a, b, result;
};

static void *run_errand(void *argument)
{
	struct errand *errand = argument;

	errand->result = errand->step(errand->side, errand->a, errand->b);
	return NULL;
}

/* A step with the test's side, in a thread that has ended when this returns. */
static long elsewhere(struct __test_metadata *_metadata, struct side *side,
		      step *what, long a, long b)
{
	struct errand errand = { .step = what, .side = side, .a = a, .b = b };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_errand, &errand));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	return errand.result;
}

#define ELSEWHERE(what, a, b)	elsewhere(_metadata, &self->side, what, a, b)

static long adopt(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_node_adopt(side->node);
}

static long node_fd(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_node_fd(side->node);
}

static long prepare(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_node_prepare(side->node);
}

/* serve_and_sleep(requests): then it goes to sleep, with all peers to ring it. */
static long serve_and_sleep(struct side *side, long requests, long unused)
{
	long result = serve(side, requests, 0);

	(void)unused;
	if (result != requests)
		return result;
	return take(side, 0, 20 * MILLISECOND);
}

/* adopt_and_sleep(slot, value): likewise with a response, by the next thread. */
static long adopt_and_sleep(struct side *side, long slot, long value)
{
	long result = sluice_node_adopt(side->node);

	if (result < 0)
		return result;
	result = hear(side, slot, LONG);
	if (result != value)
		return result < 0 ? result : -EBADMSG;
	return hear(side, slot, 20 * MILLISECOND);
}

/* ---- From a thread that has ended ------------------------------------------ */

TEST_F(adopt, server_with_busy_and_idle_clients)
{
	struct end *busy = &self->end[0], *idle = &self->end[1],
		   *quick = &self->end[2], *later = &self->end[3];
	struct side *side = &self->side;

	start_reversed(_metadata, busy, variant->place, side, &calls);
	start_client(_metadata, idle, variant->place, &calls, 1);
	start_client(_metadata, quick, variant->place, &calls, 1);
	begin(busy, exchange_pausing, 20, 0);
	ASSERT_EQ(-ETIMEDOUT, ELSEWHERE(serve_and_sleep, 20, 0));
	ASSERT_EQ(20, finish(busy));

	/* While the node is nobody's. */
	ASSERT_EQ(1, at(quick, ask, 0, 7));
	EXPECT_EQ(-EBUSY, take(side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(7, take(side, 0, LONG));
	EXPECT_EQ(0, answer(side, 0, 8));
	EXPECT_EQ(8, at(quick, hear, 0, LONG));
	EXPECT_EQ(0, done(side, 0, 0));

	/* Each of the others wakes the new thread: known, never heard, and new. */
	begin(busy, ask_soon, 0, 1);
	EXPECT_EQ(1, take(side, 1, SLUICE_FOREVER));
	EXPECT_EQ(1, finish(busy));
	begin(idle, ask_soon, 0, 2);
	EXPECT_EQ(2, take(side, 2, SLUICE_FOREVER));
	EXPECT_EQ(1, finish(idle));
	start_client(_metadata, later, variant->place, &calls, 1);
	begin(later, ask_soon, 0, 3);
	EXPECT_EQ(3, take(side, 3, SLUICE_FOREVER));
	EXPECT_EQ(1, finish(later));

	/* And one that leaves. */
	ASSERT_EQ(0, sluice_node_wait(side->node, LONG));
	ASSERT_EQ(0, at(idle, cancel, 0, 0));
	ASSERT_EQ(0, at(idle, close_client, 0, 0));
	EXPECT_EQ(WENT(1), find_out(side, SLUICE_FOREVER, 0));
}

TEST_F(adopt, client_in_the_middle_of_exchanges)
{
	struct end *server = &self->end[0], *later = &self->end[1];
	struct side *side = &self->side;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(1, ELSEWHERE(ask, 0, 5));
	ASSERT_EQ(5, at(server, take, 0, LONG));
	ASSERT_EQ(0, sluice_node_adopt(side->node));
	ASK_AND_TAKE(side, server, 1, 6);
	ASSERT_EQ(0, at(server, answer, 0, 50));
	ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
	EXPECT_EQ(-EBUSY, hear(side, 0, SLUICE_NOWAIT));

	/* One thread takes it from another that has gone to sleep in it and ended. */
	ASSERT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(50, hear(side, 0, LONG));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, 20 * MILLISECOND));
	ASSERT_EQ(0, at(server, answer, 1, 60));
	ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
	ASSERT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(60, hear(side, 1, LONG));
	begin(server, answer_soon, 1, 61);
	EXPECT_EQ(61, hear(side, 1, SLUICE_FOREVER));
	EXPECT_EQ(0, finish(server));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_FOREVER));

	/* The news of another server reach it too. */
	start_server(_metadata, later, variant->place, &calls, NULL, NULL);
	EXPECT_EQ(2, wait_servers(side, 2, SLUICE_FOREVER));
}

/* Two threads sleep for one response after another, and end; a third one gets it. */
TEST_F(adopt, client_whose_threads_slept)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASK_AND_TAKE(side, server, 0, 5);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, at(server, answer, 0, i));
		ASSERT_EQ(-ETIMEDOUT, ELSEWHERE(adopt_and_sleep, 0, i));
		ASSERT_EQ(0, at(server, answer, 0, 10 + i));
		ASSERT_EQ(-ETIMEDOUT, ELSEWHERE(adopt_and_sleep, 0, 10 + i));
		ASSERT_EQ(0, sluice_node_adopt(side->node));
		begin(server, answer_soon, 0, 20 + i);
		EXPECT_EQ(20 + i, hear(side, 0, SLUICE_FOREVER));
		EXPECT_EQ(0, finish(server));
	}
}

/* ---- To and fro ------------------------------------------------------------ */

/* adopt_and_serve(side, requests): of an end that is a thread; the test's side. */
static long adopt_and_serve(struct side *own, long other, long requests)
{
	struct side *side = (struct side *)other;
	int result = sluice_node_adopt(side->node);

	(void)own;
	return result < 0 ? result : serve(side, requests, 0);
}

static long take_of(struct side *own, long other, long timeout)
{
	(void)own;
	return take((struct side *)other, 0, timeout);
}

static long adopt_of(struct side *own, long other, long unused)
{
	(void)own, (void)unused;
	return sluice_node_adopt(((struct side *)other)->node);
}

TEST_F(adopt, to_and_fro)
{
	struct end *partner = &self->end[0], *client = &self->end[1],
		   *other = &self->end[2];
	struct side *side = &self->side;
	int i;

	start_reversed(_metadata, client, variant->place, side, &calls);
	start_client(_metadata, other, variant->place, &calls, 1);
	end_start(_metadata, partner, IN_THREAD);
	begin(client, exchange_pausing, 200, 0);
	begin(other, exchange_pausing, 200, 0);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(2, at(partner, adopt_and_serve, PTR(side), 2))
			TH_LOG("%s", partner->result.sentence);
		ASSERT_EQ(-EBUSY, take(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(2, adopt_and_serve(NULL, PTR(side), 2))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(-EBUSY, at(partner, take_of, PTR(side), SLUICE_NOWAIT));
	}
	EXPECT_EQ(200, finish(client));
	EXPECT_EQ(200, finish(other));
	EXPECT_EQ(-EAGAIN, take(side, 0, SLUICE_NOWAIT));
}

/* ---- A thread that sleeps -------------------------------------------------- */

TEST_F(adopt, not_while_asleep)
{
	struct end *sleeper = &self->end[0], *client = &self->end[1];
	struct side *side = &self->side;

	start_reversed(_metadata, client, variant->place, side, &calls);
	end_start(_metadata, sleeper, IN_THREAD);
	ASSERT_EQ(-EAGAIN, at(sleeper, take_of, PTR(side), SLUICE_NOWAIT));
	begin(sleeper, take_of, PTR(side), SLUICE_FOREVER);
	until_asleep(sleeper);
	EXPECT_FAILS_INT(EBUSY, sluice_node_adopt(side->node));
	EXPECT_FAILS_INT(EBUSY, sluice_node_adopt(side->node));
	EXPECT_EQ(-EBUSY, take(side, 0, SLUICE_NOWAIT));
	until_asleep(sleeper);
	ASSERT_EQ(1, at(client, ask, 0, 4));
	EXPECT_EQ(4, finish(sleeper));

	/* Awake, and told to keep its hands off, it loses the node. */
	EXPECT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(-EBUSY, at(sleeper, take_of, PTR(side), SLUICE_NOWAIT));
	EXPECT_EQ(0, answer(side, 0, 5));
	EXPECT_EQ(5, at(client, hear, 0, LONG));

	/* Interrupted, it can be taken from too. */
	ASSERT_EQ(0, at(sleeper, adopt_of, PTR(side), 0));
	begin(sleeper, take_of, PTR(side), SLUICE_FOREVER);
	until_asleep(sleeper);
	EXPECT_EQ(-EBUSY, sluice_node_adopt(side->node));
	EXPECT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, finish(sleeper));
	EXPECT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 1, MILLISECOND));
}

/* The side is told of the client's request of this number, and takes it. */
static void expect_request(struct __test_metadata *_metadata, struct side *side,
			   struct end *client, long number)
{
	EXPECT_EQ(1, sluice_node_prepare(side->node));
	EXPECT_EQ(REQUEST, told(side, 0, 0));
	EXPECT_EQ(number, take(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, done(side, 0, 0));
	EXPECT_EQ(0, at(client, cancel, 0, 0));
}

/* ---- A foreign event loop goes with it ------------------------------------- */

TEST_F(adopt, descriptor)
{
	struct end *client = &self->end[0], *idle = &self->end[1];
	struct side *side = &self->side;
	long i;
	int fd;

	start_reversed(_metadata, client, variant->place, side, &calls);
	start_client(_metadata, idle, variant->place, &calls, 1);
	fd = (int)ELSEWHERE(node_fd, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, sluice_node_fd(side->node));
	EXPECT_EQ(-EBUSY, sluice_node_prepare(side->node));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, sluice_node_adopt(side->node));
		EXPECT_EQ(fd, sluice_node_fd(side->node));
		while (sluice_node_prepare(side->node) > 0)
			told(side, 0, 0);
		begin(client, ask_soon, 0, i);
		ASSERT_TRUE(is_readable(fd, LONG));
		EXPECT_EQ(1, finish(client));
		expect_request(_metadata, side, client, i);

		/* The next request comes when the thread that was prepared is gone. */
		ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
		ASSERT_EQ(1, at(idle, ask, 0, i));
		ASSERT_EQ(0, sluice_node_adopt(side->node));
		expect_request(_metadata, side, idle, i);
		ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
		ASSERT_EQ(-EBUSY, ELSEWHERE(prepare, 0, 0));
	}
	ASSERT_EQ(0, sluice_node_adopt(side->node));
}

/* ---- Whose it is ----------------------------------------------------------- */

TEST_F(adopt, ones_own_and_nobodys)
{
	struct side *side = &self->side;

	EXPECT_FAILS_INT(EINVAL, sluice_node_adopt(NULL));
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));

	/* No thread has used the node: it belongs to the thread that adopts it. */
	ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
	EXPECT_EQ(-EBUSY, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	EXPECT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));

	/* One thread has made the node, and another one destroys it. */
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(0, ELSEWHERE(adopt, 0, 0));
	ASSERT_EQ(0, sluice_node_adopt(side->node));
}

TEST_F(adopt, forked_child)
{
	struct side *side = &self->side;
	int status, failed = 0;
	pid_t pid;

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0) {
		failed += adopt(side, 0, 0) != -ECHILD;
		failed += node_fd(side, 0, 0) != -ECHILD;
		failed += prepare(side, 0, 0) != -ECHILD;
		failed += wait_node(side, SLUICE_FOREVER, 0) != -ECHILD;
		failed += told(side, 0, 0) != -ECHILD;
		_exit(failed);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));
}

TEST_HARNESS_MAIN
