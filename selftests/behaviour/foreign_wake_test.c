// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes the descriptor of a node readable, one thing at a time: a message, a
 * peer, an interruption, a deadline; whether it comes before sluice_node_prepare(),
 * between it and the sleep, or during the sleep.  And what does not.
 */
#include "events.h"

ENDS_FIXTURE(foreign_wake);

/*
 * What sluice_node_prepare() tells of, 0, or -errno.  It may say for nothing that
 * there is something, but not for ever: -ELOOP.
 */
static long prepare(struct side *side)
{
	long result;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		result = sluice_node_prepare(side->node);
		if (result <= 0)
			return result;
		result = told(side, 0, 0);
		if (result)
			return result;
	}
	return -ELOOP;
}

/* Whatever there was, the loop may sleep now: 0 or -errno. */
static long prepare_fully(struct side *side)
{
	long result;

	do
		result = prepare(side);
	while (result > 0);
	return result;
}

/*
 * Sleeps, as a loop does that was prepared, until there are events; or the -errno of
 * sluice_node_prepare().  To wake for nothing is allowed now and then.
 */
static long sleep_until_told(struct side *side)
{
	int fd = sluice_node_fd(side->node), tries;
	long result = 0;

	for (tries = 0; tries < 5 && !result; tries++)
		result = is_readable(fd, LONG) ? prepare(side) : -ETIMEDOUT;
	return result;
}

/* The loop falls asleep, after a few times of waking for nothing at most. */
static bool falls_asleep(struct side *side)
{
	int fd = sluice_node_fd(side->node), tries;

	for (tries = 0; tries < 5; tries++)
		if (prepare(side) == 0 && !is_readable(fd, 30 * MILLISECOND))
			return true;
	return false;
}

/* ---- Messages -------------------------------------------------------------- */

TEST_F(foreign_wake, by_a_request)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < 15; i++) {
		ASSERT_EQ(0, prepare_fully(side));
		if (i % 3 == 0) {
			/* During the sleep, most likely. */
			begin(client, ask_soon, 0, i);
			ASSERT_EQ(REQUEST, sleep_until_told(side));
			ASSERT_EQ(1, finish(client));
		} else if (i % 3 == 1) {
			/* Before it. */
			ASSERT_EQ(1, at(client, ask, 0, i));
			ASSERT_EQ(REQUEST, sleep_until_told(side));
		} else {
			/* Before the loop was prepared for it. */
			ASSERT_EQ(1, at(client, ask, 0, i));
			ASSERT_EQ(1, sluice_node_prepare(side->node));
			ASSERT_EQ(REQUEST, told(side, 0, 0));
		}
		ASSERT_EQ(1, sluice_node_prepare(side->node));
		ASSERT_EQ(REQUEST, told(side, 0, 0));
		ASSERT_EQ(i, take(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, done(side, 0, 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
	EXPECT_TRUE(falls_asleep(side));
}

TEST_F(foreign_wake, by_a_response)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASK_AND_TAKE(side, server, 0, 1);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, prepare_fully(side));
		if (i % 2) {
			begin(server, answer_soon, 0, i);
		} else {
			begin(server, answer, 0, i);
		}
		ASSERT_EQ(RESPONSE(0), sleep_until_told(side));
		ASSERT_EQ(0, finish(server));
		ASSERT_EQ(i, hear(side, 0, SLUICE_NOWAIT));
	}
	ASSERT_EQ(0, prepare_fully(side));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(RESPONSE(0), sleep_until_told(side));
	ASSERT_EQ(-EPIPE, hear(side, 0, SLUICE_NOWAIT));
	EXPECT_TRUE(falls_asleep(side));
}

