// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client or a server in a small memory cgroup borrows ever more.  A loan fails with a sentence,
 * or the kernel kills a process of the group.  Then its peer is told once, and a new process
 * takes the place.
 *
 * The test makes the group below that of its own process, so it needs root and a cgroup2
 * that may be written: check-vm has one.  A limit is that of what is allocated in the group:
 * what an end has allocated before it came is not counted.
 */
#include "steps.h"
#include "events.h"
#include "table.h"

#define GROUPS		"/sys/fs/cgroup"
#define LIMIT		(24l << 20)
#define LARGEST		(512l << 20)	/* of the loans, which begin with 1 MiB */

FIXTURE(memory_cgroup) {
	struct root root;
	struct side side;
	struct end end[4];
	char group[64];
};

static long write_into(const char *group, const char *file, long number)
{
	char path[128], text[32];
	int fd, size = snprintf(text, sizeof(text), "%ld", number);
	ssize_t written;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, text, (size_t)size);
	close(fd);
	return written == size ? 0 : -EIO;
}

/* False: this user, or this kernel, makes no such group. */
static bool make_group(char *group, size_t size)
{
	int fd = open(GROUPS "/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	bool delegated = fd >= 0 && write(fd, "+memory", 7) == 7;

	if (fd >= 0)
		close(fd);
	snprintf(group, size, GROUPS "/sluice-test-%d", getpid());
	if (!delegated || mkdir(group, 0755)) {
		group[0] = '\0';
		return false;
	}
	write_into(group, "memory.swap.max", 0);
	return !write_into(group, "memory.max", LIMIT);
}

FIXTURE_SETUP(memory_cgroup)
{
	root_make(_metadata, &self->root);
	if (!make_group(self->group, sizeof(self->group)))
		SKIP(return, "no memory cgroup can be made");
}

FIXTURE_TEARDOWN(memory_cgroup)
{
	leave(&self->side, 0, 0);
	ends_stop(_metadata, self->end, ARRAY_SIZE(self->end));
	if (self->group[0])
		EXPECT_TRUE(EVENTUALLY(!rmdir(self->group)));
	TEARDOWN_CHECKS(&self->root);
}

/* Requests of 1, 2, 4, ... MiB; each is given back.  0 or -errno. */
static long borrow_requests(struct side *side, long a, long b)
{
	struct sluice_request *request;
	long size;

	(void)a, (void)b;
	for (size = 1l << 20; size <= LARGEST; size *= 2) {
		request = sluice_client_loan(side->client, (uint64_t)size);
		if (!request)
			return -errno;
		memset(request->data, 1, (size_t)size);
		sluice_request_release(request);
	}
	return 0;
}

/* The same with replies to the request in slot 0. */
static long borrow_replies(struct side *side, long a, long b)
{
	struct sluice_reply *reply;
	long size;

	(void)a, (void)b;
	for (size = 1l << 20; size <= LARGEST; size *= 2) {
		reply = sluice_active_request_loan(side->active[0], (uint64_t)size);
		if (!reply)
			return -errno;
		memset(reply->data, 1, (size_t)size);
		sluice_reply_release(reply);
	}
	return 0;
}

/*
 * What became of an end that was begun to borrow: true if the kernel has killed it, which is
 * reaped then.  Else the loan that was too large has failed with a sentence.
 */
static bool was_killed(struct __test_metadata *_metadata, struct end *end)
{
	ssize_t size = recv(end->socket, &end->result, sizeof(end->result), 0);

	if (size == 0 || (size < 0 && errno == ECONNRESET)) {
		tell_table("memory cgroup, %s: killed by the kernel", _metadata->name);
		end_reap(end);
		return true;
	}
	tell_table("memory cgroup, %s: the loan has failed", _metadata->name);
	EXPECT_EQ(-ENOMEM, end->result.value) TH_LOG("%s", end->result.sentence);
	EXPECT_LT(0u, strlen(end->result.sentence));
	return false;
}

static void put_into(struct __test_metadata *_metadata, const char *group, const struct end *end)
{
	ASSERT_EQ(0, write_into(group, "cgroup.procs", end->pid));
}

/* A peer that was killed is told of once; then nothing more comes. */
static void expect_told_once(struct __test_metadata *_metadata, struct side *side)
{
	EXPECT_EQ(ECONNRESET, await_peers(side, SLUICE_EVENT_DISCONNECTED, 1));
	EXPECT_EQ(-ETIMEDOUT, find_out(side, SECOND / 5, 0));
}

static void new_client_is_served(struct __test_metadata *_metadata, struct side *side,
				 struct end *client)
{
	start_client(_metadata, client, IN_PROCESS, &blobs, 1);
	begin(client, exchange_blob, 0, 4000);
	EXPECT_EQ(1, serve_blobs(side, 1, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_LE(0, finish(client)) TH_LOG("%s", client->result.sentence);
}

TEST_F(memory_cgroup, of_a_client)
{
	struct end *client = &self->end[0];

	start_reversed(_metadata, client, IN_PROCESS, &self->side, &blobs);
	ASSERT_EQ(0, await_peers(&self->side, SLUICE_EVENT_CONNECTED, 1));
	put_into(_metadata, self->group, client);
	begin(client, borrow_requests, 0, 0);
	if (was_killed(_metadata, client))
		expect_told_once(_metadata, &self->side);
	else
		end_stop(client);
	new_client_is_served(_metadata, &self->side, client);
	sweep(_metadata);
}

TEST_F(memory_cgroup, of_a_server)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, IN_PROCESS, &self->side, &blobs);
	ASSERT_EQ(0, await_peers(&self->side, SLUICE_EVENT_CONNECTED, 1));
	ASSERT_EQ(1, ask_blob(&self->side, 0, 4000));
	ASSERT_EQ(4000, at(server, take_blob, 0, LONG));
	put_into(_metadata, self->group, server);
	begin(server, borrow_replies, 0, 0);
	if (was_killed(_metadata, server)) {
		EXPECT_EQ(-ECONNRESET, hear_blob(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		expect_told_once(_metadata, &self->side);
	} else {
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		end_stop(server);
		EXPECT_EQ(0, await_peers(&self->side, SLUICE_EVENT_DISCONNECTED, 1));
	}
	start_server(_metadata, server, IN_PROCESS, &blobs, NULL, NULL);
	begin(server, serve_blobs, 1, 0);
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	EXPECT_LE(0, exchange_blob(&self->side, 0, 4000)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(1, finish(server));
	sweep(_metadata);
}

/* The kernel chooses which of them dies. */
TEST_F(memory_cgroup, of_both)
{
	struct end *client = &self->end[0], *server = &self->end[1];
	bool killed;

	start_two(_metadata, server, client, IN_PROCESS, &blobs);
	ASSERT_EQ(0, at(server, await_peers, SLUICE_EVENT_CONNECTED, 1));
	put_into(_metadata, self->group, client);
	put_into(_metadata, self->group, server);
	begin(client, borrow_requests, 0, 0);
	killed = was_killed(_metadata, client);
	if (kill(server->pid, 0) == 0 && waitpid(server->pid, NULL, WNOHANG) == 0) {
		if (killed)
			EXPECT_EQ(ECONNRESET, at(server, await_peers, SLUICE_EVENT_DISCONNECTED, 1));
		EXPECT_EQ(-ETIMEDOUT, at(server, find_out, SECOND / 5, 0));
		end_kill_and_reap(server);
	} else {
		end_forget(server);
	}
	if (!killed)
		end_kill_and_reap(client);
	start_two(_metadata, server, client, IN_PROCESS, &blobs);
	begin(server, serve_blobs, 1, 0);
	EXPECT_LE(0, at(client, exchange_blob, 0, 4000)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1, finish(server));
	sweep(_metadata);
}

TEST_HARNESS_MAIN
