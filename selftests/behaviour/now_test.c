// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is asked is answered as it is now: a peer came, left, died, sent or gave up, this
 * thread was told so by other means, and the next call knows it, a thousand times in a row.
 */
#include "steps.h"

ENDS_FIXTURE(now);

#define ROUNDS	1000
#define DEATHS	100

/*
 * A process that comes and goes without an end is made to wait.  So the node that it comes to
 * is a new one after so many rounds, and knows nothing of the earlier ones.
 */
#define ROUNDS_KNOWN	4

/* For each kind of question, how often the answer was old. */
#define COUNT_OLD(what, wanted, call)					\
	do {								\
		long now_ = (call);					\
									\
		if (now_ != (wanted) && !old_##what++)			\
			TH_LOG(#what ": %ld instead of %ld",		\
			       now_, (long)(wanted));			\
	} while (0)

#define EXPECT_NONE_OLD(what)						\
	EXPECT_EQ(0, old_##what)						\
		TH_LOG(#what ": %d old answers", old_##what)

static long receive_now(struct side *side)
{
	struct sluice_active_request *active;

	active = sluice_server_receive(side->server, SLUICE_NOWAIT);
	if (!active)
		return -errno;
	side->active[0] = active;
	return 1;
}

/* Waits for a server; that it came is not news any more. */
static long meet(struct side *side)
{
	struct sluice_event event = { .size = sizeof(event) };
	long servers = wait_servers(side, 1, LONG);

	while (!sluice_node_wait(side->node, SLUICE_NOWAIT))
		while (sluice_node_next(side->node, &event) > 0)
			;
	return servers;
}

/* How many servers a request reaches that is sent now; it is cancelled at once. */
static long reached(struct side *side)
{
	long servers = ask(side, 0, 1);

	return servers < 0 ? servers : (cancel(side, 0, 0), servers);
}

/* arm_server(): it waits in vain, so that its clients have to ring. */
static long arm_server(struct side *side)
{
	return sluice_server_receive(side->server, 1) ? -EBADMSG : -errno;
}

static long renew_client(struct side *side, int round)
{
	if (round % ROUNDS_KNOWN)
		return 0;
	if (round)
		leave(side, 0, 0);
	return join_client(side, PTR(&calls), 0);
}

static long renew_server(struct side *side, int round)
{
	if (round % ROUNDS_KNOWN || !round)
		return 0;
	leave(side, 0, 0);
	return join_server(side, PTR(&calls), 0);
}

/* ---- Servers that come, and go ----------------------------------------------- */

TEST_F_TIMEOUT(now, servers_that_come_and_leave, 290)
{
	int i, old_came = 0, old_reached = 0, old_left = 0, old_count = 0, old_sent = 0;
	struct end *server = &self->end[0];

	start_service(_metadata, server, variant->place, &calls, NULL);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, renew_client(&self->side, i));
		ASSERT_EQ(0, at(server, open_server, 0, 0));
		COUNT_OLD(came, 1, wait_servers(&self->side, 1, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		COUNT_OLD(left, -EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));

		ASSERT_EQ(0, at(server, open_server, 0, 0));
		COUNT_OLD(reached, 1, reached(&self->side));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		COUNT_OLD(sent, 0, reached(&self->side));

		ASSERT_EQ(0, at(server, open_server, 0, 0));
		COUNT_OLD(came, 1, wait_servers(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		COUNT_OLD(count, 0, wait_servers(&self->side, 0, SLUICE_NOWAIT));
	}
	EXPECT_NONE_OLD(came);
	EXPECT_NONE_OLD(left);
	EXPECT_NONE_OLD(reached);
	EXPECT_NONE_OLD(sent);
	EXPECT_NONE_OLD(count);
}

/* One is there, and another one comes and goes: a send reaches both, or the one. */
TEST_F_TIMEOUT(now, a_second_server, 290)
{
	int i, old_both = 0, old_one = 0;
	struct end *server = &self->end[1];

	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	start_service(_metadata, server, variant->place, &calls, NULL);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, renew_client(&self->side, i));
		ASSERT_EQ(0, at(server, open_server, 0, 0));
		COUNT_OLD(both, 2, reached(&self->side));
		ASSERT_EQ(0, at(server, close_server, 0, 0));
		COUNT_OLD(one, 1, reached(&self->side));
	}
	EXPECT_NONE_OLD(both);
	EXPECT_NONE_OLD(one);
}

/* ---- Responses ----------------------------------------------------------------- */

TEST_F_TIMEOUT(now, responses, 290)
{
	int i, old_none = 0, old_has = 0, old_node = 0, old_got = 0, old_open = 0;
	int old_closed = 0, old_end = 0, old_left = 0;
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASSERT_EQ(1, meet(side));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(1, ask(side, 0, i)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(i, at(server, take, 0, LONG));
		COUNT_OLD(none, 0, sluice_pending_response_has_response(side->pending[0]));
		COUNT_OLD(none, -EAGAIN, hear(side, 0, SLUICE_NOWAIT));
		COUNT_OLD(none, -EAGAIN, sluice_node_wait(side->node, SLUICE_NOWAIT));
		COUNT_OLD(open, 1, sluice_pending_response_is_connected(side->pending[0]));
		ASSERT_EQ(0, at(server, answer, 0, i));
		COUNT_OLD(has, 1, sluice_pending_response_has_response(side->pending[0]));
		COUNT_OLD(node, 0, sluice_node_wait(side->node, SLUICE_NOWAIT));
		COUNT_OLD(got, i, hear(side, 0, SLUICE_NOWAIT));
		if (i % 2) {
			ASSERT_EQ(0, at(server, done, 0, 0));
			COUNT_OLD(closed, 0,
				  sluice_pending_response_is_connected(side->pending[0]));
			COUNT_OLD(end, -EPIPE, hear(side, 0, SLUICE_NOWAIT));
		} else {
			ASSERT_EQ(0, at(server, close_server, 0, 0));
			COUNT_OLD(left, 0,
				  sluice_pending_response_is_connected(side->pending[0]));
			COUNT_OLD(end, -EPIPE, hear(side, 0, SLUICE_NOWAIT));
			ASSERT_EQ(0, at(server, done, 0, 0));
			ASSERT_EQ(0, at(server, open_server, 0, 0));
			ASSERT_EQ(1, meet(side));
		}
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
	EXPECT_NONE_OLD(none);
	EXPECT_NONE_OLD(has);
	EXPECT_NONE_OLD(node);
	EXPECT_NONE_OLD(got);
	EXPECT_NONE_OLD(open);
	EXPECT_NONE_OLD(closed);
	EXPECT_NONE_OLD(left);
	EXPECT_NONE_OLD(end);
}

/* ---- Requests ------------------------------------------------------------------ */

TEST_F_TIMEOUT(now, requests, 290)
{
	int i, old_none = 0, old_has = 0, old_node = 0, old_got = 0, old_wanted = 0;
	int old_left = 0, old_sent = 0;
	struct end *client = &self->end[1];
	struct side *side = &self->side;

	start_without_peers(_metadata, side, open_server, client, variant->place, &calls, NULL);
	for (i = 0; i < ROUNDS; i++) {
		/* A new client, or one that has to ring. */
		if (i % 4 == 0)
			ASSERT_EQ(0, renew_server(side, i / 4));
		if (i % 4 == 0)
			ASSERT_EQ(0, at(client, open_client, 0, 0));
		COUNT_OLD(none, -ETIMEDOUT, arm_server(side));
		COUNT_OLD(none, 0, sluice_server_has_request(side->server));
		COUNT_OLD(none, -EAGAIN, receive_now(side));
		ASSERT_EQ(1, at(client, ask, 0, i));
		if (i % 3 == 0)
			COUNT_OLD(has, 1, sluice_server_has_request(side->server));
		else if (i % 3 == 1)
			COUNT_OLD(node, 0, sluice_node_wait(side->node, SLUICE_NOWAIT));
		COUNT_OLD(got, 1, receive_now(side));
		if (!side->active[0])
			ASSERT_EQ(i, take(side, 0, LONG));
		COUNT_OLD(wanted, 1, sluice_active_request_is_connected(side->active[0]));
		if (i % 4 < 3) {
			ASSERT_EQ(0, answer(side, 0, i));
			ASSERT_EQ(i, at(client, hear, 0, LONG));
			ASSERT_EQ(0, at(client, cancel, 0, 0));
			COUNT_OLD(left, 0, sluice_active_request_is_connected(side->active[0]));
		} else {
			ASSERT_EQ(0, at(client, cancel, 0, 0));
			ASSERT_EQ(0, at(client, close_client, 0, 0));
			COUNT_OLD(left, 0, sluice_active_request_is_connected(side->active[0]));
			COUNT_OLD(sent, -EPIPE, answer(side, 0, i));
		}
		ASSERT_EQ(0, done(side, 0, 0));
		side->active[0] = NULL;
	}
	EXPECT_NONE_OLD(none);
	EXPECT_NONE_OLD(has);
	EXPECT_NONE_OLD(node);
	EXPECT_NONE_OLD(got);
	EXPECT_NONE_OLD(wanted);
	EXPECT_NONE_OLD(left);
	EXPECT_NONE_OLD(sent);
}

/* ---- Death --------------------------------------------------------------------- */

/* A thread cannot be killed; each end is a process here. */
TEST_F_TIMEOUT(now, servers_that_die, 290)
{
	int i, old_count = 0, old_sent = 0, old_open = 0, old_end = 0;
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	if (variant->place != IN_PROCESS)
		return;
	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	for (i = 0; i < DEATHS; i++) {
		start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
		ASSERT_EQ(1, wait_servers(side, 1, LONG));
		ASK_AND_TAKE(side, server, 0, 7);
		COUNT_OLD(open, 1, sluice_pending_response_is_connected(side->pending[0]));
		end_kill_and_reap(server);
		if (i % 4 == 0)
			COUNT_OLD(count, 0, wait_servers(side, 0, SLUICE_NOWAIT));
		else if (i % 4 == 1)
			COUNT_OLD(open, 0,
				  sluice_pending_response_is_connected(side->pending[0]));
		else if (i % 4 == 2)
			COUNT_OLD(sent, 0, (ask(side, 1, 1), cancel(side, 1, 0),
					    wait_servers(side, 0, SLUICE_NOWAIT)));
		COUNT_OLD(end, -ECONNRESET, hear(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
	EXPECT_NONE_OLD(count);
	EXPECT_NONE_OLD(open);
	EXPECT_NONE_OLD(sent);
	EXPECT_NONE_OLD(end);
	leave(side, 0, 0);
	sweep(_metadata);
}

/* ---- Behind many others -------------------------------------------------------- */

#define MANY	150

/*
 * More clients leave than the kernel tells of at a time, and behind them in its queue is
 * one that has sent something: a look finds that, and so does a wait that is over at once.
 */
static long find_behind_many(struct __test_metadata *_metadata, struct side *side,
			     struct side *mine, int64_t timeout)
{
	struct sluice_client *client[MANY];
	long found;
	int i;

	for (i = 0; i < MANY; i++) {
		client[i] = sluice_client_create(mine->service, NULL);
		EXPECT_NE(NULL, client[i]) TH_LOG("%s", sluice_strerror());
		EXPECT_EQ(-ETIMEDOUT, arm_server(side));
	}
	EXPECT_EQ(-ETIMEDOUT, arm_server(side));
	for (i = 1; i < MANY; i++)
		sluice_client_destroy(client[i]);
	mine->client = client[0];
	EXPECT_EQ(1, ask(mine, 0, 5)) TH_LOG("%s", sluice_strerror());
	found = timeout ? take(side, 0, timeout) :
			  sluice_server_has_request(side->server) ? receive_now(side) : -EAGAIN;
	EXPECT_EQ(0, done(side, 0, 0));
	EXPECT_EQ(0, cancel(mine, 0, 0));
	close_client(mine, 0, 0);
	return found;
}

TEST_F_TIMEOUT(now, behind_many_others, 290)
{
	struct side mine = { 0 };
	struct side *side = &self->side;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_service(&mine, PTR(&calls), 0));
	EXPECT_EQ(1, find_behind_many(_metadata, side, &mine, SLUICE_NOWAIT));
	ASSERT_EQ(0, renew_server(side, ROUNDS_KNOWN));
	EXPECT_EQ(5, find_behind_many(_metadata, side, &mine, 1));
	leave(&mine, 0, 0);
}

TEST_HARNESS_MAIN
