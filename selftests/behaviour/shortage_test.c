// SPDX-License-Identifier: GPL-2.0-only
/*
 * A shortage of descriptors, at a client or at a server, that passes: nobody is told
 * that a healthy server has died, every sentence says who lacked what, and afterwards
 * all are served.  While it lasts, an idle node wakes a few times a second.
 */
#include <poll.h>
#include <sys/resource.h>

#include "shortage.h"

PROCESSES_FIXTURE(shortage);

/* ---- A server ------------------------------------------------------------ */

#define STOP	1000000

/* Answers what comes within this time.  0, or 1 if it was told to stop. */
static long serve_for(struct side *side, int64_t time)
{
	int64_t end = now() + time, left;
	long value, result;

	while ((left = end - now()) > 0) {
		value = take(side, 0, left);
		if (value == -ETIMEDOUT)
			break;
		if (value < 0)
			return value;
		/* It may have no descriptor for the memory of its answers either. */
		result = answer(side, 0, value + 1);
		if (result < 0 && result != -EPIPE && result != -EMFILE)
			return result;
		result = done(side, 0, 0);
		if (result < 0 || value == STOP)
			return result < 0 ? result : 1;
	}
	return 0;
}

/* serve_short(spare, time): has so few descriptors for this time, and serves until told to stop. */
static long serve_short(struct side *side, long spare, long time)
{
	long result;

	result = exhaust(side, spare, 0);
	if (!result)
		result = serve_for(side, time);
	if (relieve(side, 0, 0) < 0)
		return -errno;
	return result ? result : serve_for(side, 4 * LONG);
}

/* Asks and hears; how often it had to ask again, since it could not be taken. */
static long be_served(struct side *side, long value, long unused)
{
	int64_t deadline = now() + 2 * LONG;
	long heard, tries;

	for (tries = 0; now() < deadline; tries++) {
		if (wait_servers(side, 1, LONG) < 0)
			return -errno;
		if (ask(side, 0, value) < 0)
			return -errno;
		heard = hear(side, 0, LONG);
		cancel(side, 0, 0);
		if (heard >= 0)
			return heard == value + 1 ? tries : -EBADMSG;
		if (heard != -ECONNABORTED && heard != -ENOTCONN && heard != -EPIPE)
			return heard;
	}
	return -ETIMEDOUT;
}

static void stop_serving(struct __test_metadata *_metadata, struct side *side, struct end *server)
{
	EXPECT_LE(0, be_served(side, STOP, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
}

/* Four clients connect while a server lacks descriptors, which passes. */
static void be_short(struct __test_metadata *_metadata, struct side *side, struct end *end,
		     long spare)
{
	struct side visitor = { .service = side->service };
	long i, again;

	begin(&end[0], serve_short, spare, 300 * MILLISECOND);
	until_asleep(&end[0]);
	ASSERT_EQ(0, open_client(&visitor, 0, 0));
	for (i = 1; i < 4; i++)
		ASSERT_EQ(0, at(&end[i], open_client, 0, 0));
	for (i = 1; i < 4; i++)
		begin(&end[i], be_served, 10 * i, 0);
	again = be_served(&visitor, 0, 0);
	EXPECT_LE(0, again) TH_LOG("spare %ld: %ld, %s", spare, again, sluice_strerror());
	for (i = 1; i < 4; i++) {
		again = finish(&end[i]);
		EXPECT_LE(0, again)
			TH_LOG("spare %ld: %ld, %s", spare, again, end[i].result.sentence);
	}
	for (i = 1; i < 4; i++)
		ASSERT_EQ(0, at(&end[i], close_client, 0, 0));
	stop_serving(_metadata, &visitor, &end[0]);
	close_client(&visitor, 0, 0);
}

TEST_F(shortage, of_a_server_that_passes)
{
	long i;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	for (i = 1; i < 4; i++) {
		start_service(_metadata, &self->end[i], IN_PROCESS, &calls, NULL);
	}
	for (i = 0; i < 8; i++)
		be_short(_metadata, &self->side, self->end, i);
}

/* A client that connects meanwhile waits, and is served afterwards. */
TEST_F(shortage, of_a_server_that_goes_on_with_whom_it_has)
{
	struct end *server = &self->end[0], *client;
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	begin(server, serve, 1, 0);
	EXPECT_EQ(0, be_served(&self->side, 1, 0));
	ASSERT_EQ(1, finish(server));

	ASSERT_EQ(0, at(server, exhaust, 0, 0));
	for (i = 1; i < 3; i++) {
		start_client(_metadata, &self->end[i], IN_PROCESS, &calls, 1);
		ASSERT_EQ(1, at(&self->end[i], ask, 0, 10 * i));
	}
	/* The one it has already is served meanwhile. */
	begin(server, serve, 1, 0);
	EXPECT_EQ(0, be_served(&self->side, 2, 0));
	ASSERT_EQ(1, finish(server));
	ASSERT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	for (i = 1; i < 3; i++)
		EXPECT_EQ(-EAGAIN, at(&self->end[i], hear, 0, SLUICE_NOWAIT));

	ASSERT_EQ(0, at(server, relieve, 0, 0));
	begin(server, serve, 6, 0);
	client = &self->end[3];
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 0, 30));
	EXPECT_EQ(31, at(client, hear, 0, LONG))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(0, be_served(&self->side, 3, 0));
	for (i = 1; i < 3; i++) {
		client = &self->end[i];
		EXPECT_EQ(10 * i + 1, at(client, hear, 0, LONG))
			TH_LOG("%s", client->result.sentence);
		EXPECT_EQ(1, at(client, ask, 1, 10 * i));
		EXPECT_EQ(10 * i + 1, at(client, hear, 1, LONG))
			TH_LOG("%s", client->result.sentence);
	}
	EXPECT_EQ(6, finish(server)) TH_LOG("%s", server->result.sentence);
}

