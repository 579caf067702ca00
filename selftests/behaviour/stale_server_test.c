// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request or a reply that a server releases a second time; stale_test has the messages of a
 * client, and says what is tried.
 */
#include "stale.h"

static const struct sluice_server_opts small_server = SLUICE_SERVER_OPTS(
	.port = { .memory_limit = 1 << 20 });
static const struct sluice_server_opts server_refuses = SLUICE_SERVER_OPTS(
	.port = { .ask_when_full = refuse });

/* ---- Active requests ------------------------------------------------------- */

/* The active request that a server has released, in the memory of the server's end. */
static __thread struct sluice_active_request *stale_active;

/* release_active(slot): as done(), and it is remembered. */
static long release_active(struct side *side, long slot, long unused)
{
	stale_active = side->active[slot];
	return done(side, slot, unused);
}

/* poll_requests(times, error): each receive fails so, and what is stale stays stale. */
static long poll_requests(struct side *side, long times, long error)
{
	struct sluice_active_request *active;

	while (times--) {
		active = sluice_server_receive(side->server, SLUICE_NOWAIT);
		if (active || errno != error)
			return active ? -EEXIST : -errno;
		if (sluice_active_request_release(stale_active) != -EINVAL)
			return -EUCLEAN;
	}
	return 0;
}

static long release_stale_active(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return sluice_active_request_release(stale_active);
}

TEST_F(stale, active_request_after_polls)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long n;

	SET_UP_PAIR(NULL);
	for (n = 0; n < OFTEN; n++) {
		ASK_AND_TAKE(side, server, 0, 1);
		ASSERT_EQ(0, at(server, release_active, 0, 0));
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(0, at(server, poll_requests, n, EAGAIN));
		ASSERT_EQ(1, ask(side, 0, 2));
		ASSERT_EQ(2, at(server, take, 1, LONG));
		ASSERT_EQ(-EINVAL, at(server, release_stale_active, 0, 0));
		ASSERT_EQ(0, at(server, answer_and_done, 1, 3));
		ASSERT_EQ(3, hear(side, 0, LONG));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
}

TEST_F(stale, active_request_after_limits)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long n;

	SET_UP_PAIR(&keep);
	for (n = 1; n < 4; n++) {
		ASK_AND_TAKE(side, server, n, n);
		ASSERT_EQ(0, cancel(side, n, 0));
	}
	for (n = 0; n < OFTEN; n++) {
		ASK_AND_TAKE(side, server, 0, 1);
		ASSERT_EQ(0, at(server, release_active, 0, 0));
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASK_AND_TAKE(side, server, 0, 2);
		ASSERT_EQ(1, ask(side, 1, 3));
		ASSERT_EQ(0, at(server, poll_requests, n, ENOBUFS));
		ASSERT_EQ(-EINVAL, at(server, release_stale_active, 0, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(3, at(server, take, 0, LONG));
		ASSERT_EQ(-EINVAL, at(server, release_stale_active, 0, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(0, cancel(side, 1, 0));
	}
}

/* Requests that nobody sees, since they are late, take no handle either. */
TEST_F(stale, active_request_after_late_requests)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int64_t deadline;
	long i;

	SET_UP_PAIR(NULL);
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(0, at(server, release_active, 0, 0));
	for (i = 0; i < OFTEN; i++) {
		ASSERT_EQ(0, loan_question(side, 8, 8));
		deadline = sluice_deadline(2 * MILLISECOND);
		ASSERT_EQ(0, sluice_request_set_deadline(side->request[8], deadline));
		if (send_question(side, 8, 0) < 0) {
			ASSERT_EQ(0, drop_question(side, 8, 0));
			continue;
		}
		while (now() <= deadline)
			pause_briefly();
		ASSERT_EQ(0, at(server, poll_requests, 1, EAGAIN));
		ASSERT_EQ(0, cancel(side, 8, 0));
		ASSERT_EQ(1, ask(side, 8, 5));
		ASSERT_EQ(5, at(server, take, 5, LONG));
		if (i < PROMISED) {
			ASSERT_EQ(-EINVAL, at(server, release_stale_active, 0, 0));
		}
		ASSERT_EQ(0, at(server, done, 5, 0));
		ASSERT_EQ(0, cancel(side, 8, 0));
	}
}

/* ---- Replies --------------------------------------------------------------- */

/* Something that fails: a loan that is too large, a reply that there is no room for. */
static int loan_too_many(struct side *side)
{
	return sluice_active_request_loan(side->active[0], 4 << 20) ? 0 : -errno;
}

static int send_to_full(struct side *side)
{
	return sluice_reply_send(side->reply[0]);
}

/* It fails with this error, ever more often, and what is stale stays so. */
static long fail_often(struct side *side, int (*fails)(struct side *side), long error)
{
	struct sluice_reply *stale, *other;
	long i, n;

	for (n = 0; n < OFTEN; n++) {
		stale = sluice_active_request_loan(side->active[0], 1);
		if (!stale || sluice_reply_release(stale) < 0)
			return -errno;
		for (i = 0; i < n; i++)
			if (fails(side) != error || sluice_reply_release(stale) != -EINVAL)
				return -EEXIST;
		other = sluice_active_request_loan(side->active[0], 1);
		if (sluice_reply_release(stale) != -EINVAL)
			return -EUCLEAN;
		if (sluice_reply_release(other) < 0)
			return -errno;
	}
	return 0;
}

static long fail_loans(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return fail_often(side, loan_too_many, -EMSGSIZE);
}

static long fail_sends(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return fail_often(side, send_to_full, -ENOBUFS);
}

TEST_F(stale, reply_after_failed_loans)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&blobs, NULL, NULL, &small_server);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 5));
	ASSERT_EQ(5, at(server, take_blob, 0, LONG));
	EXPECT_EQ(0, at(server, fail_loans, 0, 0));
}

TEST_F(stale, reply_after_refused_sends)
{
	struct end *server = &self->end[0];

	SET_UP_PORTS(&calls, &keep, NULL, &server_refuses);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(2, at(server, answer_many, 10, 2));
	ASSERT_EQ(0, at(server, loan_answer, 0, 12));
	EXPECT_EQ(0, at(server, fail_sends, 0, 0));
	EXPECT_EQ(10, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, at(server, send_answer, 0, 0));
	EXPECT_EQ(11, hear(&self->side, 0, LONG));
	EXPECT_EQ(12, hear(&self->side, 0, LONG));
}

TEST_HARNESS_MAIN
