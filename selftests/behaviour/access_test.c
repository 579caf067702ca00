// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services of several users: who may open, serve and call what, by the mode and the group
 * of a service and the root directory that the users share.  access_entries_test has what
 * users can do to each other's files, and access_left_test what is left of them.
 */
#include "access.h"

TEST_F(access, of_a_group)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SHARE_ROOT(03770);
	serve_ann_call_bob(_metadata, server, client);
	exchange(_metadata, client, server, 1);

	cannot_open(_metadata, &self->end[2], BOB, NULL, EACCES);
	cannot_open(_metadata, &self->end[2], EVE, &any_user, EACCES);
	exchange(_metadata, client, server, 2);
	end_stop(client);
}

/* The first process is a client, and the service belongs to its user. */
TEST_F(access, of_the_client)
{
	struct end *client = &self->end[0], *server = &self->end[1];

	SHARE_ROOT(03770);
	come_ann_serve_bob(_metadata, client, server, &of_group_trusting);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange(_metadata, client, server, 1);
	end_stop(server);
}

/* The server of somebody who may serve, for one who trusts nobody: he is not reached. */
TEST_F(access, of_the_client_who_does_not_trust)
{
	struct end *client = &self->end[0], *server = &self->end[1];

	SHARE_ROOT(03770);
	come_ann_serve_bob(_metadata, client, server, &of_group);
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	end_stop(server);
}

TEST_F(access, of_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SHARE_ROOT(01777);
	serve_as(_metadata, server, ANN, &of_all);
	call_as(_metadata, client, EVE, &any_user);
	exchange(_metadata, client, server, 1);
	cannot_open(_metadata, &self->end[2], EVE, NULL, EACCES);
	end_stop(client);
}

/* The root directory lets everybody in, the service does not. */
TEST_F(access, of_a_group_among_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SHARE_ROOT(01777);
	serve_ann_call_bob(_metadata, server, client);
	exchange(_metadata, client, server, 1);
	cannot_open(_metadata, &self->end[2], EVE, &any_user, EACCES);
	end_stop(client);
}

TEST_F(access, of_one_user)
{
	SHARE_ROOT(03770);
	serve_as(_metadata, &self->end[0], ANN, NULL);
	cannot_open(_metadata, &self->end[2], BOB, &any_user, EACCES);
	cannot_open(_metadata, &self->end[2], BOB, NULL, EACCES);
}

/* Root is trusted by all, and trusts none. */
TEST_F(access, of_root)
{
	struct end *client = &self->end[1];

	SHARE_ROOT(03770);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_group)));
	ASSERT_EQ(0, open_server(&self->side, 0, 0));
	call_as(_metadata, client, BOB, NULL);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(&self->side, 0, LONG));
	ASSERT_EQ(0, answer(&self->side, 0, 2));
	ASSERT_EQ(2, at(client, hear, 0, LONG));
	end_stop(client);
	leave(&self->side, 0, 0);

	serve_as(_metadata, &self->end[0], ANN, &of_group);
	EXPECT_EQ(-EACCES, open_service(&self->side, PTR(&calls), 0));
	EXPECT_SAYS("SLUICE_SERVICE_ANY_USER");
	EXPECT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&any_user)));
	leave(&self->side, 0, 0);
}

TEST_F(access, that_is_demanded)
{
	struct sluice_service_opts found = SLUICE_SERVICE_OPTS(0);
	struct end *end = &self->end[2];

	SHARE_ROOT(03770);
	serve_as(_metadata, &self->end[0], ANN, NULL);
	cannot_open(_metadata, end, ANN, &of_some_group, EPROTOTYPE);
	cannot_open(_metadata, end, ANN, &of_all, EPROTOTYPE);
	end_stop(&self->end[0]);

	/* The group that the root directory gives is known. */
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_some_group)));
	ASSERT_EQ(0, sluice_service_settings(self->side.service, &found));
	EXPECT_EQ(0660, found.mode);
	EXPECT_EQ(GROUP, found.group);
	cannot_open(_metadata, end, ANN, &of_all, EPROTOTYPE);
	start_user(_metadata, end, ANN);
	EXPECT_EQ(0, at(end, open_service, PTR(&calls), PTR(&of_group)));
	end_stop(end);
}

TEST_F(access, of_a_group_that_is_not_ours)
{
	static const struct sluice_service_opts foreign = SLUICE_SERVICE_OPTS(
		.mode = 0660, .group = EVE);
	struct end *end = &self->end[0];

	SHARE_ROOT(03770);
	start_user(_metadata, end, ANN);
	EXPECT_EQ(-EPERM, at(end, open_service, PTR(&calls), PTR(&foreign)));
	EXPECT_NE(NULL, strstr(end->result.sentence, "group 65529"))
		TH_LOG("%s", end->result.sentence);
	EXPECT_EQ(0, at(end, open_service, PTR(&calls), PTR(&of_group)));
}

/* In a root of one user a service may say what it likes; nobody else gets there. */
TEST_F(access, below_a_private_root)
{
	struct end *end = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_some_group)));
	ASSERT_EQ(0, open_server(&self->side, 0, 0));
	start_client(_metadata, end, IN_PROCESS, &calls, 1);
	end_stop(end);
	if (!geteuid())
		cannot_open(_metadata, end, BOB, &any_user, EACCES);
}

/* A root that its own user has opened to others is his; they do not trust it. */
TEST_F(access, below_a_root_of_a_user)
{
	NEEDS_ROOT();
	ASSERT_EQ(0, chown(self->root.path, ANN, GROUP));
	ASSERT_EQ(0, chmod(self->root.path, 03770));
	serve_as(_metadata, &self->end[0], ANN, &of_group);
	cannot_open(_metadata, &self->end[2], BOB, &any_user, EACCES);
	EXPECT_EQ(-EACCES, open_service(&self->side, PTR(&calls), PTR(&any_user)));
}

TEST_HARNESS_MAIN
