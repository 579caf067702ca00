// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of what messages tell: their numbers, who sent them, whether the other end is
 * still there, and whether there is anything to receive.
 */
#include "steps.h"

#include <poll.h>

ENDS_FIXTURE(rule_told);

/* ---- Steps ---------------------------------------------------------------- */

static long client_of(struct side *side, long slot, long unused)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();

	(void)unused;
	return sluice_active_request_info(side->active[slot], &info) < 0 ? -errno :
	       (long)(info.client >> 1);
}

static long node_of_client(struct side *side, long slot, long unused)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();

	(void)unused;
	return sluice_active_request_info(side->active[slot], &info) < 0 ? -errno :
	       (long)(info.node >> 1);
}

static long number_of(struct side *side, long slot, long unused)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();

	(void)unused;
	if (sluice_active_request_info(side->active[slot], &info) < 0 || info.count != 1)
		return -errno;
	return (long)info.request;
}

static long deadline_of(struct side *side, long slot, long unused)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();

	(void)unused;
	return sluice_active_request_info(side->active[slot], &info) < 0 ? -errno : info.deadline;
}

static long own_id(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return (long)(sluice_server_id(side->server) >> 1);
}

static long own_node(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return (long)(sluice_node_id(side->node) >> 1);
}

static long own_pid(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return getpid();
}

static long pid_of_client(struct side *side, long slot, long unused)
{
	struct sluice_peer peer = SLUICE_PEER();

	(void)unused;
	if (sluice_active_request_peer(side->active[slot], &peer) < 0)
		return -errno;
	return peer.uid == geteuid() && peer.gid == getegid() ? peer.pid : -1;
}

/* 1 if a pidfd of the client can be had and is of a process that lives, 0 if it has died. */
static long client_lives(struct side *side, long slot, long unused)
{
	struct pollfd end = { .events = POLLIN };
	int r;

	(void)unused;
	end.fd = sluice_active_request_pidfd(side->active[slot]);
	if (end.fd < 0)
		return end.fd;
	r = poll(&end, 1, 0);
	close(end.fd);
	return !r;
}

static long has_request(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_has_request(side->server);
}

static void meet(struct __test_metadata *_metadata, FIXTURE_DATA(rule_told) *self,
		 enum place place)
{
	start_pair(_metadata, &self->end[0], place, &self->side, &calls);
}

/* ---- Numbers --------------------------------------------------------------- */

TEST_F(rule_told, a_request_tells_its_client_node_number_and_count)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, sluice_pending_response_info(self->side.pending[0], &info));
	EXPECT_EQ(sluice_client_id(self->side.client), info.client);
	EXPECT_EQ(sluice_node_id(self->side.node), info.node);
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(0, info.deadline);
	EXPECT_EQ((long)(info.client >> 1), at(server, client_of, 0, 0));
	EXPECT_EQ((long)(info.node >> 1), at(server, node_of_client, 0, 0));
	EXPECT_EQ((long)info.request, at(server, number_of, 0, 0));
	EXPECT_EQ(0, at(server, deadline_of, 0, 0));
}

TEST_F(rule_told, a_request_tells_its_deadline)
{
	struct sluice_request_info info = SLUICE_REQUEST_INFO();
	int64_t deadline = sluice_deadline(LONG);

	meet(_metadata, self, variant->place);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	ASSERT_EQ(0, sluice_request_set_deadline(self->side.request[0], deadline));
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	ASSERT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(deadline, at(&self->end[0], deadline_of, 0, 0));
	ASSERT_EQ(0, sluice_pending_response_info(self->side.pending[0], &info));
	EXPECT_EQ(deadline, info.deadline);
}

TEST_F(rule_told, a_response_tells_its_server_node_request_and_position)
{
	struct sluice_response_info info = SLUICE_RESPONSE_INFO();
	struct end *server = &self->end[0];
	long i;

	meet(_metadata, self, variant->place);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(3, at(server, answer_many, 0, 3));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(i, hold(&self->side, 0, i));
		ASSERT_EQ(0, sluice_response_info(self->side.response[i], &info));
		EXPECT_EQ(i, (long)info.position);
		EXPECT_EQ(1, info.count);
		EXPECT_EQ(0, info.last);
		EXPECT_EQ(at(server, own_id, 0, 0), (long)(info.server >> 1));
		EXPECT_EQ(at(server, own_node, 0, 0), (long)(info.node >> 1));
		EXPECT_EQ(at(server, number_of, 0, 0), (long)info.request);
	}
}

TEST_F(rule_told, an_info_needs_its_size)
{
	struct sluice_request_info none = { 0 };
	struct {
		struct sluice_request_info info;
		uint64_t behind;
	} longer = { .info.size = sizeof(longer), .behind = 5 };

	meet(_metadata, self, variant->place);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_FAILS_INT(EINVAL, sluice_pending_response_info(self->side.pending[0], &none));
	EXPECT_FAILS_INT(EINVAL, sluice_pending_response_info(self->side.pending[0], NULL));
	EXPECT_EQ(0, sluice_pending_response_info(self->side.pending[0], &longer.info));
	EXPECT_EQ(5, longer.behind);
	EXPECT_EQ(sizeof(longer), longer.info.size);
}

TEST_F(rule_told, every_port_and_node_has_an_id_of_its_own)
{
	struct sluice_client *other;

	meet(_metadata, self, variant->place);
	other = sluice_client_create(self->side.service, NULL);
	ASSERT_NE(NULL, other);
	EXPECT_NE(0, sluice_client_id(other));
	EXPECT_NE(sluice_client_id(other), sluice_client_id(self->side.client));
	EXPECT_NE(0, sluice_node_id(self->side.node));
	EXPECT_EQ(0, sluice_client_id(NULL));
	EXPECT_EQ(0, sluice_server_id(NULL));
	EXPECT_EQ(0, sluice_node_id(NULL));
	sluice_client_destroy(other);
}

