// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends the wait for room (room.h), other than room: signals, an interruption, the
 * deadline of the request, and that a server leaves, comes or dies.  The client has
 * its request back, or has sent it to those that had room; no server has it twice,
 * and nothing of it stays if the client itself goes or dies.
 */
#include "steps.h"
#include "room.h"
#include "signals.h"

ENDS_FIXTURE(room);
PROCESSES_FIXTURE(room_death);

/* ---- Interruptions ------------------------------------------------------- */

/* send_through_signals(slot): a signal comes every 10 ms until one ends it. */
static long send_through_signals(struct side *side, long slot, long unused)
{
	timer_t timer;
	long result;
	int r;

	(void)unused;
	r = start_signals(count_signal, SA_RESTART, 10 * MILLISECOND, &timer);
	if (r < 0)
		return r;
	result = send_question(side, slot, 0);
	timer_delete(timer);
	return handled ? result : -ENOMSG;
}

TEST_F(room, after_signals)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, ROOM));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(-EINTR, send_through_signals(&self->side, 0, 0));
	}
	ASSERT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(2, send_question(&self->side, 0, 0));
	EXPECT_EQ(1, at(slow, take_only, ROOM, 1));
	EXPECT_EQ(1, at(fast, take_only, ROOM, 1));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

/* An interruption from another thread, while it sleeps. */
static void *interrupt_node(void *node)
{
	for (int i = 0; i < 3; i++)
		pause_briefly();
	sluice_node_interrupt(node);
	return NULL;
}

TEST_F(room, after_another_thread_interrupts)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	pthread_t thread;
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, ROOM));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, interrupt_node,
					    self->side.node));
		ASSERT_EQ(-EINTR, send_question(&self->side, 0, 0));
		ASSERT_EQ(0, pthread_join(thread, NULL));
	}
	EXPECT_EQ(1, at(fast, take_only, ROOM, 1));
	EXPECT_EQ(-EAGAIN, at(fast, take, 0, SLUICE_NOWAIT));
}

/* ---- The deadline -------------------------------------------------------- */

/*
 * The deadline ends it, and not too early.  The fast server may have been too slow
 * for this one; that it has no other one is what counts.
 */
TEST_F(room, after_the_deadline)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;
	int64_t deadline;
	long i;

	set_up_two(_metadata, side, slow, fast, variant->place);
	for (i = 1; i < 5; i++) {
		ASSERT_EQ(0, loan_question(side, 0, 40 + i));
		deadline = sluice_deadline(i * 5 * MILLISECOND);
		ASSERT_EQ(0, sluice_request_set_deadline(side->request[0],
							 deadline));
		EXPECT_EQ(-ETIMEDOUT, send_question(side, 0, 0));
		EXPECT_LE(deadline, now());
		EXPECT_EQ(-ETIMEDOUT, send_question(side, 0, 0));
		ASSERT_EQ(0, drop_question(side, 0, 0));
		ASSERT_EQ(2, at(slow, take_only, 0, 2));
		ASSERT_EQ(2, ask_only(side, 0, 2));
		ASSERT_EQ(2, at(fast, take_only, 0, 2));
		ASSERT_EQ(2, at(slow, take_only, 2, 2));
		ASSERT_EQ(2, ask_only(side, 2, 2));
		ASSERT_EQ(2, at(fast, take_only, 2, 2));
	}
	EXPECT_EQ(-ETIMEDOUT, at(fast, take, 0, MILLISECOND));
	EXPECT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(-ETIMEDOUT, at(slow, take, 0, MILLISECOND));
}

/* A deadline that has passed keeps nobody awake who can receive nothing from it. */
TEST_F(room, after_the_deadline_is_no_reason_to_wake)
{
	const int64_t timeout = SECOND / 4;
	struct side *side = &self->side;
	struct sluice_event event = SLUICE_EVENT();

	set_up_two(_metadata, side, &self->end[0], &self->end[1], variant->place);
	ASSERT_EQ(0, sluice_node_wait(side->node, SLUICE_NOWAIT));
	while (sluice_node_next(side->node, &event) == 1) {
		EXPECT_EQ((uint32_t)SLUICE_EVENT_CONNECTED, event.kind);
	}
	ASSERT_EQ(0, loan_question(side, 0, ROOM));
	ASSERT_EQ(0, sluice_request_set_deadline(side->request[0],
						 sluice_deadline(5 * MILLISECOND)));
	EXPECT_EQ(-ETIMEDOUT, send_question(side, 0, 0));
	EXPECT_SLEEPS(timeout, sluice_node_wait(side->node, timeout));
}

