// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end is gone: killed in the middle of something, or gone in good
 * order.  What it had sent before is still received; then a client is told
 * ECONNRESET of a server that died and EPIPE of one that left, a server learns
 * that nobody wants its answer any more, and everybody else is served as before.
 * Somebody who is merely stopped is not dead.
 */
#include <sys/prctl.h>

#include "steps.h"

PROCESSES_FIXTURE(death);

/* ---- A server dies ------------------------------------------------------- */

/* It is not even reaped: a zombie is as dead as can be. */
TEST_F(death, of_a_server_while_its_client_sleeps)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, IN_PROCESS, &calls);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(-ECONNRESET, at(client, hear, 0, SLUICE_FOREVER));
	EXPECT_EQ(-ECONNRESET, at(client, hear, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(client, cancel, 0, 0));
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(client, ask, 0, 2));
	EXPECT_EQ(-ENOTCONN, at(client, hear, 0, SLUICE_FOREVER));
	end_reap(server);
	sweep(_metadata);
}

TEST_F(death, of_a_server_that_slept_too)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	begin(server, take, 1, SLUICE_FOREVER);
	until_asleep(server);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, SLUICE_FOREVER));
	end_reap(server);
	sweep(_metadata);
}

/* go_without_a_word(): a program that forgets to destroy what it made. */
static long go_without_a_word(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	_exit(0);
}

TEST_F(death, of_a_server_that_just_exits)
{
	struct end *server = &self->end[0];
	int status;
	long result;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 2));
	begin(server, go_without_a_word, 0, 0);
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	result = hear(&self->side, 0, LONG);
	EXPECT_TRUE(result == -ECONNRESET || result == -EPIPE)
		TH_LOG("%ld: %s", result, sluice_strerror());
	ASSERT_EQ(server->pid, waitpid(server->pid, &status, 0));
	end_forget(server);
	sweep(_metadata);
}

/* A request that the server never took is lost with it. */
TEST_F(death, of_a_server_that_had_taken_nothing)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	ASSERT_EQ(16, ask_many(&self->side, 16, 0));
	end_kill(server);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(-ECONNRESET, hear(&self->side, i, SLUICE_FOREVER));
	}
	end_reap(server);
	sweep(_metadata);
}

TEST_F(death, does_not_take_back_what_was_sent)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &blobs);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 10));
	ASSERT_EQ(1, ask_blob(&self->side, 1, 11));
	ASSERT_EQ(10, at(server, take_blob, 0, LONG));
	ASSERT_EQ(11, at(server, take_blob, 1, LONG));
	for (i = 1; i < 6; i++) {
		ASSERT_EQ(0, at(server, answer_blob, 0, 100000 * i));
	}
	ASSERT_EQ(0, at(server, answer_blob, 1, 1));
	ASSERT_EQ(0, at(server, done, 1, 0));
	ASSERT_EQ(100000, hear_blob(&self->side, 0, LONG));
	end_kill_and_reap(server);
	for (i = 2; i < 6; i++) {
		EXPECT_EQ(100000 * i, hear_blob(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(-ECONNRESET, hear_blob(&self->side, 0, LONG));

	/* The second exchange was at its end before: that is no reset. */
	EXPECT_EQ(1, hear_blob(&self->side, 1, LONG));
	EXPECT_EQ(-EPIPE, hear_blob(&self->side, 1, LONG));
	sweep(_metadata);
}

/* Held messages of the dead stay readable until they are released. */
TEST_F(death, leaves_responses_readable)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, at(server, answer, 0, 70 + i));
		ASSERT_EQ(70 + i, hold(&self->side, 0, i));
	}
	end_kill_and_reap(server);
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(70 + i, answer_value(self->side.response[i]));
		EXPECT_EQ(0, drop_response(&self->side, i, 0));
	}
	sweep(_metadata);
}

/* The stream goes on with the survivor, and tells of the death at its end. */
TEST_F(death, of_one_of_two_servers)
{
	struct end *dead = &self->end[0], *alive = &self->end[1];
	long value;

	start_two_servers(_metadata, dead, alive, IN_PROCESS, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(dead, take, 0, LONG));
	ASSERT_EQ(1, at(alive, take, 0, LONG));
	ASSERT_EQ(0, at(dead, answer, 0, 100));
	end_kill_and_reap(dead);
	EXPECT_EQ(100, hear(&self->side, 0, LONG));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, 50 * MILLISECOND));
	ASSERT_EQ(0, at(alive, answer, 0, 200));
	EXPECT_EQ(200, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(alive, answer_and_done, 0, 201));
	EXPECT_EQ(201, hear(&self->side, 0, LONG));
	EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));

	/* The next request is the survivor's alone. */
	EXPECT_EQ(1, wait_servers(&self->side, 1, LONG));
	begin(alive, serve, 1, 0);
	EXPECT_EQ(1, ask(&self->side, 0, 5));
	value = hear(&self->side, 0, LONG);
	EXPECT_EQ(6, value);
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, finish(alive));
	sweep(_metadata);
}

/* ---- A client dies ------------------------------------------------------- */

