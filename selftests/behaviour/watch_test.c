// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_watch.h: a watch tells once of everything that comes and goes in the registry, in
 * whatever way its program waits.  hostile_watch_test.c has users who disturb it.
 */
#include "steps.h"
#include "watched.h"

#include <sys/wait.h>

PROCESSES_FIXTURE(watch);

static const struct sluice_contract others = CALLS("test/others");

/* ---- What it tells ---- */

static void come_and_go(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self,
			enum watched_way way)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	struct watched known;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, way, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told));
	EXPECT_EQ(1, known.services);
	EXPECT_EQ(1, known.is_there);
	EXPECT_EQ(3, known.told);
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	EXPECT_EQ(1, known.came);
	ASSERT_EQ(0, at(client, close_client, 0, 0));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	end_stop(server);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	end_stop(client);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services));
	EXPECT_EQ(0, known.ports);
	EXPECT_EQ(3, known.went);
	EXPECT_EQ(0, known.died);
	EXPECT_EQ(0, known.left_out);
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	EXPECT_EQ(1, known.services);
	end_stop(server);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services));
	EXPECT_EQ(0, watched_for(_metadata, &known, SECOND / 10));
	watched_close(&known);
}

TEST_F(watch, in_its_own_call)
{
	come_and_go(_metadata, self, BY_NEXT);
}

TEST_F(watch, in_a_wait_of_the_node)
{
	come_and_go(_metadata, self, BY_NODE);
}

TEST_F(watch, in_a_loop_of_the_program)
{
	come_and_go(_metadata, self, BY_POLL);
}

static const struct sluice_server_opts named = SLUICE_SERVER_OPTS(.port = { .name = "adder" });

static long tell_pid(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return getpid();
}

TEST_F(watch, says_who)
{
	struct end *end = &self->end[0];
	struct sluice_watch_event event;
	struct watched known;

	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told));
	start_server(_metadata, end, IN_PROCESS, &calls, NULL, &named);
	ASSERT_EQ(1, watched_next(_metadata, &known, &event, LONG));
	EXPECT_EQ(SLUICE_WATCH_SERVICE, event.kind);
	EXPECT_EQ(SLUICE_WATCH_CAME, event.change);
	EXPECT_STREQ("test/calls", event.service);
	ASSERT_EQ(1, watched_next(_metadata, &known, &event, LONG));
	EXPECT_EQ(SLUICE_WATCH_SERVER, event.kind);
	EXPECT_EQ(SLUICE_WATCH_CAME, event.change);
	EXPECT_STREQ("test/calls", event.service);
	EXPECT_STREQ("adder", event.name);
	EXPECT_STREQ("server.0", event.entry);
	EXPECT_NE(0, event.id);
	EXPECT_NE(0, event.node);
	EXPECT_EQ(at(end, tell_pid, 0, 0), event.pid);
	watched_close(&known);
}

/* The watch's own thread may have ports; a watch of one service tells of no other. */
TEST_F(watch, one_service)
{
	struct end *end = &self->end[0];
	struct watched known, second;

	watched_open(_metadata, &known, BY_NEXT, others.name);
	watched_open(_metadata, &second, BY_NODE, NULL);
	start_server(_metadata, end, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&second, second.ports == 1));
	self->side.node = sluice_node_create("ports", NULL);
	ASSERT_EQ(0, join_server(&self->side, PTR(&others), 0));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	ASSERT_TRUE(WATCHED_UNTIL(&second, second.ports == 2));
	EXPECT_EQ(1, known.services);
	EXPECT_EQ(2, second.services);
	leave(&self->side, 0, 0);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services));
	ASSERT_TRUE(WATCHED_UNTIL(&second, second.services == 1));
	watched_close(&second);
	watched_close(&known);
}