/* The library's own sleeps in between, which take what the descriptor has told of. */
TEST_F(foreign_wake, between_other_sleeps)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, prepare_fully(side));
		begin(client, ask_soon, 0, i);
		ASSERT_EQ(i, take(side, 0, SLUICE_FOREVER));
		ASSERT_EQ(1, finish(client));
		ASSERT_EQ(0, prepare_fully(side));
		begin(client, ask_soon, 1, 100 + i);
		ASSERT_EQ(REQUEST, find_out(side, SLUICE_FOREVER, 0));
		ASSERT_EQ(1, finish(client));
		ASSERT_EQ(100 + i, take(side, 1, SLUICE_NOWAIT));
		ASSERT_EQ(0, prepare_fully(side));
		begin(client, ask_soon, 2, 200 + i);
		ASSERT_EQ(REQUEST, sleep_until_told(side));
		ASSERT_EQ(1, finish(client));
		ASSERT_EQ(200 + i, take(side, 2, SLUICE_NOWAIT));
		ASSERT_EQ(0, done(side, 0, 0) + done(side, 1, 0) + done(side, 2, 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
		ASSERT_EQ(0, at(client, cancel, 1, 0));
		ASSERT_EQ(0, at(client, cancel, 2, 0));
	}
	EXPECT_TRUE(falls_asleep(side));
}

/* ---- Peers ----------------------------------------------------------------- */

/* The side sleeps until a peer opens its port, and until the peer closes it. */
static void expect_woken_by_peer(struct __test_metadata *_metadata, struct side *side,
				 struct end *peer, step *open_port, step *close_port)
{
	ASSERT_EQ(0, prepare_fully(side));
	ASSERT_EQ(0, at(peer, open_port, 0, 0));
	ASSERT_EQ(CAME(1), sleep_until_told(side));
	ASSERT_EQ(0, prepare_fully(side));
	ASSERT_EQ(0, at(peer, close_port, 0, 0));
	ASSERT_EQ(WENT(1), sleep_until_told(side));
}

TEST_F(foreign_wake, by_servers)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_without_peers(_metadata, side, open_client, server, variant->place, &calls, NULL);
	for (i = 0; i < 5; i++) {
		expect_woken_by_peer(_metadata, side, server, open_server, close_server);
	}
	EXPECT_TRUE(falls_asleep(side));
}

TEST_F(foreign_wake, by_clients)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i;

	start_without_peers(_metadata, side, open_server, client, variant->place, &calls, NULL);
	for (i = 0; i < 5; i++) {
		expect_woken_by_peer(_metadata, side, client, open_client, close_client);
	}
	EXPECT_TRUE(falls_asleep(side));
}

/* ---- Interruptions --------------------------------------------------------- */

static void *interrupt_soon(void *node)
{
	pause_for(5 * MILLISECOND);
	return (void *)(long)sluice_node_interrupt(node);
}

TEST_F(foreign_wake, by_an_interruption)
{
	struct side *side = &self->side;
	pthread_t thread;
	void *result;
	int i;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	for (i = 0; i < 3; i++) {
		/* Before the loop is prepared. */
		EXPECT_EQ(0, sluice_node_interrupt(side->node));
		EXPECT_EQ(0, sluice_node_interrupt(side->node));
		ASSERT_EQ(-EINTR, prepare(side));

		/* Between that and the sleep. */
		ASSERT_EQ(0, prepare(side));
		EXPECT_EQ(0, sluice_node_interrupt(side->node));
		ASSERT_EQ(-EINTR, sleep_until_told(side));

		/* During the sleep. */
		ASSERT_EQ(0, prepare(side));
		ASSERT_EQ(0, pthread_create(&thread, NULL, interrupt_soon,
					    side->node));
		ASSERT_EQ(-EINTR, sleep_until_told(side));
		ASSERT_EQ(0, pthread_join(thread, &result));
		ASSERT_EQ(NULL, result);
		ASSERT_TRUE(falls_asleep(side));
	}
}

