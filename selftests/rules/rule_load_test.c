// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of a request that goes to the least busy server: what other clients have sent
 * counts too, from the moment it was sent until the server has answered it, or until its
 * client has taken it back or is gone.
 *
 * The clients are sides of the test's own thread, each with a node of its own; the
 * servers are ends.  A server does nothing between two steps, so that it has taken no
 * connection yet where a test has not said so.
 */
#include "steps.h"
#include "load.h"

/* ---- Rules ------------------------------------------------------------------ */

TEST_F(rule_load, six_clients_with_a_request_each_use_three_servers_alike)
{
	size_t i;

	make_servers(_metadata, self, variant->place, SERVERS, NULL);
	open_sides(_metadata, self, CLIENTS, SERVERS);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < SERVERS; i++) {
		EXPECT_EQ(2, at(&self->end[i], take_all, 0, 0));
	}
}

/* With connections that the servers have taken before, and those they have not. */
TEST_F(rule_load, so_do_clients_that_come_later)
{
	size_t i;

	make_servers(_metadata, self, variant->place, SERVERS, NULL);
	open_sides(_metadata, self, 3, SERVERS);
	SERVERS_LOOK(self);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < SERVERS; i++) {
		EXPECT_EQ(1, at(&self->end[i], take_all, 0, 0));
	}
	/* The servers are busy, and take no connections. */
	for (i = 3; i < CLIENTS; i++) {
		open_client_side(_metadata, &self->client[i], &calls, NULL, SERVERS);
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < SERVERS; i++) {
		EXPECT_EQ(1, at(&self->end[i], take_all, 1, 0));
	}
}

TEST_F(rule_load, six_long_requests_take_three_workers_twice_as_long_as_one)
{
	const int64_t each = 100 * MILLISECOND;
	int64_t since;
	size_t i;

	make_servers(_metadata, self, variant->place, SERVERS, NULL);
	for (i = 0; i < SERVERS; i++)
		begin(&self->end[i], serve_slowly, 2, each);
	open_sides(_metadata, self, CLIENTS, SERVERS);
	since = now();
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_EQ((long)i + 1, hear(&self->client[i], 0, LONG));
	}
	EXPECT_LE(2 * each, now() - since);
	/* Each has served two: a third would still be waited for. */
	for (i = 0; i < SERVERS; i++) {
		EXPECT_EQ(2, finish(&self->end[i]));
	}
}

TEST_F(rule_load, what_is_finished_counts_no_more)
{
	size_t i, round;

	make_servers(_metadata, self, variant->place, SERVERS, NULL);
	open_sides(_metadata, self, CLIENTS, SERVERS);
	/* The fewer, the less the servers are told apart by how fast they were. */
	for (round = 0; round < 4; round++) {
		for (i = 0; i < CLIENTS; i++) {
			ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
		}
		for (i = 0; i < SERVERS; i++) {
			ASSERT_EQ(2, at(&self->end[i], take_all, 0, 0)) TH_LOG("round %zu", round);
			ASSERT_EQ(0, at(&self->end[i], finish_all, 0, 2));
		}
		for (i = 0; i < CLIENTS; i++) {
			EXPECT_EQ(0, hear_end(&self->client[i], 0, LONG));
		}
	}
}

/* It may still be held; but one that goes on being answered is worked on. */
TEST_F(rule_load, what_has_one_response_counts_no_more_and_a_stream_does)
{
	struct end *first = &self->end[0], *second = &self->end[1];
	long i;

	make_servers(_metadata, self, variant->place, 1, NULL);
	open_sides(_metadata, self, 1, 1);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, ask_one(&self->client[0], i, i));
		ASSERT_EQ(i, at(first, take, i, LONG));
		ASSERT_EQ(0, at(first, answer, i, 10));
	}
	/* Two are held, both of them answered, and one of these goes on. */
	ASSERT_EQ(0, at(first, answer, 1, 11));
	ASSERT_EQ(0, at(first, answer, 1, 12));
	start_server(_metadata, second, variant->place, &calls, NULL, NULL);
	for (i = 1; i < 4; i++) {
		open_client_side(_metadata, &self->client[i], &calls, NULL, 2);
		ASSERT_EQ(1, ask_one(&self->client[i], 0, i));
	}
	EXPECT_EQ(1, at(first, take_all, 2, 0));
	EXPECT_EQ(2, at(second, take_all, 0, 0));
	ASSERT_EQ(0, at(first, finish_all, 0, 3));
	ASSERT_EQ(0, at(second, finish_all, 0, 2));
	for (i = 1; i < 4; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 1, i));
	}
	i = at(first, take_all, 0, 0);
	EXPECT_TRUE(i == 1 || i == 2);
	EXPECT_EQ(3 - i, at(second, take_all, 0, 0));
}

