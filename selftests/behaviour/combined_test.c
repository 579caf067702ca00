// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two calls that do two things each: sluice_request_call(), which sends and
 * receives, and sluice_reply_send_and_receive(), which answers, releases and receives
 * the next.  Here they meet: in round trips, in streams, with several clients and
 * several servers, and with the separate calls.  Neither serves another thread or
 * process than the owner's.  How each of the two ends is tested in
 * request_call_test.c and in send_and_receive_test.c.
 */
#include "steps.h"
#include "loans.h"

ENDS_FIXTURE(combined);

/* call_many(first, count): so many round trips, each to its end. */
static long call_many(struct side *side, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = loan_question(side, 0, i);
		if (!result)
			result = call_loaned(side, 0, LONG);
		if (result != i + 1)
			return result < 0 ? result : -EILSEQ;
		result = hear(side, 0, LONG);
		if (result != -EPIPE)
			return result < 0 ? result : -EEXIST;
		result = cancel(side, 0, 0);
		if (result < 0)
			return result;
	}
	return count;
}

/* open_sleeper(contract): as open_service(), with a node that never polls. */
static long open_sleeper(struct side *side, long contract, long unused)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.wait = side->wait, .spin = -1);

	(void)unused;
	side->node = sluice_node_create("sleeper", &opts);
	return open_service(side, contract, 0);
}

/* ---- Round trips --------------------------------------------------------- */

TEST_F(combined, round_trips)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	begin(server, serve_on, 1000, 0);
	EXPECT_EQ(1000, call_many(&self->side, 0, 1000))
		TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(1000, finish(server)) TH_LOG("%s", server->result.sentence);
}

TEST_F(combined, round_trips_without_polling)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	end_start(_metadata, server, variant->place);
	ASSERT_EQ(0, at(server, open_sleeper, PTR(&calls), 0));
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, open_sleeper, PTR(&calls), 0));
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	begin(server, serve_on, 1000, 0);
	EXPECT_EQ(1000, at(client, call_many, 0, 1000))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1000, finish(server)) TH_LOG("%s", server->result.sentence);
}

/* Each is asleep before the other one says anything. */
TEST_F(combined, asleep_every_time)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_two(_metadata, server, client, variant->place, &calls);
	begin(server, take, 0, SLUICE_FOREVER);
	for (i = 0; i < 50; i++) {
		until_asleep(server);
		begin(client, call, i % 8, SLUICE_FOREVER);
		ASSERT_EQ(i % 8, finish(server));
		until_asleep(client);
		begin(server, next, 100 + i, SLUICE_FOREVER);
		ASSERT_EQ(100 + i, finish(client));
		ASSERT_EQ(-EPIPE, at(client, hear, i % 8, LONG));
		ASSERT_EQ(0, at(client, cancel, i % 8, 0));
	}
	ASSERT_EQ(1, at(client, ask, 0, 7));
	EXPECT_EQ(7, finish(server));
}

/* The separate calls at one end do not mind the combined ones at the other. */
TEST_F(combined, with_separate_calls)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	begin(server, serve, 100, 0);
	EXPECT_EQ(100, call_many(&self->side, 0, 100));
	EXPECT_EQ(100, finish(server));
	begin(server, serve_on, 100, 0);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(i + 1, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	EXPECT_EQ(100, finish(server));
}

/* ---- Streams, and several of each ---------------------------------------- */

TEST_F(combined, a_stream)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i, round;

	start_two(_metadata, server, client, variant->place, &calls);
	begin(server, take, 0, LONG);
	for (round = 0; round < 10; round++) {
		begin(client, call, round, LONG);
		ASSERT_EQ(round, finish(server));
		ASSERT_EQ(0, at(server, answer, 0, 200));
		EXPECT_EQ(200, finish(client));
		ASSERT_EQ(5, at(server, answer_many, 201, 5));
		begin(server, next, 206, LONG);
		for (i = 201; i < 207; i++) {
			EXPECT_EQ(i, at(client, hear, round, LONG));
		}
		EXPECT_EQ(0, at(client, hear_end, round, LONG));
	}
	ASSERT_EQ(1, at(client, ask, 0, 1));
	EXPECT_EQ(1, finish(server));
}

