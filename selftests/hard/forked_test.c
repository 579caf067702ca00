// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process forks after each call of its life, as a client and as a server, with messages of
 * all kinds in its hands.  The child is refused every object of its parent (ECHILD) and lives
 * on as long as the parent.  The parent goes on as if nothing had happened; when it leaves or
 * dies its peer is told, although the child lives.
 */
#include <sys/wait.h>

#include "steps.h"

PROCESSES_FIXTURE(forked);

/* ---- The child ------------------------------------------------------------------------- */

/* Of the process that forks: its children, which sleep. */
static pid_t children[32];
static int child_count;

static bool is_refused(struct side *side)
{
	if (side->client && (sluice_client_loan(side->client, 1) || errno != ECHILD))
		return false;
	if (side->server && (sluice_server_receive(side->server, SLUICE_NOWAIT) ||
			     errno != ECHILD))
		return false;
	if (side->pending[0] &&
	    (sluice_pending_response_receive(side->pending[0], SLUICE_NOWAIT) || errno != ECHILD))
		return false;
	return sluice_node_wait(side->node, SLUICE_NOWAIT) == -ECHILD;
}

/* The result of the step before; or an error, if a child had a part in the parent's life. */
static long fork_after(struct side *side, long result)
{
	pid_t pid = fork();
	siginfo_t info;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!is_refused(side))
			_exit(1);
		raise(SIGSTOP);
		_exit(2);
	}
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOWAIT) ||
	    info.si_code != CLD_STOPPED)
		return -EOWNERDEAD;
	children[child_count++] = pid;
	return result;
}

static long end_children(struct side *side, long a, long b)
{
	long count = child_count;

	while (child_count) {
		kill(children[--child_count], SIGKILL);
		waitpid(children[child_count], NULL, 0);
	}
	return count;
}

/* ---- Lives ----------------------------------------------------------------------------- */

/* A step of the life, and a fork after it. */
#define DO(step)							\
	do {								\
		long did_ = fork_after(side, (step));			\
									\
		if (did_ < 0)						\
			return did_;					\
	} while (0)

static long live_as_client(struct side *side, long a, long b)
{
	DO(open_service(side, PTR(&blobs), 0));
	DO(open_client(side, 0, 0));
	DO(wait_servers(side, 1, LONG));
	side->request[0] = sluice_client_loan(side->client, 10);
	DO(0);
	DO(ask_blob(side, 0, 16));
	DO(ask_blob(side, 1, 300000));
	DO(hear_blob(side, 0, LONG));
	side->response[0] = sluice_pending_response_receive(side->pending[1], LONG);
	DO(side->response[0] ? 0 : -errno);
	DO(sluice_request_release(side->request[0]));
	side->request[0] = NULL;
	DO(drop_response(side, 0, 0));
	DO(cancel(side, 0, 0));
	DO(cancel(side, 1, 0));
	DO(exchange_blob(side, 0, 4000));
	DO(close_client(side, 0, 0));
	DO(close_service(side, 0, 0));
	return child_count;
}

static long live_as_server(struct side *side, long a, long b)
{
	long i;

	DO(open_service(side, PTR(&blobs), 0));
	DO(open_server(side, 0, 0));
	for (i = 0; i < 3; i++) {
		DO(take_blob(side, 0, LONG));
		DO(answer_blob(side, 0, (long)side->active[0]->count));
		DO(done(side, 0, 0));
	}
	DO(close_server(side, 0, 0));
	DO(close_service(side, 0, 0));
	return child_count;
}

TEST_F_TIMEOUT(forked, client, 120)
{
	struct end *client = &self->end[0];

	ASSERT_EQ(0, join_server(&self->side, PTR(&blobs), 0));
	end_start(_metadata, client, IN_PROCESS);
	begin(client, live_as_client, 0, 0);
	EXPECT_EQ(3, serve_blobs(&self->side, 3, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(15, finish(client)) TH_LOG("%s", client->result.sentence);
	/* It has left, though its children live. */
	EXPECT_TRUE(EVENTUALLY(sluice_node_wait(self->side.node, MILLISECOND) == 0));
	EXPECT_EQ(15, at(client, end_children, 0, 0));
}

TEST_F_TIMEOUT(forked, server, 120)
{
	struct end *server = &self->end[0];
	long i;

	end_start(_metadata, server, IN_PROCESS);
	begin(server, live_as_server, 0, 0);
	open_client_side(_metadata, &self->side, &blobs, NULL, 1);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, exchange_blob(&self->side, 0, 1000 + 100000 * i))
			TH_LOG("%s", sluice_strerror());
	}
	EXPECT_EQ(13, finish(server)) TH_LOG("%s", server->result.sentence);
	EXPECT_TRUE(EVENTUALLY(wait_servers(&self->side, 1, SLUICE_NOWAIT) == -EAGAIN));
	EXPECT_EQ(13, at(server, end_children, 0, 0));
}

TEST_HARNESS_MAIN