TEST_F(rule_load, what_a_server_holds_that_was_sent_to_all_counts_too)
{
	struct end *busy = &self->end[0], *idle = &self->end[1];
	long i;

	make_servers(_metadata, self, variant->place, 1, NULL);
	open_sides(_metadata, self, 1, 1);
	ASSERT_EQ(3, ask_many(&self->client[0], 3, 0));
	ASSERT_EQ(3, at(busy, take_all, 0, 0));
	start_server(_metadata, idle, variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->client[1], &calls, NULL, 2);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, ask_one(&self->client[1], i, i));
	}
	EXPECT_EQ(3, at(idle, take_all, 0, 0));
	ASSERT_EQ(0, at(busy, finish_all, 0, 3));
	for (i = 3; i < 6; i++) {
		ASSERT_EQ(1, ask_one(&self->client[1], i, i));
	}
	EXPECT_EQ(3, at(busy, take_all, 0, 0));
}

TEST_F(rule_load, what_was_withdrawn_counts_no_more)
{
	size_t i, round;

	make_servers(_metadata, self, variant->place, SERVERS, &no_fire_and_forget);
	open_sides(_metadata, self, CLIENTS, SERVERS);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < round; i++) {
			ASSERT_EQ(1, ask_one(&self->client[i], 1, 99));
			ASSERT_EQ(0, cancel(&self->client[i], 1, 0));
		}
	}
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < SERVERS; i++) {
		EXPECT_EQ(2, at(&self->end[i], take_all, 0, 0));
	}
}

TEST_F(rule_load, what_was_pushed_out_counts_no_more)
{
	struct end *full = &self->end[0], *other = &self->end[1];
	long i;

	make_servers(_metadata, self, variant->place, 1, &two_active);
	open_sides(_metadata, self, 1, 1);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(1, ask_one(&self->client[0], 0, i));
		ASSERT_EQ(0, cancel(&self->client[0], 0, 0));
	}
	/* Two are in the queue; so the third of others goes there. */
	start_server(_metadata, other, variant->place, &calls, NULL, NULL);
	for (i = 1; i < 5; i++) {
		open_client_side(_metadata, &self->client[i], &calls, NULL, 2);
		ASSERT_EQ(1, ask_one(&self->client[i], 0, 100 + i));
	}
	EXPECT_EQ(3, at(full, take_all, 0, 0));
	EXPECT_EQ(3, at(other, take_all, 0, 0));
}

TEST_F(rule_load, clients_begin_at_different_servers)
{
	size_t i, k, first[SERVERS] = { 0 };

	/* Nothing is under way when a client begins; the odds of one server only are 3^-39. */
	make_servers(_metadata, self, variant->place, SERVERS, NULL);
	for (i = 0; i < 40; i++) {
		open_client_side(_metadata, &self->client[0], &calls, NULL, SERVERS);
		ASSERT_EQ(1, ask_one(&self->client[0], 0, (long)i));
		for (k = 0; k < SERVERS; k++) {
			if (at(&self->end[k], look, 3, 0) != (long)i)
				continue;
			first[k]++;
			ASSERT_EQ(0, at(&self->end[k], done, SLOTS - 1, 0));
		}
		leave(&self->client[0], 0, 0);
	}
	EXPECT_EQ(40, first[0] + first[1] + first[2]);
	EXPECT_LT(first[0], 40);
	EXPECT_LT(first[1], 40);
	EXPECT_LT(first[2], 40);
}