TEST_F(death, of_a_client_whose_requests_are_held)
{
	struct end *client = &self->end[0];
	const struct question *question;
	long i, result;

	start_reversed(_metadata, client, IN_PROCESS, &self->side, &calls);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, at(client, ask, i, 40 + i));
	}
	ASSERT_EQ(40, take(&self->side, 0, LONG));
	ASSERT_EQ(41, take(&self->side, 1, LONG));
	ASSERT_EQ(0, loan_answer(&self->side, 0, 1));
	ASSERT_EQ(1, is_connected(&self->side, 0, 0));
	end_kill(client);
	EXPECT_TRUE(EVENTUALLY(is_connected(&self->side, 0, 0) == 0));
	end_reap(client);
	EXPECT_EQ(0, is_connected(&self->side, 1, 0));
	result = send_answer(&self->side, 0, 0);
	EXPECT_TRUE(result == -ECONNRESET || result == -EPIPE)
		TH_LOG("%ld: %s", result, sluice_strerror());
	question = self->side.active[1]->data;
	EXPECT_EQ(41u, question->value);
	EXPECT_EQ(0, done(&self->side, 1, 0));

	/* Requests of the dead client are delivered all the same. */
	EXPECT_EQ(42, take(&self->side, 2, LONG));
	EXPECT_EQ(43, take(&self->side, 3, LONG));
	EXPECT_EQ(0, is_connected(&self->side, 2, 0));
	result = answer(&self->side, 2, 1);
	EXPECT_TRUE(result == -ECONNRESET || result == -EPIPE)
		TH_LOG("%ld: %s", result, sluice_strerror());
	EXPECT_EQ(-EAGAIN, take(&self->side, 1, SLUICE_NOWAIT));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, i == 1 ? 0 : done(&self->side, i, 0));
	}
	sweep(_metadata);
}

/* It dies before the server has even let it in. */
TEST_F(death, of_a_client_before_the_server_comes_round)
{
	struct end *client = &self->end[0];
	long i, round;

	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	for (round = 0; round < 5; round++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(1, at(client, ask, i, 40 + i));
		}
		end_kill_and_reap(client);
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(40 + i, take(&self->side, i, LONG))
				TH_LOG("%s", sluice_strerror());
			EXPECT_TRUE(EVENTUALLY(is_connected(&self->side, i, 0) ==
					       0));
			EXPECT_EQ(0, done(&self->side, i, 0));
		}
		EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	}

	/* And some that have not asked for anything. */
	for (round = 0; round < 5; round++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		end_kill_and_reap(client);
	}
	EXPECT_EQ(-ETIMEDOUT, take(&self->side, 0, MILLISECOND));
	sweep(_metadata);
}

/* A server that sleeps does not wake up for it, and serves whoever comes next. */
TEST_F(death, of_a_client_while_the_server_sleeps)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	begin(server, serve, 2, 0);
	start_client(_metadata, client, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(2, at(client, hear, 0, LONG));
	for (i = 0; i < 3; i++) {
		until_asleep(server);
		end_kill_and_reap(client);
		until_asleep(server);
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
	}
	ASSERT_EQ(1, at(client, ask, 0, 5));
	EXPECT_EQ(6, at(client, hear, 0, LONG));
	EXPECT_EQ(2, finish(server));
	sweep(_metadata);
}

/* ---- Not quite dead, not quite alone ------------------------------------- */

TEST_F(death, is_not_what_a_stopped_server_suffers)
{
	struct end *server = &self->end[0];
	int status;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	begin(server, serve, 1, 0);
	until_asleep(server);
	ASSERT_EQ(0, kill(server->pid, SIGSTOP));
	ASSERT_EQ(server->pid, waitpid(server->pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, 100 * MILLISECOND));
	sweep(_metadata);
	EXPECT_EQ(1, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	ASSERT_EQ(0, kill(server->pid, SIGCONT));
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
	EXPECT_EQ(1, finish(server));
}

/* fork_child(raw): a child that sleeps on; its pid.  Raw: libc does not know. */
static long fork_child(struct side *side, long raw, long unused)
{
	pid_t pid;

	(void)side, (void)unused;
	pid = raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
	if (pid == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	return pid < 0 ? -errno : pid;
}

static void die_with_child(struct __test_metadata *_metadata, struct side *side,
			   struct end *server, bool raw)
{
	pid_t child;

	/* The orphan becomes ours, so that its end can be waited for. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	start_pair(_metadata, server, IN_PROCESS, side, &calls);
	ASK_AND_TAKE(side, server, 0, 1);
	child = (pid_t)at(server, fork_child, raw, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, MILLISECOND));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_EQ(2, hear(side, 0, LONG));
	end_kill_and_reap(server);
	EXPECT_EQ(-ECONNRESET, hear(side, 0, LONG))
		TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, NULL, 0));
}

/* A forked child that lives on does not keep its parent's ports alive. */
TEST_F(death, of_a_parent)
{
	die_with_child(_metadata, &self->side, &self->end[0], false);
	sweep(_metadata);
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77
#endif

/* Does the kernel tell which process is at the other end of a socket? */
static bool has_peer_pidfd(void)
{
	socklen_t size = sizeof(int);
	int ends[2], pidfd = -1;
	bool has;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return false;
	has = !getsockopt(ends[0], SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size);
	close(ends[0]);
	close(ends[1]);
	return has && !close(pidfd);
}

/* Even if the child was made behind the library's back, and holds its sockets. */
TEST_F(death, of_a_parent_whose_child_holds_the_socket)
{
	if (!has_peer_pidfd())
		SKIP(return, "the kernel has no SO_PEERPIDFD (Linux 6.5)");
	die_with_child(_metadata, &self->side, &self->end[0], true);
	leave(&self->side, 0, 0);
	EXPECT_TRUE(EVENTUALLY((sweep(_metadata),
				tree_walk(self->root.path, false).files == 0)));
}

TEST_HARNESS_MAIN
