// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_reply_send_and_receive(), which sends a reply, releases its request and
 * receives the next one: what is said of the reply, in *sent, and what is returned,
 * which is the next request or why there is none, do not depend on each other.  Only
 * a reply that cannot be sent at all, being nobody's or sent already, ends both.
 */
#include "steps.h"
#include "loans.h"

ENDS_FIXTURE(combined);
PROCESSES_FIXTURE(combined_death);

/* ---- The next one -------------------------------------------------------- */

TEST_F(combined, next_that_does_not_come)
{
	struct end *server = &self->end[0];
	static const int64_t timeouts[] = {
		SLUICE_NOWAIT, 1, MILLISECOND, 20 * MILLISECOND,
	};
	int64_t begun;
	size_t i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		ASK_AND_TAKE(&self->side, server, 0, 3);
		begun = now();
		EXPECT_EQ(timeouts[i] ? -ETIMEDOUT : -EAGAIN,
			  at(server, next, 4, timeouts[i]));
		EXPECT_LE(timeouts[i], now() - begun);
		EXPECT_EQ(0, at(server, sent, 0, 0));
		EXPECT_EQ(4, hear(&self->side, 0, LONG));
		EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	ASK_AND_TAKE(&self->side, server, 0, 3);
	ASSERT_EQ(0, at(server, interrupt, 0, 0));
	EXPECT_EQ(-EINTR, at(server, next, 5, SLUICE_FOREVER));
	EXPECT_EQ(0, at(server, sent, 0, 0));
	EXPECT_EQ(5, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(combined, next_that_is_there_already)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(16, ask_many(&self->side, 16, 0));
	ASSERT_EQ(0, at(server, take, 0, LONG));
	for (i = 1; i < 16; i++) {
		ASSERT_EQ(i, at(server, next, 20 + i, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(server, sent, 0, 0));
		ASSERT_EQ(20 + i, hear(&self->side, i - 1, LONG));
		ASSERT_EQ(-EPIPE, hear(&self->side, i - 1, LONG));
	}
}

/* ---- The client that is answered has gone -------------------------------- */

TEST_F(combined, next_after_the_client_has_gone)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SET_UP_PAIR(NULL);
	start_client(_metadata, client, variant->place, &calls, 1);

	/* It has cancelled. */
	ASK_FROM_AND_TAKE(client, server, 0, 30);
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	begin(server, next, 1, SLUICE_FOREVER);
	until_asleep(server);
	ASSERT_EQ(1, at(client, ask, 0, 31));
	EXPECT_EQ(31, finish(server));
	EXPECT_EQ(-EPIPE, at(server, sent, 0, 0));

	/* It has left. */
	ASSERT_EQ(0, at(client, leave, 0, 0));
	EXPECT_TRUE(EVENTUALLY(at(server, is_connected, 0, 0) == 0));
	EXPECT_EQ(-ETIMEDOUT, at(server, next, 1, MILLISECOND));
	EXPECT_EQ(-EPIPE, at(server, sent, 0, 0));

	/* With the next one there already. */
	ASSERT_EQ(1, ask(&self->side, 0, 32));
	ASSERT_EQ(1, ask(&self->side, 1, 33));
	ASSERT_EQ(32, at(server, take, 0, LONG));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(33, at(server, next, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-EPIPE, at(server, sent, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, at(server, next, 34, MILLISECOND));
	EXPECT_EQ(0, at(server, sent, 0, 0));
	EXPECT_EQ(34, hear(&self->side, 1, LONG));
}

/* The client is dead, and the next request is another's, now or later. */
TEST_F(combined_death, of_the_client_that_is_answered)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long round, result;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	for (round = 0; round < 6; round++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		begin(client, call, round, SLUICE_FOREVER);
		ASSERT_EQ(round, at(server, take, 0, LONG));
		end_kill_and_reap(client);
		if (round % 2) {
			EXPECT_TRUE(EVENTUALLY(at(server, is_connected, 0, 0) ==
					       0));
			begin(server, next, 1, SLUICE_FOREVER);
			until_asleep(server);
			ASSERT_EQ(1, ask(&self->side, 0, 99));
		} else {
			ASSERT_EQ(1, ask(&self->side, 0, 99));
			begin(server, next, 1, SLUICE_FOREVER);
		}
		EXPECT_EQ(99, finish(server)) TH_LOG("%s", server->result.sentence);
		result = at(server, sent, 0, 0);
		/* It may be told apart only later that it is dead. */
		EXPECT_TRUE(result == -ECONNRESET || result == -EPIPE ||
			    (result == 0 && round % 2 == 0))
			TH_LOG("%ld", result);
		EXPECT_EQ(-ETIMEDOUT, at(server, next, 98, MILLISECOND));
		EXPECT_EQ(0, at(server, sent, 0, 0));
		EXPECT_EQ(98, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	sweep(_metadata);
}

/* ---- Misuse -------------------------------------------------------------- */

TEST_F(combined, next_misused)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	struct sluice_reply *reply;
	int said_sent;

	start_reversed(_metadata, client, variant->place, side, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	ASSERT_EQ(1, take(side, 0, LONG));
	said_sent = UNSAID;
	EXPECT_FAILS(EINVAL, sluice_reply_send_and_receive(NULL, LONG, &said_sent));
	EXPECT_EQ(-EINVAL, said_sent);
	EXPECT_FAILS(EINVAL, sluice_reply_send_and_receive(NULL, LONG, NULL));

	/* Sent before; the request is still held, and nothing was received. */
	ASSERT_EQ(0, loan_answer(side, 0, 10));
	reply = side->reply[0];
	side->reply[0] = NULL;
	ASSERT_EQ(0, sluice_reply_send(reply));
	said_sent = UNSAID;
	EXPECT_FAILS(EINVAL, sluice_reply_send_and_receive(reply, LONG, &said_sent));
	EXPECT_EQ(-EINVAL, said_sent);
	EXPECT_EQ(1, is_connected(side, 0, 0));

	/* Released before. */
	ASSERT_EQ(0, loan_answer(side, 0, 11));
	reply = side->reply[0];
	side->reply[0] = NULL;
	ASSERT_EQ(0, sluice_reply_release(reply));
	EXPECT_FAILS(EINVAL, sluice_reply_send_and_receive(reply, LONG, &said_sent));
	EXPECT_EQ(0, answer(side, 0, 12));
	EXPECT_EQ(10, at(client, hear, 0, LONG));
	EXPECT_EQ(12, at(client, hear, 0, LONG));

	/* A caller that passes NULL is not told. */
	ASSERT_EQ(0, loan_answer(side, 0, 13));
	reply = side->reply[0];
	side->reply[0] = NULL;
	EXPECT_EQ(2, keep(side, 0, sluice_reply_send_and_receive(reply, LONG, NULL)));
	EXPECT_EQ(13, at(client, hear, 0, LONG));
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
}

TEST_HARNESS_MAIN