/* Other loaned replies go back with the request, as with a release. */
TEST_F(combined, other_replies_are_given_back)
{
	struct end *server = &self->end[0];
	long i, round;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 1, 100));
	ASSERT_EQ(100, at(server, take, 0, LONG));
	for (round = 0; round < 20; round++) {
		/* All that may be loaned, of which the last one is sent. */
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, at(server, loan_answer, 0, round));
		}
		ASSERT_EQ(-ENOBUFS, at(server, loan_answer, 0, round));
		begin(server, next_loaned, 0, LONG);
		EXPECT_EQ(round, hear(&self->side, 1, LONG));
		EXPECT_EQ(0, hear_end(&self->side, 1, LONG));
		ASSERT_EQ(1, ask(&self->side, 1, round));
		ASSERT_EQ(round, finish(server));
	}
}

TEST_F(combined, several_servers)
{
	struct end *client = &self->end[3];
	long i, round, value, seen;

	for (i = 0; i < 3; i++) {
		start_server(_metadata, &self->end[i], variant->place, &calls,
			     NULL, NULL);
	}
	start_client(_metadata, client, variant->place, &calls, 3);
	for (round = 0; round < 20; round++) {
		begin(client, call, 0, LONG);
		for (i = 0; i < 3; i++) {
			if (round == 0) {
				ASSERT_EQ(0, at(&self->end[i], take, 0, LONG));
			} else {
				ASSERT_EQ(0, finish(&self->end[i]));
			}
		}
		for (i = 0; i < 3; i++) {
			begin(&self->end[i], next, 1 << i, LONG);
		}
		for (i = 0, seen = 0; i < 3; i++) {
			value = i ? at(client, hear, 0, LONG) : finish(client);
			ASSERT_LT(0, value);
			EXPECT_EQ(0, seen & value);
			seen |= value;
		}
		EXPECT_EQ(7, seen);
		EXPECT_EQ(0, at(client, hear_end, 0, LONG));
	}
	ASSERT_EQ(3, at(client, ask, 0, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, finish(&self->end[i]));
	}
}

/* The answer is for one client, and the next request from another. */
TEST_F(combined, several_clients)
{
	struct end *server = &self->end[0];
	long i, round;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (i = 1; i < 4; i++) {
		start_client(_metadata, &self->end[i], variant->place, &calls, 1);
	}
	begin(server, serve_on, 3 * 100, 0);
	for (i = 1; i < 4; i++) {
		begin(&self->end[i], call_many, 1000 * i, 100);
	}
	for (i = 1; i < 4; i++) {
		EXPECT_EQ(100, finish(&self->end[i]))
			TH_LOG("%s", self->end[i].result.sentence);
	}
	EXPECT_EQ(300, finish(server)) TH_LOG("%s", server->result.sentence);

	/* And one by one, each asleep. */
	begin(server, take, 0, LONG);
	for (round = 0; round < 10; round++) {
		for (i = 1; i < 4; i++) {
			until_asleep(server);
			begin(&self->end[i], call, round, LONG);
			ASSERT_EQ(round, finish(server));
			begin(server, next, 50 + i, LONG);
			ASSERT_EQ(50 + i, finish(&self->end[i]));
			ASSERT_EQ(0, at(&self->end[i], cancel, round, 0));
		}
	}
	ASSERT_EQ(1, at(&self->end[1], ask, 0, 3));
	EXPECT_EQ(3, finish(server));
}

/* ---- By somebody else ---------------------------------------------------- */

/* Another's: a forked child's, or another thread's. */
static long call_foreign(struct side *side, long request, long unused)
{
	struct sluice_pending_response *pending = UNTOUCHED;

	(void)side, (void)unused;
	if (sluice_request_call((struct sluice_request *)request, &pending, LONG) ||
	    pending)
		return -EBADMSG;
	return -errno;
}

static long next_foreign(struct side *side, long reply, long unused)
{
	int result = UNSAID;

	(void)side, (void)unused;
	if (sluice_reply_send_and_receive((struct sluice_reply *)reply, LONG, &result))
		return -EBADMSG;
	return result == -errno ? result : -EBADMSG;
}

TEST_F(combined, by_somebody_else)
{
	struct end *client = &self->end[0], *other = &self->end[1];
	int error = variant->place == IN_PROCESS ? ECHILD : EBUSY;
	struct side *side = &self->side;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(side, 0, 0));
	start_client(_metadata, client, variant->place, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, loan_answer(side, 0, 10));
	ASSERT_EQ(0, loan_question(side, 0, 10));
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-error, at(other, call_foreign, PTR(side->request[0]), 0));
	EXPECT_EQ(-error, at(other, next_foreign, PTR(side->reply[0]), 0));
	end_stop(other);
	EXPECT_EQ(-EAGAIN, next_loaned(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(10, at(client, hear, 0, LONG));
}

TEST_HARNESS_MAIN