/* Ports and watch of one node: each finds its own. */
TEST_F(watch, beside_ports)
{
	struct sluice_event event = SLUICE_EVENT();
	struct side *side = &self->side;
	bool registry = false, request = false;
	struct watched known = { .way = BY_NEXT };

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	known.node = side->node;
	known.watch = sluice_watch_open(side->node, NULL);
	ASSERT_NE(NULL, known.watch);
	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(&self->end[1], ask, 0, 20));
	ASSERT_TRUE(EVENTUALLY(({
		while (!sluice_node_wait(side->node, MILLISECOND) &&
		       !(registry && request) && sluice_node_next(side->node, &event) > 0) {
			registry |= event.kind == SLUICE_EVENT_REGISTRY;
			request |= event.kind == SLUICE_EVENT_REQUEST;
			EXPECT_EQ(event.kind == SLUICE_EVENT_REGISTRY, event.watch != NULL);
			EXPECT_EQ(event.kind == SLUICE_EVENT_REQUEST, event.server != NULL);
			if (registry)
				(void)!watched_for(_metadata, &known, MILLISECOND);
		}
		registry && request;
	})));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	EXPECT_EQ(20, take(side, 0, LONG));
	EXPECT_EQ(0, answer(side, 0, 21));
	sluice_watch_close(known.watch);
}

/* ---- Deaths ---- */

static void expect_death(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self,
			 enum watched_way way)
{
	struct end *server = &self->end[0];
	struct watched known, later;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, way, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told && known.ports == 1));
	end_kill_and_reap(server);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.ports));
	EXPECT_EQ(1, known.died);
	EXPECT_EQ(1, known.services);

	/* A later watch never hears of it.  Somebody who opens the service removes the entry. */
	watched_open(_metadata, &later, way, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&later, later.all_told));
	EXPECT_EQ(0, later.is_there);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	leave(&self->side, 0, 0);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services));
	EXPECT_EQ(1, known.died);
	EXPECT_EQ(1, known.went);
	watched_close(&later);
	watched_close(&known);
}

TEST_F(watch, tells_of_a_death)
{
	expect_death(_metadata, self, BY_NEXT);
}

TEST_F(watch, tells_a_loop_of_a_death)
{
	expect_death(_metadata, self, BY_POLL);
}

/* A process that has not ended its life while its ports are gone is no death. */
TEST_F(watch, a_server_that_leaves_has_not_died)
{
	struct end *server = &self->end[0];
	struct watched known;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.ports));
	EXPECT_EQ(1, known.went);
	watched_close(&known);
}

/* ---- Directories that are removed and come back ---- */

TEST_F_TIMEOUT(watch, directories_come_back, 120)
{
	struct end *server = &self->end[0];
	int64_t end = now() + RENEWAL_LONG;
	char path[128];
	struct watched known;
	uint64_t id;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	id = known.port[0];
	begin(server, keep_serving, 1, 0);
	ASSERT_EQ(0, system("rm -rf $SLUICE_ROOT/default"));
	snprintf(path, sizeof(path), "%s/default/services", self->root.path);
	while ((!known.ports || access(path, F_OK)) && now() < end)
		(void)!watched_for(_metadata, &known, SECOND / 10);
	/* If it was back before the watch looked, nothing was told. */
	EXPECT_EQ(known.came, known.went);
	ASSERT_EQ(1, known.ports);
	EXPECT_EQ(id, known.port[0]);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	ASSERT_EQ(1, ask(&self->side, 0, 20));
	ASSERT_EQ(21, hear(&self->side, 0, LONG));
	ASSERT_EQ(1, finish(server));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	watched_close(&known);
}

/* ---- Many changes ---- */

/* walk(seed): makes and destroys ports of two services, and ends without any. */
static long walk(struct side *side, long seed, long turns)
{
	unsigned int state = (unsigned int)seed;
	struct sluice_node *node = sluice_node_create("walker", NULL);
	struct sluice_service *service[2] = { NULL };
	struct sluice_client *client[2] = { NULL };
	struct sluice_server *server[2] = { NULL };
	int i, which;

	(void)side;
	for (i = 0; i < turns; i++) {
		which = rand_r(&state) % 2;
		if (!service[which])
			service[which] = sluice_service_open(node, which ? &others : &calls, NULL);
		if (rand_r(&state) % 2 && !client[which])
			client[which] = sluice_client_create(service[which], NULL);
		else if (rand_r(&state) % 2 && !server[which])
			server[which] = sluice_server_create(service[which], NULL);
		if (rand_r(&state) % 3)
			continue;
		sluice_client_destroy(client[which]);
		sluice_server_destroy(server[which]);
		sluice_service_close(service[which]);
		client[which] = NULL;
		server[which] = NULL;
		service[which] = NULL;
	}
	for (i = 0; i < 2; i++) {
		sluice_client_destroy(client[i]);
		sluice_server_destroy(server[i]);
		sluice_service_close(service[i]);
	}
	sluice_node_destroy(node);
	return 0;
}

