/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Services of several users, who share a root directory: Ann and Bob, who are in one group,
 * and Eve, who is not (users.h).  An end serves or calls as one of them.
 */
#ifndef SELFTESTS_ACCESS_H
#define SELFTESTS_ACCESS_H

#include "steps.h"
#include "users.h"

PROCESSES_FIXTURE(access);

helper const struct sluice_service_opts any_user = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER);
helper const struct sluice_service_opts any_user_must_exist = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER | SLUICE_SERVICE_MUST_EXIST);
helper const struct sluice_service_opts of_group = SLUICE_SERVICE_OPTS(
	.mode = 0660, .group = GROUP);
helper const struct sluice_service_opts of_group_trusting = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER, .mode = 0660, .group = GROUP);
helper const struct sluice_service_opts of_all = SLUICE_SERVICE_OPTS(.mode = 0666);
helper const struct sluice_service_opts of_some_group = SLUICE_SERVICE_OPTS(.mode = 0660);

/* ---- Meeting ------------------------------------------------------------------- */

/* An end of this user that has the service open. */
helper void open_as(struct __test_metadata *_metadata, struct end *end, long user,
		    const struct sluice_service_opts *opts)
{
	start_user(_metadata, end, user);
	ASSERT_EQ(0, at(end, open_service, PTR(&calls), PTR(opts)))
		TH_LOG("%s", end->result.sentence);
}

helper void serve_as(struct __test_metadata *_metadata, struct end *end, long user,
		     const struct sluice_service_opts *opts)
{
	open_as(_metadata, end, user, opts);
	ASSERT_EQ(0, at(end, open_server, 0, 0)) TH_LOG("%s", end->result.sentence);
}

/* A client that waits for no server. */
helper void come_as(struct __test_metadata *_metadata, struct end *end, long user,
		    const struct sluice_service_opts *opts)
{
	open_as(_metadata, end, user, opts);
	ASSERT_EQ(0, at(end, open_client, 0, 0)) TH_LOG("%s", end->result.sentence);
}

helper void call_as(struct __test_metadata *_metadata, struct end *end, long user,
		    const struct sluice_service_opts *opts)
{
	come_as(_metadata, end, user, opts);
	ASSERT_EQ(1, at(end, wait_servers, 1, LONG)) TH_LOG("%s", end->result.sentence);
}

helper void exchange(struct __test_metadata *_metadata, struct end *client,
		     struct end *server, long value)
{
	ASK_FROM_AND_TAKE(client, server, 0, value);
	ASSERT_EQ(0, at(server, answer_and_done, 0, value + 1));
	ASSERT_EQ(value + 1, at(client, hear, 0, LONG)) TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(client, hear_end, 0, LONG));
}

helper void cannot_open(struct __test_metadata *_metadata, struct end *end, long user,
			const struct sluice_service_opts *opts, int error)
{
	start_user(_metadata, end, user);
	EXPECT_EQ(-error, at(end, open_service, PTR(&calls), PTR(opts)));
	EXPECT_NE(0, end->result.sentence[0]);
	end_stop(end);
}

/* A server of Ann's for the group, and a client of Bob's, who is in it. */
helper void serve_ann_call_bob(struct __test_metadata *_metadata, struct end *server,
			       struct end *client)
{
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
}

/* A client of Ann's, whose service it is, and a server of Bob's, who comes second. */
helper void come_ann_serve_bob(struct __test_metadata *_metadata, struct end *client,
			       struct end *server, const struct sluice_service_opts *opts)
{
	come_as(_metadata, client, ANN, opts);
	serve_as(_metadata, server, BOB, &any_user);
}

/* The test needs root, and users share its root directory, which has this mode. */
#define SHARE_ROOT(mode)						\
	NEEDS_ROOT();							\
	root_share(_metadata, &self->root, mode)

#endif /* SELFTESTS_ACCESS_H */