/* ---- Who it is ------------------------------------------------------------- */

TEST_F(rule_told, the_kernel_tells_who_sent_a_request)
{
	meet(_metadata, self, variant->place);
	ASK_AND_TAKE(&self->side, &self->end[0], 0, 1);
	EXPECT_EQ(getpid(), at(&self->end[0], pid_of_client, 0, 0));
}

TEST_F(rule_told, the_kernel_tells_who_sent_a_response)
{
	struct sluice_peer peer = SLUICE_PEER();
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(2, hold(&self->side, 0, 0));
	ASSERT_EQ(0, sluice_response_peer(self->side.response[0], &peer));
	EXPECT_EQ(at(server, own_pid, 0, 0), peer.pid);
	EXPECT_EQ(geteuid(), peer.uid);
	EXPECT_EQ(getegid(), peer.gid);
	EXPECT_EQ(at(server, own_id, 0, 0), (long)(peer.port >> 1));
	EXPECT_EQ(at(server, own_node, 0, 0), (long)(peer.node >> 1));
}

TEST_F(rule_told, a_pidfd_outlives_its_process)
{
	struct end *client = &self->end[1], *server = &self->end[0];
	long lives;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	start_two(_metadata, server, client, variant->place, &calls);
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	lives = at(server, client_lives, 0, 0);
	if (lives != -ENOSYS)
		EXPECT_EQ(1, lives);
	end_kill(client);
	EXPECT_EQ(1, EVENTUALLY(!at(server, is_connected, 0, 0)));
	/* A process hangs up a little before it has ended. */
	if (lives != -ENOSYS)
		EXPECT_EQ(1, EVENTUALLY(!at(server, client_lives, 0, 0)));
	EXPECT_EQ(0, at(server, done, 0, 0));
	end_reap(client);
	sweep(_metadata);
	if (lives == -ENOSYS)
		SKIP(return, "the kernel has no pidfds of peers");
}

TEST_F(rule_told, a_response_has_a_pidfd_that_is_the_callers)
{
	struct end *server = &self->end[0];
	int fds, fd;

	meet(_metadata, self, variant->place);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	ASSERT_EQ(0, at(server, answer, 0, 2));
	ASSERT_EQ(2, hold(&self->side, 0, 0));
	fds = count_fds();
	fd = sluice_response_pidfd(self->side.response[0]);
	if (fd == -ENOSYS)
		SKIP(return, "the kernel has no pidfds of peers");
	ASSERT_LE(0, fd);
	EXPECT_EQ(fds + 1, count_fds());
	EXPECT_EQ(0, close(fd));
}

/* ---- Whether it is there ---------------------------------------------------- */

TEST_F(rule_told, a_pending_response_is_connected_until_all_servers_have_ended)
{
	struct end *first = &self->end[0], *second = &self->end[1];
	struct sluice_pending_response *pending;

	start_two_servers(_metadata, first, second, variant->place, &self->side, &calls, NULL);
	ASSERT_EQ(2, ask(&self->side, 0, 1));
	pending = self->side.pending[0];
	EXPECT_EQ(1, sluice_pending_response_is_connected(pending));
	ASSERT_EQ(1, at(first, take, 0, LONG));
	ASSERT_EQ(1, at(second, take, 0, LONG));
	ASSERT_EQ(0, at(first, done, 0, 0));
	EXPECT_EQ(1, sluice_pending_response_is_connected(pending));
	ASSERT_EQ(0, at(second, answer_and_done, 0, 2));
	EXPECT_EQ(0, sluice_pending_response_is_connected(pending));
	EXPECT_EQ(2, hear(&self->side, 0, LONG));
}

TEST_F(rule_told, a_request_that_reached_nobody_is_not_connected)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(&self->side, 0, 1));
	EXPECT_EQ(0, sluice_pending_response_is_connected(self->side.pending[0]));
	EXPECT_EQ(0, sluice_pending_response_has_response(self->side.pending[0]));
}

TEST_F(rule_told, has_request_takes_nothing)
{
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place);
	EXPECT_EQ(0, at(server, has_request, 0, 0));
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(1, at(server, has_request, 0, 0));
	EXPECT_EQ(1, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, at(server, has_request, 0, 0));
}

TEST_F(rule_told, has_response_takes_nothing_and_an_end_is_none)
{
	struct sluice_pending_response *pending;
	struct end *server = &self->end[0];

	meet(_metadata, self, variant->place);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	pending = self->side.pending[0];
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(0, sluice_pending_response_has_response(pending));
	ASSERT_EQ(0, at(server, answer, 0, 2));
	EXPECT_EQ(1, sluice_pending_response_has_response(pending));
	EXPECT_EQ(1, sluice_pending_response_has_response(pending));
	EXPECT_EQ(2, hear(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, sluice_pending_response_has_response(pending));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

TEST_F(rule_told, a_client_may_hold_fewer_than_the_service_allows)
{
	static const struct sluice_client_opts two = SLUICE_CLIENT_OPTS(.max_active_requests = 2);
	static const struct sluice_client_opts many = SLUICE_CLIENT_OPTS(.max_active_requests = 17);

	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, &two, 1);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, ask(&self->side, 1, 2));
	EXPECT_EQ(-EBUSY, ask(&self->side, 2, 3));
	EXPECT_SAYS("max_active_requests, 2");
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(1, ask(&self->side, 0, 4));
	EXPECT_FAILS(EINVAL, sluice_client_create(self->side.service, &many));
	EXPECT_SAYS("max_active_requests");
}

TEST_HARNESS_MAIN
