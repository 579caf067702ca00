// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_leftovers_open(): what the dead have left is listed and removed, and the living are not
 * disturbed.
 */
#include "list_content.h"

#include <sluice_leftovers.h>

PROCESSES_FIXTURE(list_leftovers);

/* These kinds of entries are left behind, in this order. */
static void expect_leftovers(struct __test_metadata *_metadata, uint64_t flags, int count,
			     const char *kinds)
{
	const struct sluice_leftovers_opts opts = { .size = sizeof(opts), .flags = flags };
	struct sluice_leftovers *leftovers = sluice_leftovers_open(&opts);
	struct sluice_leftover leftover = SLUICE_LEFTOVER();
	int i;

	ASSERT_NE(NULL, leftovers) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < count; i++) {
		ASSERT_EQ(1, sluice_leftovers_next(leftovers, &leftover));
		EXPECT_EQ(0, leftover.error);
		EXPECT_EQ((uint32_t)(kinds[i] - '0'), leftover.kind) {
			TH_LOG("%d: %s", i, leftover.entry);
		}
		if (leftover.kind == SLUICE_LEFTOVER_PORT) {
			EXPECT_STREQ("test/calls", leftover.service);
			EXPECT_STREQ("server.0", leftover.entry);
		}
		if (leftover.kind == SLUICE_LEFTOVER_SERVICE) {
			EXPECT_STREQ("test/calls", leftover.name);
		}
	}
	EXPECT_EQ(0, sluice_leftovers_next(leftovers, &leftover));
	EXPECT_FAILS_INT(EINVAL, sluice_leftovers_next(NULL, &leftover));
	sluice_leftovers_close(leftovers);
}

TEST_F(list_leftovers, of_the_dead)
{
	const struct sluice_leftovers_opts wrong = { .size = sizeof(wrong), .flags = 2 };
	struct end *server = &self->end[0];

	EXPECT_FAILS(EINVAL, sluice_leftovers_open(&wrong));
	sluice_leftovers_close(NULL);
	expect_leftovers(_metadata, SLUICE_LEFTOVERS_REMOVE, 0, "");
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	expect_leftovers(_metadata, SLUICE_LEFTOVERS_REMOVE, 0, "");
	end_kill(server);
	end_reap(server);
	/* A port, a service, a node; and if all are removed, the domain. */
	expect_leftovers(_metadata, 0, 3, "231");
	expect_leftovers(_metadata, 0, 3, "231");
	EXPECT_EQ(1, look(_metadata).ports);
	expect_leftovers(_metadata, SLUICE_LEFTOVERS_REMOVE, 4, "2315");
	expect_leftovers(_metadata, SLUICE_LEFTOVERS_REMOVE, 0, "");
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);
}

/* The dead beside the living, who are not disturbed. */
TEST_F(list_leftovers, beside_the_living)
{
	struct end *server = &self->end[0], *other = &self->end[1];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	start_client(_metadata, other, IN_PROCESS, &calls, 1);
	end_kill(server);
	end_reap(server);
	expect_leftovers(_metadata, SLUICE_LEFTOVERS_REMOVE, 2, "21");
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	begin(server, serve, 1, 0);
	ASSERT_EQ(1, ask(&self->side, 0, 5));
	ASSERT_EQ(6, hear(&self->side, 0, LONG));
	ASSERT_EQ(1, finish(server));
	cancel(&self->side, 0, 0);
	leave(&self->side, 0, 0);
}

TEST_HARNESS_MAIN
