// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the killed leave behind is swept away by the next sluice_service_open() of
 * the domain, whoever they were and wherever they were hit; what belongs to the
 * living is not touched.  Seen from outside: after the sweep the directory holds
 * exactly as many entries as one in which nobody was ever killed, and when the
 * last one has left, none.  The teardown looks for names in /dev/shm, too.
 */
#include "steps.h"

PROCESSES_FIXTURE(leftovers);

/* The entries of a root with one node in it that has &calls open. */
static int count_pristine(struct __test_metadata *_metadata, struct root *root)
{
	struct side side = { .node = NULL };
	int entries;

	EXPECT_EQ(0, open_service(&side, PTR(&calls), 0));
	entries = tree_walk(root->path, false).entries;
	leave(&side, 0, 0);
	EXPECT_EQ(0, tree_walk(root->path, true).files);
	return entries;
}

/* The same after a sweep; the living are counted with others' ends stopped. */
static void expect_swept(struct __test_metadata *_metadata, struct root *root,
			 int pristine)
{
	struct side side = { .node = NULL };

	EXPECT_EQ(0, open_service(&side, PTR(&calls), 0));
	EXPECT_EQ(pristine, tree_walk(root->path, false).entries) {
		tree_walk(root->path, true);
	}
	leave(&side, 0, 0);
	EXPECT_EQ(0, tree_walk(root->path, true).files);
}

/* ask_on(), serve_on(): until they are killed. */
static long ask_on(struct side *side, long a, long b)
{
	long result, i;

	(void)a, (void)b;
	for (i = 0;; i++) {
		result = ask_blob(side, i % 8, (i * 7919) % 100000);
		if (result > 0 && i % 3)
			hear_blob(side, i % 8, LONG);
		cancel(side, i % 8, 0);
	}
	return result;
}

static long serve_on(struct side *side, long a, long b)
{
	long size;

	(void)a, (void)b;
	for (;;) {
		size = take_blob(side, 0, LONG);
		if (size < 0)
			continue;
		answer_blob(side, 0, size);
		answer_blob(side, 0, size / 2);
		done(side, 0, 0);
	}
	return 0;
}

/* A pair in full traffic. */
static void start_traffic(struct __test_metadata *_metadata, struct end *server,
			  struct end *client)
{
	start_server(_metadata, server, IN_PROCESS, &blobs, NULL, NULL);
	begin(server, serve_on, 0, 0);
	start_client(_metadata, client, IN_PROCESS, &blobs, 1);
	begin(client, ask_on, 0, 0);
}

/* Somewhere in the middle: a random time, and nothing depends on it. */
static void wait_somewhat(unsigned int *random)
{
	nanosleep(&(struct timespec){ .tv_nsec = rand_r(random) % 3000000 }, NULL);
}

TEST_F_TIMEOUT(leftovers, of_pairs_killed_in_full_traffic, 120)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	unsigned int random = 1;
	int pristine, i;

	pristine = count_pristine(_metadata, &self->root);
	for (i = 0; i < 30; i++) {
		start_traffic(_metadata, server, client);
		wait_somewhat(&random);
		end_kill(i % 2 ? server : client);
		if (i % 3)
			wait_somewhat(&random);
		end_kill(i % 2 ? client : server);
		end_reap(server);
		end_reap(client);
		expect_swept(_metadata, &self->root, pristine);
	}
}

/* One is killed, the other lives: what it needs is not swept away. */
TEST_F(leftovers, of_one_of_two)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	int before, i;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	before = tree_walk(self->root.path, false).entries;
	for (i = 0; i < 10; i++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		ASSERT_EQ(1, at(client, ask, 0, 1));
		end_kill_and_reap(client);
		ASSERT_EQ(1, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		sweep(_metadata);
		EXPECT_EQ(before, tree_walk(self->root.path, false).entries) {
			tree_walk(self->root.path, true);
		}
	}
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	ASK_AND_TAKE(&self->side, server, 0, 5);
	EXPECT_EQ(0, at(server, answer, 0, 6));
	EXPECT_EQ(6, hear(&self->side, 0, LONG));
}

/* come_and_go(): opens and closes everything, over and over. */
static long come_and_go(struct side *side, long a, long b)
{
	(void)a, (void)b;
	for (;;) {
		open_service(side, PTR(&calls), 0);
		open_server(side, 0, 0);
		open_client(side, 0, 0);
		wait_servers(side, 1, SLUICE_NOWAIT);
		leave(side, 0, 0);
	}
	return 0;
}

/* Killed at any point of setting up and tearing down, three at a time. */
TEST_F_TIMEOUT(leftovers, of_comers_and_goers, 120)
{
	unsigned int random = 1;
	int pristine, i, k;

	pristine = count_pristine(_metadata, &self->root);
	for (i = 0; i < 40; i++) {
		for (k = 0; k < 3; k++) {
			end_start(_metadata, &self->end[k], IN_PROCESS);
			begin(&self->end[k], come_and_go, 0, 0);
		}
		for (k = 0; k < 3; k++) {
			wait_somewhat(&random);
			end_kill(&self->end[k]);
		}
		for (k = 0; k < 3; k++)
			end_reap(&self->end[k]);
		expect_swept(_metadata, &self->root, pristine);
	}
}

/* Services that nobody will ever open again are swept with the rest. */
TEST_F(leftovers, of_other_services)
{
	static struct sluice_contract contracts[8];
	static char names[8][32];
	struct end *end = &self->end[0];
	int pristine, i;

	pristine = count_pristine(_metadata, &self->root);
	for (i = 0; i < 8; i++) {
		snprintf(names[i], sizeof(names[i]), "test/other/%d", i);
		contracts[i] = calls;
		contracts[i].name = names[i];
	}
	end_start(_metadata, end, IN_PROCESS);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, at(end, open_service, PTR(&contracts[i]), 0));
		ASSERT_EQ(0, at(end, open_server, 0, 0));
		ASSERT_EQ(0, at(end, open_client, 0, 0));
	}
	EXPECT_LT(8, tree_walk(self->root.path, false).files);
	end_kill_and_reap(end);
	expect_swept(_metadata, &self->root, pristine);
}

/* A name that a dead process held can be claimed again at once. */
TEST_F(leftovers, do_not_fill_a_service)
{
	struct end *end = &self->end[0];
	int i;

	/* The service itself outlives its ports. */
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&one_of_each)));
	for (i = 0; i < 10; i++) {
		end_start(_metadata, end, IN_PROCESS);
		ASSERT_EQ(0, at(end, join_server, PTR(&calls), 0))
			TH_LOG("%s", end->result.sentence);
		ASSERT_EQ(0, at(end, open_client, 0, 0))
			TH_LOG("%s", end->result.sentence);
		end_kill_and_reap(end);
	}
	sweep(_metadata);
}

TEST_HARNESS_MAIN
