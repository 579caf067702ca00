// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking what a wait has found: sluice_node_next() names the right one of several
 * ports, fills in as much of an event as the caller knows, and goes on when ports are
 * destroyed in the middle.  It tells what can be received, and nothing else.
 */
#include "events.h"

ENDS_FIXTURE(node_next);

/* ---- Several ports of one node --------------------------------------------- */

enum { LEFT, RIGHT };

/* A node with a server and a client of each of these. */
static const struct sluice_contract asked[] = {
	[LEFT] = CALLS("test/asked left"),
	[RIGHT] = CALLS("test/asked right"),
};

static const struct sluice_contract asking[] = {
	[LEFT] = CALLS("test/asking left"),
	[RIGHT] = CALLS("test/asking right"),
};

/* Seats that share the node of the first, and are left before it. */
struct crossroads {
	struct sluice_node *node;
	struct side server[2], client[2];
	struct end *asker[2], *answerer[2];
};

static void share_node(struct __test_metadata *_metadata, struct side *side,
		       struct sluice_node *node, const struct sluice_contract *contract)
{
	side->node = node;
	ASSERT_EQ(0, open_service(side, PTR(contract), 0));
	side->node = NULL;
}

static void cross(struct __test_metadata *_metadata, struct crossroads *its,
		  struct side *side, struct end *ends, enum place place)
{
	struct sluice_event event = SLUICE_EVENT();
	long i;

	memset(its, 0, sizeof(*its));
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	its->node = side->node;
	for (i = LEFT; i <= RIGHT; i++) {
		its->answerer[i] = &ends[i];
		its->asker[i] = &ends[2 + i];
		start_server(_metadata, its->answerer[i], place, &asking[i], NULL,
			     NULL);
		share_node(_metadata, &its->client[i], its->node, &asking[i]);
		ASSERT_EQ(0, open_client(&its->client[i], 0, 0));
		share_node(_metadata, &its->server[i], its->node, &asked[i]);
		ASSERT_EQ(0, open_server(&its->server[i], 0, 0));
		start_client(_metadata, its->asker[i], place, &asked[i], 1);
		ASSERT_EQ(1, wait_servers(&its->client[i], 1, LONG));
	}
	/* Both clients have theirs already, both servers theirs when they look. */
	for (i = 0; i < 4; i++) {
		while (sluice_node_next(its->node, &event) == 0) {
			ASSERT_EQ(0, sluice_node_wait(its->node, LONG));
		}
		ASSERT_EQ(SLUICE_EVENT_CONNECTED, event.kind);
		ASSERT_EQ(1, event.peers);
	}
	ASSERT_EQ(-EAGAIN, sluice_node_wait(its->node, SLUICE_NOWAIT));
}

static void uncross(struct crossroads *its)
{
	long i;

	for (i = LEFT; i <= RIGHT; i++) {
		leave(&its->server[i], 0, 0);
		leave(&its->client[i], 0, 0);
	}
}

/* For found(): the digit of a port. */
#define SERVER(side)	((side) == LEFT ? 1 : 10)
#define CLIENT(side)	((side) == LEFT ? 100 : 1000)

/* A digit for each of the four ports, with the sum of the kinds of its events. */
static long found(struct crossroads *its)
{
	struct sluice_event event = SLUICE_EVENT();
	long all = 0, i;

	while (sluice_node_next(its->node, &event) > 0) {
		for (i = LEFT; i <= RIGHT; i++) {
			if (event.server && event.server == its->server[i].server)
				all += SERVER(i) * event.kind;
			if (event.client && event.client == its->client[i].client &&
			    (event.kind != SLUICE_EVENT_RESPONSE ||
			     event.pending == its->client[i].pending[i]))
				all += CLIENT(i) * event.kind;
		}
	}
	return all;
}

/* A wait, and all that it has found. */
#define EXPECT_FOUND(its, want)						\
	EXPECT_EQ(0, sluice_node_wait((its)->node, LONG))		\
		TH_LOG("%s", sluice_strerror());			\
	EXPECT_EQ(want, found(its))