/* With time enough it is not the deadline that ends it. */
TEST_F(room, before_the_deadline)
{
	struct end *server = &self->end[0];
	int64_t deadline = sluice_deadline(3600 * SECOND);

	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_only(&self->side, 0, ROOM));
	ASSERT_EQ(0, loan_question(&self->side, 0, ROOM));
	ASSERT_EQ(0, sluice_request_set_deadline(self->side.request[0], deadline));
	begin(server, take_only, 0, ROOM + 1);
	EXPECT_EQ(1, send_question(&self->side, 0, 0));
	EXPECT_EQ(ROOM + 1, finish(server));
}

/* ---- Somebody leaves or comes -------------------------------------------- */

TEST_F(room, of_a_server_that_leaves)
{
	struct end *server = &self->end[0], *client = &self->end[1],
		   *next = &self->end[2];

	set_up_full(_metadata, server, variant->place, client);
	ASSERT_EQ(0, at(client, loan_question, 0, 55));
	begin(client, send_question, 0, 0);
	until_asleep(client);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client)) TH_LOG("%s", client->result.sentence);
	start_server(_metadata, next, variant->place, &calls, &no_overflow, NULL);
	EXPECT_EQ(1, at(client, wait_servers, 1, LONG));
	EXPECT_EQ(1, at(client, send_question, 0, 0))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(55, at(next, take, 0, LONG));
	EXPECT_EQ(0, at(next, answer, 0, 56));
	EXPECT_EQ(56, at(client, hear, 0, LONG));
}

/* Another one has it: then it was sent, and to that one. */
TEST_F(room, of_one_of_two_that_leaves)
{
	struct end *slow = &self->end[0], *fast = &self->end[1],
		   *client = &self->end[2];

	start_server(_metadata, slow, variant->place, &calls, &no_overflow, NULL);
	start_server(_metadata, fast, variant->place, &calls, &no_overflow, NULL);
	start_client(_metadata, client, variant->place, &calls, 2);
	ASSERT_EQ(ROOM, at(client, ask_only, 0, ROOM));
	ASSERT_EQ(ROOM, at(fast, take_only, 0, ROOM));
	begin(client, ask, 0, 55);
	until_asleep(client);
	ASSERT_EQ(0, at(slow, close_server, 0, 0));
	EXPECT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1, at(fast, take_only, 55, 1));
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
}

/* A server that comes while the request is half-sent gets it like the others. */
TEST_F(room, of_a_server_that_comes)
{
	struct end *slow = &self->end[0], *fast = &self->end[1],
		   *late = &self->end[2];
	struct side *side = &self->side;

	set_up_two(_metadata, side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(side, 0, 55));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	start_server(_metadata, late, variant->place, &calls, &no_overflow, NULL);
	ASSERT_EQ(3, wait_servers(side, 3, LONG));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	EXPECT_EQ(1, at(late, take_only, 55, 1));
	ASSERT_EQ(1, at(slow, take_only, 0, 1));
	EXPECT_EQ(3, send_question(side, 0, 0));
	EXPECT_EQ(ROOM - 1, at(slow, take_only, 1, ROOM - 1));
	EXPECT_EQ(1, at(slow, take_only, 55, 1));
	EXPECT_EQ(1, at(fast, take_only, 55, 1));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
	EXPECT_EQ(-EAGAIN, at(fast, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(late, take, 0, SLUICE_NOWAIT));
}

/* Servers that have the request may leave before the rest has it. */
TEST_F(room, of_all_that_leave)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;

	set_up_two(_metadata, side, slow, fast, variant->place);
	ASSERT_EQ(0, loan_question(side, 0, 55));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	ASSERT_EQ(0, at(fast, close_server, 0, 0));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	ASSERT_EQ(0, at(slow, close_server, 0, 0));
	EXPECT_TRUE(EVENTUALLY(wait_servers(side, 1, SLUICE_NOWAIT) == -EAGAIN));
	EXPECT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(-EPIPE, hear(side, 0, SLUICE_FOREVER));
}

TEST_F(room, of_a_client_that_is_destroyed)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	long i;

	set_up_two(_metadata, &self->side, slow, fast, variant->place);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, loan_question(&self->side, i, 55 + i));
		ASSERT_EQ(-EINTR, interrupted(&self->side, i, 0));
		ASSERT_EQ(55 + i, at(fast, take, i, LONG));
	}
	self->side.request[0] = self->side.request[1] = NULL;
	ASSERT_EQ(0, close_client(&self->side, 0, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(EVENTUALLY(at(fast, is_connected, i, 0) == 0));
		EXPECT_EQ(0, at(fast, done, i, 0));
	}
	EXPECT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(-ETIMEDOUT, at(slow, take, 0, MILLISECOND));
}

/* take_soon(slot, timeout): the others have gone to sleep by then, most likely. */
static long take_soon(struct side *side, long slot, long timeout)
{
	pause_for(20 * MILLISECOND);
	return take(side, slot, timeout);
}