TEST_F_TIMEOUT(watch, a_walk, 120)
{
	struct watched known;
	int i, rounds = in_full() ? 3 : 1;
	long seed = 0;

	watched_open(_metadata, &known, BY_NEXT, NULL);
	for (i = 0; i < 3; i++)
		end_start(_metadata, &self->end[i], IN_PROCESS);
	while (rounds--) {
		for (i = 0; i < 3; i++)
			begin(&self->end[i], walk, ++seed, 60);
		(void)!watched_for(_metadata, &known, SECOND / 20);
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, finish(&self->end[i]));
		/* Each event that comes and goes is checked; in the end nothing is there. */
		ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services && !known.ports));
		EXPECT_EQ(0, watched_for(_metadata, &known, SECOND / 20));
	}
	EXPECT_EQ(known.is_there + known.came, known.went + known.died);
	watched_close(&known);
}

/* ---- Misuse ---- */

TEST_F(watch, misuse)
{
	struct sluice_watch_event event = SLUICE_WATCH_EVENT();
	struct sluice_watch_opts opts = SLUICE_WATCH_OPTS();
	struct sluice_node *node = sluice_node_create("misused", NULL);
	struct sluice_watch *watch;
	char name[300];

	memset(name, 'x', sizeof(name));
	name[256] = 0;
	opts.service = name;
	EXPECT_FAILS(EINVAL, sluice_watch_open(node, &opts));
	EXPECT_SAYS("256");
	EXPECT_FAILS_INT(EINVAL, sluice_watch_next(NULL, &event, SLUICE_FOREVER));
	opts.service = "";
	EXPECT_FAILS(EINVAL, sluice_watch_open(node, &opts));
	opts.service = name + 1;
	opts.size = 1;
	EXPECT_FAILS(EINVAL, sluice_watch_open(node, &opts));
	opts.size = sizeof(opts);
	watch = sluice_watch_open(node, &opts);
	ASSERT_NE(NULL, watch);
	EXPECT_FAILS_INT(EINVAL, sluice_watch_next(watch, NULL, SLUICE_NOWAIT));
	event.size = 3;
	EXPECT_FAILS_INT(EINVAL, sluice_watch_next(watch, &event, SLUICE_NOWAIT));
	event.size = sizeof(event);
	ASSERT_EQ(1, sluice_watch_next(watch, &event, LONG));
	EXPECT_EQ(SLUICE_WATCH_ALL_TOLD, event.kind);
	EXPECT_STREQ("", event.service);
	EXPECT_FAILS_INT(EAGAIN, sluice_watch_next(watch, &event, SLUICE_NOWAIT));
	EXPECT_TIMES_OUT(SECOND / 10, sluice_watch_next(watch, &event, SECOND / 10));
	EXPECT_EQ(0, sluice_node_interrupt(node));
	EXPECT_FAILS_INT(EINTR, sluice_watch_next(watch, &event, LONG));
	sluice_node_destroy(node);
	EXPECT_FAILS_INT(EAGAIN, sluice_watch_next(watch, &event, SLUICE_NOWAIT));
	sluice_watch_close(watch);
	sluice_watch_close(NULL);
}

static void *use_elsewhere(void *watch)
{
	struct sluice_watch_event event = SLUICE_WATCH_EVENT();

	return (void *)(intptr_t)sluice_watch_next(watch, &event, SLUICE_NOWAIT);
}

static void *adopt_and_use(void *context)
{
	struct watched *known = context;

	if (sluice_node_adopt(known->node) < 0)
		return (void *)(intptr_t)-1;
	return use_elsewhere(known->watch);
}

TEST_F(watch, threads_and_children)
{
	struct watched known;
	pthread_t thread;
	void *result;
	pid_t child;
	int status;

	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told));
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_elsewhere, known.watch));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-EBUSY, (intptr_t)result);
	ASSERT_EQ(0, pthread_create(&thread, NULL, adopt_and_use, &known));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-EAGAIN, (intptr_t)result);
	child = fork();
	if (!child) {
		sluice_watch_close(known.watch);
		_exit((intptr_t)use_elsewhere(known.watch) == -ECHILD ? 0 : 1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, sluice_node_adopt(known.node));
	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	watched_close(&known);
}

TEST_HARNESS_MAIN