/* The node tells of messages first, and then of the interruption. */
TEST_F(foreign_wake, by_an_interruption_and_a_request)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, prepare(side));
		EXPECT_EQ(0, sluice_node_interrupt(side->node));
		ASSERT_EQ(1, at(client, ask, 0, i));
		ASSERT_EQ(REQUEST, sleep_until_told(side));
		ASSERT_EQ(i, take(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(-EINTR, prepare(side));
		ASSERT_TRUE(falls_asleep(side));
		ASSERT_EQ(0, done(side, 0, 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
}

/* ---- Deadlines ------------------------------------------------------------- */

TEST_F(foreign_wake, by_a_deadline)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;
	long result;

	start_pair(_metadata, server, variant->place, side, &calls);
	ASSERT_EQ(0, prepare_fully(side));
	ask_and_hold(_metadata, side, server, 1, LONG / 2);
	deadline = ask_and_hold(_metadata, side, server, 2, 50 * MILLISECOND);
	result = prepare(side);
	if (!result)
		result = sleep_until_told(side);
	EXPECT_EQ(RESPONSE(2), result);
	EXPECT_LE(deadline, now());
	EXPECT_EQ(1, sluice_node_prepare(side->node));
	EXPECT_EQ(-ETIMEDOUT, hear(side, 2, SLUICE_NOWAIT));
	EXPECT_TRUE(falls_asleep(side));

	/* The node does not tell of a pending response that was released. */
	deadline = ask_and_hold(_metadata, side, server, 3, 50 * MILLISECOND);
	EXPECT_LE(0, prepare(side));
	ASSERT_EQ(0, cancel(side, 3, 0));
	while (now() < deadline)
		pause_briefly();
	EXPECT_TRUE(falls_asleep(side));
	EXPECT_EQ(0, told(side, 0, 0));
}

/* ---- What does not --------------------------------------------------------- */

static const struct sluice_service_opts one_at_most = SLUICE_SERVICE_OPTS(
	.max_active_requests_per_client = 1,
	.max_borrowed_responses_per_pending_response = 1);

TEST_F(foreign_wake, not_by_a_client_at_its_limit)
{
	struct end *client = &self->end[0], *other = &self->end[1];
	struct side *side = &self->side;

	open_server_side(_metadata, side, &one_at_most, client, variant->place);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	ASSERT_EQ(1, at(client, ask, 0, 2));
	EXPECT_TRUE(falls_asleep(side));
	start_client(_metadata, other, variant->place, &calls, 1);
	ASSERT_EQ(CAME(1), sleep_until_told(side));
	EXPECT_TRUE(falls_asleep(side));
	begin(other, ask_soon, 0, 3);
	EXPECT_EQ(REQUEST, sleep_until_told(side));
	ASSERT_EQ(1, finish(other));
	ASSERT_EQ(0, done(side, 0, 0));
	EXPECT_EQ(1, sluice_node_prepare(side->node));
}

TEST_F(foreign_wake, not_by_a_pending_at_its_limit)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;

	SET_UP_PAIR(&one_at_most);
	deadline = ask_and_hold(_metadata, side, server, 0, 50 * MILLISECOND);
	ASSERT_EQ(0, at(server, answer, 0, 1));
	ASSERT_EQ(1, hold(side, 0, 0));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(0, prepare_fully(side));

	/* Its deadline does not wake it either. */
	while (now() < deadline)
		pause_briefly();
	EXPECT_TRUE(falls_asleep(side));
	ASSERT_EQ(0, drop_response(side, 0, 0));
	EXPECT_EQ(1, sluice_node_prepare(side->node));
	EXPECT_EQ(RESPONSE(0), told(side, 0, 0));
	EXPECT_EQ(2, hear(side, 0, SLUICE_NOWAIT));
}

/* ---- The descriptor -------------------------------------------------------- */

TEST_F(foreign_wake, descriptor)
{
	struct side *side = &self->side;
	int fd, fds;

	EXPECT_FAILS_INT(EINVAL, sluice_node_fd(NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_node_prepare(NULL));
	fds = count_fds();
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));

	/* It is there from the first time that somebody asks on. */
	EXPECT_EQ(0, sluice_node_prepare(side->node));
	fd = sluice_node_fd(side->node);
	ASSERT_LE(0, fd);
	EXPECT_EQ(fd, sluice_node_fd(side->node));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_TRUE(falls_asleep(side));
	leave(side, 0, 0);
	EXPECT_EQ(fds, count_fds());

	/* A node that is asked for it first. */
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_LE(0, sluice_node_fd(side->node));
	EXPECT_TRUE(falls_asleep(side));
}

TEST_HARNESS_MAIN