/*
 * A server that goes but still holds a request has room for ever, and is not waited
 * for: the client sleeps until the other one has room, and whatever ends that is seen.
 */
TEST_F(room, beside_a_server_that_is_leaving)
{
	struct end *going = &self->end[0], *full = &self->end[1];
	struct side *side = &self->side;
	pthread_t thread;
	int64_t before;

	start_two_servers(_metadata, going, full, variant->place, side, &calls, &no_overflow);
	ASSERT_EQ(1, ask_only(side, 0, 1));
	ASSERT_EQ(0, at(going, take, 0, LONG));
	ASSERT_EQ(0, at(going, close_server, 0, 0));
	EXPECT_TRUE(EVENTUALLY(wait_servers(side, 2, SLUICE_NOWAIT) == -EAGAIN));
	ASSERT_EQ(ROOM - 1, ask_only(side, 1, ROOM - 1));

	ASSERT_EQ(0, loan_question(side, 0, ROOM));
	ASSERT_EQ(0, set_deadline(side, 0, sluice_deadline(150 * MILLISECOND)));
	EXPECT_SLEEPS(100 * MILLISECOND, send_question(side, 0, 0));
	ASSERT_EQ(0, set_deadline(side, 0, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, interrupt_node, side->node));
	EXPECT_EQ(-EINTR, send_question(side, 0, 0));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	before = used();
	begin(full, take_soon, 0, LONG);
	EXPECT_EQ(1, send_question(side, 0, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_GT(10 * MILLISECOND, used() - before);
	EXPECT_EQ(0, finish(full));
	EXPECT_EQ(0, at(full, done, 0, 0));
	EXPECT_EQ(ROOM, at(full, take_only, 1, ROOM));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
	EXPECT_EQ(0, at(going, done, 0, 0));
}

/* ---- Somebody dies ------------------------------------------------------- */

TEST_F(room_death, of_the_server_that_is_waited_for)
{
	struct end *server = &self->end[0], *client = &self->end[1],
		   *next = &self->end[2];

	set_up_full(_metadata, server, IN_PROCESS, client);
	ASSERT_EQ(0, at(client, loan_question, 0, 55));
	begin(client, send_question, 0, 0);
	until_asleep(client);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client)) TH_LOG("%s", client->result.sentence);
	end_reap(server);
	start_server(_metadata, next, IN_PROCESS, &calls, &no_overflow, NULL);
	EXPECT_EQ(1, at(client, wait_servers, 1, LONG));
	EXPECT_EQ(1, at(client, send_question, 0, 0))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1, at(next, take_only, 55, 1));
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
	sweep(_metadata);
}

TEST_F(room_death, of_one_of_two_servers)
{
	struct end *slow = &self->end[0], *fast = &self->end[1],
		   *client = &self->end[2];

	start_two_and_ask(_metadata, slow, fast, client, 55);
	until_asleep(client);
	end_kill(slow);
	EXPECT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
	end_reap(slow);
	EXPECT_EQ(1, at(fast, take_only, 55, 1));
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
	sweep(_metadata);
}

/* It has it, and dies before the others were reached. */
TEST_F(room_death, of_the_server_that_had_room)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;

	set_up_two(_metadata, side, slow, fast, IN_PROCESS);
	ASSERT_EQ(0, loan_question(side, 0, 55));
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	end_kill_and_reap(fast);
	ASSERT_EQ(-EINTR, interrupted(side, 0, 0));
	ASSERT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(2, send_question(side, 0, 0));
	EXPECT_EQ(1, at(slow, take_only, 55, 1));
	EXPECT_EQ(-ECONNRESET, hear(side, 0, SLUICE_FOREVER));
	sweep(_metadata);
}

TEST_F(room_death, of_a_client_that_waits)
{
	struct end *slow = &self->end[0], *fast = &self->end[1],
		   *client = &self->end[2];

	start_two_and_ask(_metadata, slow, fast, client, 55);
	ASSERT_EQ(55, at(fast, take, 0, LONG));
	until_asleep(client);
	end_kill_and_reap(client);
	EXPECT_TRUE(EVENTUALLY(at(fast, is_connected, 0, 0) == 0));
	EXPECT_EQ(0, at(fast, done, 0, 0));
	EXPECT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	EXPECT_EQ(-ETIMEDOUT, at(slow, take, 0, MILLISECOND));
	start_client(_metadata, client, IN_PROCESS, &calls, 2);
	EXPECT_EQ(2, at(client, ask, 0, 60));
	EXPECT_EQ(1, at(slow, take_only, 60, 1));
	EXPECT_EQ(1, at(fast, take_only, 60, 1));
	sweep(_metadata);
}

TEST_HARNESS_MAIN