/* After a sleep each client has to ring, and those who rang first come first. */
TEST_F(rule_load, whoever_has_waited_longest_is_served_first)
{
	struct end *server = &self->end[0];
	long i, round;

	make_servers(_metadata, self, variant->place, 1, NULL);
	open_sides(_metadata, self, CLIENTS, 1);
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(-ETIMEDOUT, at(server, rest, 20 * MILLISECOND, 0));
		for (i = 0; i < CLIENTS; i++) {
			ASSERT_EQ(1, ask_one(&self->client[i], 0, i));
		}
		for (i = 0; i < CLIENTS; i++) {
			EXPECT_EQ(i, at(server, take, i, LONG));
		}
		ASSERT_EQ(0, at(server, finish_all, 0, CLIENTS));
		for (i = 0; i < CLIENTS; i++) {
			ASSERT_EQ(0, cancel(&self->client[i], 0, 0));
		}
	}
}

/* A server that took its time sees who came first, and who came while it did. */
TEST_F(rule_load, a_slow_server_serves_nobody_before_those_who_were_there)
{
	const int64_t slow = 20 * MILLISECOND;
	struct end *server = &self->end[0];
	long i, value, first = 0;

	make_servers(_metadata, self, variant->place, 1, NULL);
	open_sides(_metadata, self, CLIENTS, 1);
	ASSERT_EQ(-EAGAIN, at(server, look, 3, 0));
	/* All are polled; three are there when it looks, the others come while it works. */
	for (i = 0; i < CLIENTS; i += 2) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, i));
	}
	ASSERT_EQ(0, at(server, sleep_for, slow, 0));
	value = at(server, take, 0, LONG);
	ASSERT_EQ(0, value % 2);
	for (i = 1; i < CLIENTS; i += 2) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, i));
	}
	for (i = 1; i < CLIENTS; i++) {
		ASSERT_EQ(0, at(server, sleep_for, slow, 0));
		value = at(server, take, i, LONG);
		first += i < 3 && value % 2 == 0;
	}
	EXPECT_EQ(2, first);
}

/* ---- Those who die ------------------------------------------------------------ */

/* Two clients in processes are killed with requests that a server has, or has not. */
TEST_F(rule_load, requests_of_the_dead_count_no_more)
{
	struct end *dying = &self->end[2];
	size_t i, got = 0;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	make_servers(_metadata, self, variant->place, 2, NULL);
	start_client(_metadata, dying, variant->place, &calls, 2);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, at(dying, ask_one, (long)i, (long)i));
	}
	end_kill_and_reap(dying);
	for (i = 0; i < 2; i++) {
		got = (size_t)at(&self->end[i], take_all, 0, 0);
		ASSERT_EQ(4, got);
		ASSERT_EQ(0, at(&self->end[i], finish_all, 0, 4));
	}
	open_sides(_metadata, self, CLIENTS, 2);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(3, at(&self->end[i], take_all, 0, 0));
	}
	sweep(_metadata);
}

/* A request that nobody awaits is not received, so only the server can correct the count. */
TEST_F(rule_load, a_server_corrects_what_the_dead_have_left)
{
	struct end *dying = &self->end[2], *bent = &self->end[0], *other = &self->end[1];
	size_t i;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	make_servers(_metadata, self, variant->place, 1, &no_fire_and_forget);
	start_client(_metadata, dying, variant->place, &calls, 1);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, at(dying, ask_one, (long)i, (long)i));
	}
	end_kill_and_reap(dying);
	/* In one sleep it hears of the death, and finds that what is counted is not there. */
	ASSERT_EQ(-ETIMEDOUT, at(bent, rest, SECOND, 0));
	start_server(_metadata, other, variant->place, &calls, NULL, NULL);
	open_sides(_metadata, self, CLIENTS, 2);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(1, ask_one(&self->client[i], 0, (long)i));
	}
	EXPECT_EQ(3, at(bent, take_all, 0, 0));
	EXPECT_EQ(3, at(other, take_all, 0, 0));
	sweep(_metadata);
}

TEST_HARNESS_MAIN