/* How often this thread has slept in a wait of the step's length that nothing ends. */
static long wakes_while(struct side *side, step *what, long a, int64_t time)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	if (what(side, a, time) != -ETIMEDOUT)
		return -EBADMSG;
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_nvcsw - before.ru_nvcsw;
}

#define IDLE		(2 * SECOND)
#define WAKES_MAX	40

static long server_wakes(struct side *side, long a, long b)
{
	return wakes_while(side, take, 0, IDLE);
}

static long client_wakes(struct side *side, long a, long b)
{
	return wakes_while(side, wait_servers, 1, IDLE);
}

/* This many wakes, which a step of this end has counted, are few enough. */
static void expect_few_wakes(struct __test_metadata *_metadata, struct end *end, long wakes)
{
	TH_LOG("%ld wakes in 2 s", wakes);
	EXPECT_LE(0, wakes) TH_LOG("%s", end->result.sentence);
	EXPECT_GE(WAKES_MAX, wakes);
}

TEST_F(shortage, does_not_keep_an_idle_server_awake)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(0, at(server, exhaust, 0, 0));
	begin(server, server_wakes, 0, 0);
	until_asleep(server);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	expect_few_wakes(_metadata, server, finish(server));
	EXPECT_EQ(0, at(server, relieve, 0, 0));
}

/* The same in an event loop of the program's own. */
static long loop_wakes(struct side *side, long a, long b)
{
	struct pollfd pollfd = { .events = POLLIN };
	int64_t end = now() + IDLE, left;
	long wakes = 0;

	pollfd.fd = sluice_node_fd(side->node);
	if (pollfd.fd < 0 || exhaust(side, 0, 0) < 0)
		return -errno;
	for (; (left = end - now()) > 0; wakes++) {
		if (!sluice_node_prepare(side->node))
			poll(&pollfd, 1, (int)(left / MILLISECOND) + 1);
		while (!sluice_node_wait(side->node, SLUICE_NOWAIT))
			;
	}
	return relieve(side, 0, 0) < 0 ? -errno : wakes;
}

TEST_F(shortage, does_not_keep_an_event_loop_awake)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	begin(server, loop_wakes, 0, 0);
	until_asleep(server);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	expect_few_wakes(_metadata, server, finish(server));
}

TEST_F(shortage, does_not_keep_an_idle_client_awake)
{
	struct end *client = &self->end[0];

	end_start(_metadata, client, IN_PROCESS);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(0, at(client, exhaust, 0, 0));
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	expect_few_wakes(_metadata, client, at(client, client_wakes, 0, 0));
	EXPECT_EQ(0, at(client, relieve, 0, 0));
	EXPECT_EQ(1, at(client, wait_servers, 1, LONG));
}

/* Clients that were not accepted are told that the server leaves, not that it has died. */
TEST_F(shortage, of_a_server_that_leaves)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(0, at(server, exhaust, 0, 0));
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(client, ask, 0, 2));
	EXPECT_EQ(-ETIMEDOUT, at(server, take, 0, 100 * MILLISECOND));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG)) TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(server, relieve, 0, 0));
}

/* A server that cannot list those who are to be told of it tells them later. */
TEST_F(shortage, of_a_server_that_comes)
{
	struct end *server = &self->end[0];
	long spare, result = -EMFILE;

	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 0);
	start_service(_metadata, server, IN_PROCESS, &calls, NULL);
	for (spare = 0; spare < 16 && result < 0; spare++) {
		ASSERT_EQ(0, at(server, exhaust, spare, 0));
		result = at(server, open_server, 0, 0);
		if (result < 0)
			EXPECT_EQ(-EMFILE, result) TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(server, relieve, 0, 0));
	}
	ASSERT_EQ(0, result) TH_LOG("%s", server->result.sentence);
	TH_LOG("a server needs %ld descriptors", spare - 1);
	begin(server, serve_short, 16, 0);
	EXPECT_EQ(0, at(&self->end[1], be_served, 5, 0)) TH_LOG("%s", self->end[1].result.sentence);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	stop_serving(_metadata, &self->side, server);
}

/* ---- A client ------------------------------------------------------------ */

/* Whatever the client lacks when it hears of a server, it tries again. */
TEST_F(shortage, of_a_client_that_passes)
{
	struct end *client = &self->end[0];
	long spare, result;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	end_start(_metadata, client, IN_PROCESS);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	for (spare = 0; spare < 6; spare++) {
		ASSERT_EQ(0, at(client, exhaust, spare, 0));
		ASSERT_EQ(0, open_server(&self->side, 0, 0));
		result = at(client, wait_servers, 1, 200 * MILLISECOND);
		if (result < 0) {
			EXPECT_EQ(-ETIMEDOUT, result);
			EXPECT_NE(NULL, strstr(client->result.sentence, "RLIMIT_NOFILE"))
				TH_LOG("%s", client->result.sentence);
			EXPECT_EQ(0, at(client, ask, 0, 1)) TH_LOG("%s", client->result.sentence);
			EXPECT_EQ(-ENOTCONN, at(client, hear, 0, 0));
			EXPECT_NE(NULL, strstr(client->result.sentence, "RLIMIT_NOFILE"))
				TH_LOG("%s", client->result.sentence);
			EXPECT_EQ(0, at(client, cancel, 0, 0));
		}
		ASSERT_EQ(0, at(client, relieve, 0, 0));
		EXPECT_EQ(1, at(client, wait_servers, 1, LONG))
			TH_LOG("spare %ld: %s", spare, client->result.sentence);
		close_server(&self->side, 0, 0);
	}
}

TEST_HARNESS_MAIN