TEST_F(node_next, names_the_right_one)
{
	static struct crossroads roads;
	struct crossroads *its = &roads;
	long i;

	cross(_metadata, its, &self->side, self->end, variant->place);
	for (i = LEFT; i <= RIGHT; i++) {
		ASSERT_EQ(1, at(its->asker[i], ask, 0, i));
		EXPECT_FOUND(its, SERVER(i) * SLUICE_EVENT_REQUEST);
		EXPECT_EQ(i, take(&its->server[i], 0, SLUICE_NOWAIT));

		ASSERT_EQ(1, ask(&its->client[i], i, 1));
		ASSERT_EQ(1, at(its->answerer[i], take, 0, LONG));
		EXPECT_EQ(-EAGAIN, sluice_node_wait(its->node, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(its->answerer[i], answer, 0, i));
		EXPECT_FOUND(its, CLIENT(i) * SLUICE_EVENT_RESPONSE);
		EXPECT_EQ(i, hear(&its->client[i], i, SLUICE_NOWAIT));
	}
	/* All at once. */
	for (i = LEFT; i <= RIGHT; i++) {
		ASSERT_EQ(1, at(its->asker[i], ask, 1, i));
		ASSERT_EQ(0, at(its->answerer[i], answer, 0, i));
	}
	EXPECT_FOUND(its, (SERVER(LEFT) + SERVER(RIGHT)) * SLUICE_EVENT_REQUEST +
			  (CLIENT(LEFT) + CLIENT(RIGHT)) * SLUICE_EVENT_RESPONSE);
	for (i = LEFT; i <= RIGHT; i++) {
		EXPECT_EQ(i, take(&its->server[i], 1, SLUICE_NOWAIT));
		EXPECT_EQ(i, hear(&its->client[i], i, SLUICE_NOWAIT));
	}
	/* And those who go. */
	ASSERT_EQ(0, at(its->asker[RIGHT], close_client, 0, 0));
	ASSERT_EQ(0, at(its->asker[RIGHT], cancel, 0, 0));
	ASSERT_EQ(0, at(its->asker[RIGHT], cancel, 1, 0));
	EXPECT_FOUND(its, SERVER(RIGHT) * SLUICE_EVENT_DISCONNECTED);
	ASSERT_EQ(0, at(its->answerer[LEFT], done, 0, 0));
	ASSERT_EQ(0, cancel(&its->client[LEFT], LEFT, 0));
	ASSERT_EQ(0, at(its->answerer[LEFT], close_server, 0, 0));
	EXPECT_FOUND(its, CLIENT(LEFT) * SLUICE_EVENT_DISCONNECTED);
	uncross(its);
}

/* A sleep for one port loses nothing that comes for another one meanwhile. */
TEST_F(node_next, sleep_for_another)
{
	static struct crossroads roads;
	struct crossroads *its = &roads;
	long i;

	cross(_metadata, its, &self->side, self->end, variant->place);
	ASSERT_EQ(1, ask(&its->client[LEFT], LEFT, 1));
	ASSERT_EQ(1, ask(&its->client[RIGHT], RIGHT, 1));
	ASSERT_EQ(1, at(its->answerer[LEFT], take, 0, LONG));
	ASSERT_EQ(1, at(its->answerer[RIGHT], take, 0, LONG));
	for (i = 0; i < 10; i++) {
		begin(its->asker[RIGHT], ask_soon, 0, i);
		EXPECT_EQ(-ETIMEDOUT, take(&its->server[LEFT], 0, 10 * MILLISECOND));
		ASSERT_EQ(1, finish(its->asker[RIGHT]));
		EXPECT_FOUND(its, SERVER(RIGHT) * SLUICE_EVENT_REQUEST);
		EXPECT_EQ(i, take(&its->server[RIGHT], 0, SLUICE_NOWAIT));
		EXPECT_EQ(0, done(&its->server[RIGHT], 0, 0));
		ASSERT_EQ(0, at(its->asker[RIGHT], cancel, 0, 0));

		begin(its->answerer[RIGHT], answer_soon, 0, i);
		EXPECT_EQ(-ETIMEDOUT, hear(&its->client[LEFT], LEFT, 10 * MILLISECOND));
		ASSERT_EQ(0, finish(its->answerer[RIGHT]));
		EXPECT_FOUND(its, CLIENT(RIGHT) * SLUICE_EVENT_RESPONSE);
		EXPECT_EQ(i, hear(&its->client[RIGHT], RIGHT, SLUICE_NOWAIT));

		/* Messages go from one role to the other. */
		begin(its->asker[LEFT], ask_soon, 0, i);
		EXPECT_EQ(-ETIMEDOUT, hear(&its->client[LEFT], LEFT, 10 * MILLISECOND));
		ASSERT_EQ(1, finish(its->asker[LEFT]));
		EXPECT_FOUND(its, SERVER(LEFT) * SLUICE_EVENT_REQUEST);
		EXPECT_EQ(i, take(&its->server[LEFT], 0, SLUICE_NOWAIT));
		EXPECT_EQ(0, done(&its->server[LEFT], 0, 0));
		ASSERT_EQ(0, at(its->asker[LEFT], cancel, 0, 0));
	}
	uncross(its);
}

/* ---- Ports that go between two questions ----------------------------------- */

/* Two more servers of the test's service, and a request for all three of them. */
static void ask_three(struct __test_metadata *_metadata, struct side *side,
		      struct end *client, enum place place,
		      struct sluice_server **servers)
{
	struct side another = { .service = side->service };
	long i;

	servers[0] = side->server;
	for (i = 1; i < 3; i++) {
		ASSERT_EQ(0, open_server(&another, 0, 0));
		servers[i] = another.server;
	}
	side->server = NULL;
	ASSERT_EQ(3, at(client, wait_servers, 3, LONG));
	ASSERT_EQ(3, at(client, ask, 0, 1));
	/* All have come and are told of; their requests are told once more. */
	ASSERT_EQ(0, sluice_node_wait(side->node, LONG));
	ASSERT_EQ(0, sluice_node_wait(side->node, LONG));
}

/* Which of the three is told of next; 3 if none is. */
static int next_of(struct sluice_node *node, struct sluice_server **servers)
{
	struct sluice_event event = SLUICE_EVENT();
	int i;

	if (sluice_node_next(node, &event) <= 0)
		return 3;
	for (i = 0; i < 3; i++)
		if (servers[i] && event.server == servers[i] &&
		    event.kind == SLUICE_EVENT_REQUEST)
			return i;
	return -EBADMSG;
}

static void destroy(struct sluice_server **servers, int i)
{
	sluice_server_destroy(servers[i]);
	servers[i] = NULL;
}

/* The one that was told of goes, and one that was not: the third one is left. */
TEST_F(node_next, servers_destroyed_meanwhile)
{
	struct end *client = &self->end[0];
	struct sluice_server *servers[3];
	struct side *side = &self->side;
	int round, told_of, other;

	for (round = 1; round < 3; round++) {
		open_server_side(_metadata, side, NULL, client, variant->place);
		ask_three(_metadata, side, client, variant->place, servers);
		told_of = next_of(side->node, servers);
		ASSERT_LE(0, told_of);
		ASSERT_GT(3, told_of);
		other = (told_of + round) % 3;
		destroy(servers, told_of);
		destroy(servers, other);
		EXPECT_EQ(3 - told_of - other, next_of(side->node, servers));
		EXPECT_EQ(3, next_of(side->node, servers));

		/* The last one, after the next wait has found it. */
		EXPECT_EQ(0, wait_node(side, LONG, 0));
		destroy(servers, 3 - told_of - other);
		EXPECT_EQ(3, next_of(side->node, servers));
		end_stop(client);
		leave(side, 0, 0);
	}
}

TEST_F(node_next, clients_destroyed_meanwhile)
{
	struct end *server = &self->end[0];
	struct sluice_event event = SLUICE_EVENT();
	struct side *side = &self->side, another;
	long i;

	start_pair(_metadata, server, variant->place, side, &calls);
	another = (struct side){ .service = side->service };
	ASSERT_EQ(0, open_client(&another, 0, 0));
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(1, ask(&another, 0, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, at(server, take, i, LONG));
		ASSERT_EQ(0, at(server, answer, i, 2));
	}
	ASSERT_EQ(0, wait_node(side, LONG, 0));
	ASSERT_EQ(0, wait_node(side, LONG, 0));

	/* The younger one goes; its pending response is still good for its answer. */
	EXPECT_EQ(0, close_client(&another, 0, 0));
	EXPECT_EQ(0, wait_node(side, LONG, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, sluice_node_next(side->node, &event));
		EXPECT_EQ(SLUICE_EVENT_RESPONSE, event.kind);
		EXPECT_EQ(event.pending == side->pending[0] ? side->client : NULL,
			  event.client);
		if (event.pending != side->pending[0]) {
			EXPECT_EQ(another.pending[0], event.pending);
		}
	}
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_EQ(0, wait_node(side, LONG, 0));
	EXPECT_EQ(2, hear(&another, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, cancel(&another, 0, 0));
	EXPECT_EQ(RESPONSE(0), told(side, 0, 0));

	/* And with what was about to be told of. */
	EXPECT_EQ(0, wait_node(side, LONG, 0));
	EXPECT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(0, close_client(side, 0, 0));
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
}

/* ---- Nothing that is not there --------------------------------------------- */

/* One of two servers has finished, which is not the end of the stream. */
TEST_F(node_next, half_an_end_is_none)
{
	struct end *first = &self->end[0], *second = &self->end[1];
	struct side *side = &self->side;

	start_two_servers(_metadata, first, second, variant->place, side, &calls, NULL);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 2));
	ASSERT_EQ(2, ask(side, 0, 1));
	ASSERT_EQ(1, at(first, take, 0, LONG));
	ASSERT_EQ(1, at(second, take, 0, LONG));
	ASSERT_EQ(0, at(first, done, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, find_out(side, 10 * MILLISECOND, 0));
	EXPECT_EQ(-EAGAIN, hear(side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(second, done, 0, 0));
	EXPECT_EQ(RESPONSE(0), find_out(side, LONG, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
}

/* A request that has come too late is not told of; the wait is rid of it. */
TEST_F(node_next, late_request_goes_with_a_wait)
{
	struct side *side = &self->side;
	int64_t deadline;
	long result;

	open_server_side(_metadata, side, NULL, &self->end[0], variant->place);
	do {
		deadline = sluice_deadline(10 * MILLISECOND);
		result = at(&self->end[0], ask_until, 0, deadline);
	} while (result == -ETIMEDOUT);
	ASSERT_EQ(1, result);
	while (now() <= deadline)
		pause_briefly();
	EXPECT_EQ(-ETIMEDOUT, find_out(side, 10 * MILLISECOND, 0));
	EXPECT_EQ(1, sluice_server_expired(side->server));
	EXPECT_EQ(-ETIMEDOUT, at(&self->end[0], hear, 0, LONG));
	EXPECT_EQ(-EAGAIN, take(side, 0, SLUICE_NOWAIT));
}

TEST_HARNESS_MAIN
