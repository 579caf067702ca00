// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_NOFILE at each value from 0 on: a process that may open so few files opens a service,
 * makes a port and exchanges messages, or is told at each step what it lacks.
 *
 * What fails does so with EMFILE and a sentence, nothing is left of it, and the peer, who lacks
 * nothing, serves others as before.  From some limit on, everything works.
 */
#include <sys/resource.h>

#include "steps.h"
#include "belongings.h"

#define LIMIT_MOST	64
#define STOP		1000000
#define BRIEFLY		(50 * MILLISECOND)	/* while there are too few */

PROCESSES_FIXTURE(few_descriptors);

static void limit_to(rlim_t most)
{
	struct rlimit few;

	getrlimit(RLIMIT_NOFILE, &few);
	few.rlim_cur = most;
	setrlimit(RLIMIT_NOFILE, &few);
}

typedef long life(struct side *side, int64_t patience);

/* 0: it has asked and was answered; or what the step that failed returned. */
static long ask_once(struct side *side, int64_t patience)
{
	long r = join_client(side, PTR(&calls), 0);

	if (!r)
		r = wait_servers(side, 1, patience);
	if (r >= 0)
		r = ask(side, 0, 7);
	if (r > 0)
		r = hear(side, 0, LONG);
	return r == 8 ? 0 : r < 0 ? r : -EBADMSG;
}

static long serve_once(struct side *side, int64_t patience)
{
	long r = join_server(side, PTR(&calls), 0);

	if (!r)
		r = take(side, 0, patience);
	return r < 0 ? r : answer_and_done(side, 0, r + 1);
}

/* What may be told: what lacks here, or that nobody could be met meanwhile. */
static bool is_told(long r)
{
	return r == -EMFILE || r == -ETIMEDOUT || r == -ENOTCONN || r == -ECONNABORTED;
}

/* In a child of its own, so that all of its descriptors are its own.  1: it has worked. */
static int try_limit(rlim_t most, life *what, int64_t patience, const struct root *root)
{
	static struct side side;
	struct belongings before, after;
	struct rlimit all;
	pid_t pid = fork();
	int status;
	long r;

	if (pid) {
		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	getrlimit(RLIMIT_NOFILE, &all);
	before = count_belongings(root);
	limit_to(most);
	r = what(&side, patience);
	if (r < 0 && (!is_told(r) || !sluice_strerror()[0])) {
		fprintf(stderr, "# limit %lu: %ld (%s)\n", (unsigned long)most, r,
			sluice_strerror());
		_exit(2);
	}
	leave(&side, 0, 0);
	setrlimit(RLIMIT_NOFILE, &all);
	after = count_belongings(root);
	if (after.fds != before.fds || after.mappings != before.mappings) {
		fprintf(stderr, "# limit %lu: descriptors %d, were %d; mappings %d, were %d\n",
			(unsigned long)most, after.fds, before.fds, after.mappings,
			before.mappings);
		_exit(3);
	}
	_exit(r == 0);
}

/* Each limit; from the first that works on, all do. */
static void try_limits(struct __test_metadata *_metadata, const struct root *root,
		       life *what)
{
	rlim_t most, first = 0;
	int r = 0;

	for (most = 0; most <= LIMIT_MOST; most++) {
		r = try_limit(most, what, first ? LONG : BRIEFLY, root);
		ASSERT_LE(r, 1) TH_LOG("limit %lu", (unsigned long)most);
		if (r && !first)
			first = most;
		if (first)
			EXPECT_EQ(1, r) {
				TH_LOG("limit %lu, though %lu is enough", (unsigned long)most,
				       (unsigned long)first);
			}
	}
	EXPECT_LT(0, first);
	TH_LOG("%lu descriptors are enough, with those that it had", (unsigned long)first);
}

/* Serves whoever asks; a client that lacks something may go in the middle. */
static long serve_any(struct side *side, long a, long b)
{
	long value = 0;

	while (value != STOP) {
		value = take(side, 0, SLUICE_FOREVER);
		if (value < 0)
			return value;
		(void)!answer_and_done(side, 0, value + 1);
	}
	return 0;
}

TEST_F_TIMEOUT(few_descriptors, of_a_client, 240)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	begin(server, serve_any, 0, 0);
	try_limits(_metadata, &self->root, ask_once);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	ASSERT_EQ(1, ask(&self->side, 0, STOP));
	EXPECT_EQ(STOP + 1, hear(&self->side, 0, LONG));
	EXPECT_EQ(0, finish(server));
}

/* Asks whichever server there is, until it is told to stop by the end of the test. */
static long ask_any(struct side *side, long a, long b)
{
	long r, heard = 0;

	while (!__atomic_load_n((bool *)a, __ATOMIC_RELAXED)) {
		if (wait_servers(side, 1, 10 * MILLISECOND) < 1)
			continue;
		r = ask(side, 0, 1);
		heard += r > 0 && hear(side, 0, LONG / 10) == 2;
		if (r >= 0)
			cancel(side, 0, 0);
	}
	return heard;
}

TEST_F_TIMEOUT(few_descriptors, of_a_server, 240)
{
	bool *over = mmap(NULL, sizeof(*over), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct end *client = &self->end[0];

	ASSERT_NE(MAP_FAILED, (void *)over);
	start_service(_metadata, client, IN_PROCESS, &calls, NULL);
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	begin(client, ask_any, PTR(over), 0);
	try_limits(_metadata, &self->root, serve_once);
	__atomic_store_n(over, true, __ATOMIC_RELAXED);
	EXPECT_LT(0, finish(client));
	munmap(over, sizeof(*over));
}

TEST_HARNESS_MAIN
