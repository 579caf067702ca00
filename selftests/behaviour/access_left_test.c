// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users leave in a root directory that they share: after a death, after one closes a
 * service of another, and while all of them come and go at once.
 */
#include "access.h"

/* ---- What is left --------------------------------------------------------------- */

/* Opens something, so that what the dead of the same user have left is swept. */
static void sweep_as(struct __test_metadata *_metadata, struct end *end, long user)
{
	start_user(_metadata, end, user);
	ASSERT_EQ(0, at(end, open_service, PTR(&blobs), 0)) TH_LOG("%s", end->result.sentence);
	end_stop(end);
}

TEST_F(access, and_the_death_of_a_client)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	int before, i;

	SHARE_ROOT(03770);
	/* Root comes first, and the domain is root's. */
	sweep(_metadata);
	serve_as(_metadata, server, ANN, &of_group);
	before = tree_walk(self->root.path, false).files;
	for (i = 0; i < 5; i++) {
		call_as(_metadata, client, BOB, &any_user);
		ASSERT_EQ(1, at(client, ask, 0, 1));
		end_kill_and_reap(client);
		ASSERT_EQ(1, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		/* In his service Ann removes what she finds; the rest is Bob's. */
		sweep_as(_metadata, &self->end[2], ANN);
		EXPECT_EQ(before + 2, tree_walk(self->root.path, false).files);
		sweep_as(_metadata, &self->end[2], BOB);
		EXPECT_EQ(before, tree_walk(self->root.path, false).files) {
			tree_walk(self->root.path, true);
		}
	}
}

TEST_F(access, and_the_death_of_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SHARE_ROOT(03770);
	serve_ann_call_bob(_metadata, server, client);
	end_kill(server);
	end_kill(client);
	end_reap(server);
	end_reap(client);
	sweep_as(_metadata, client, BOB);
	EXPECT_LT(0, tree_walk(self->root.path, false).files);
	sweep_as(_metadata, server, ANN);
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);

	/* Or root comes, and can remove all of it. */
	serve_ann_call_bob(_metadata, server, client);
	end_kill(server);
	end_kill(client);
	end_reap(server);
	end_reap(client);
	sweep(_metadata);
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);
}

/* The last to close cannot remove the service; others use it until its user makes a new one. */
TEST_F(access, of_a_service_that_another_closes)
{
	static const struct sluice_service_opts fresh = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_CREATE, .mode = 0660, .max_clients = 3);
	static const struct sluice_service_opts demand = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_ANY_USER,
		.max_clients = 4);
	struct end *first = &self->end[0], *second = &self->end[1];

	SHARE_ROOT(03770);
	serve_as(_metadata, first, ANN, &of_group);
	call_as(_metadata, second, BOB, &any_user);
	end_stop(first);
	end_stop(second);
	EXPECT_EQ(1, tree_walk(self->root.path, false).files);

	start_user(_metadata, second, BOB);
	EXPECT_EQ(0, at(second, open_service, PTR(&calls), PTR(&any_user_must_exist)));
	end_stop(second);
	start_user(_metadata, first, ANN);
	EXPECT_EQ(0, at(first, open_service, PTR(&calls), PTR(&fresh)))
		TH_LOG("%s", first->result.sentence);
	start_user(_metadata, second, BOB);
	EXPECT_EQ(-EPROTOTYPE, at(second, open_service, PTR(&calls), PTR(&demand)));
	end_stop(second);
}

/* ---- All at once ------------------------------------------------------------------ */

/* come_and_go(rounds): opens and closes everything; the first failure. */
static long come_and_go(struct side *side, long rounds, long unused)
{
	long i, result = 0;

	(void)unused;
	for (i = 0; i < rounds && !result; i++) {
		result = open_service(side, PTR(&calls), PTR(&of_group_trusting));
		if (!result)
			result = open_server(side, 0, 0);
		if (!result)
			result = open_client(side, 0, 0);
		leave(side, 0, 0);
	}
	return result;
}

/* No process finds an entry that is half made. */
TEST_F_TIMEOUT(access, of_comers_and_goers, 120)
{
	static const long users[] = { ANN, BOB, ANN, BOB };
	size_t i;

	SHARE_ROOT(03770);
	for (i = 0; i < ARRAY_SIZE(self->end); i++) {
		start_user(_metadata, &self->end[i], users[i]);
		ASSERT_LE(0, at(&self->end[i], set_umask, 077, 0));
	}
	for (i = 0; i < ARRAY_SIZE(self->end); i++)
		begin(&self->end[i], come_and_go, 200, 0);
	for (i = 0; i < ARRAY_SIZE(self->end); i++) {
		EXPECT_EQ(0, finish(&self->end[i])) TH_LOG("%s", self->end[i].result.sentence);
	}
	/* If one of them could not remove the service of the other, he can now. */
	EXPECT_EQ(0, at(&self->end[0], come_and_go, 1, 0));
	EXPECT_EQ(0, at(&self->end[1], come_and_go, 1, 0));
}

TEST_HARNESS_MAIN
