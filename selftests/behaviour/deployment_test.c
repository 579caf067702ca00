// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two containers: each end in a pid namespace and a mount namespace of its own, with
 * nothing in common but the root directory, which each sees at another path through a bind
 * mount.  They meet, talk and grow as if they were neighbours; who dies is missed, and
 * what he has left is removed from the other namespace.
 *
 * Two users in one root directory are in access_test, a system without io_uring in
 * refused_test.
 */
#include <sched.h>
#include <sys/mount.h>

#include "steps.h"

PROCESSES_FIXTURE(deployment);

/* contain(path): hides all of /tmp but the root directory, which is at path from here on. */
static long contain(struct side *side, long path, long unused)
{
	const char *where = (const char *)path;
	char root[64];
	int fd;

	(void)side, (void)unused;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		return -errno;
	fd = open(getenv("SLUICE_ROOT"), O_PATH | O_CLOEXEC);
	snprintf(root, sizeof(root), "/proc/self/fd/%d", fd);
	if (fd < 0 || mount("none", "/tmp", "tmpfs", 0, NULL) || mkdir(where, 0755) ||
	    mount(root, where, NULL, MS_BIND, NULL) || setenv("SLUICE_ROOT", where, 1))
		return -errno;
	close(fd);
	return getpid();
}

/* The next end is the first process of a pid namespace.  False: that cannot be made. */
static bool start_contained(struct __test_metadata *_metadata, struct end *end,
			    const char *path)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	if (unshare(CLONE_NEWPID)) {
		close(own);
		return false;
	}
	end_start(_metadata, end, IN_PROCESS);
	EXPECT_EQ(0, setns(own, CLONE_NEWPID));
	close(own);
	EXPECT_EQ(1, at(end, contain, PTR(path), 0));
	return true;
}

static bool start_both(struct __test_metadata *_metadata, struct end *server,
		       struct end *client)
{
	return !geteuid() && start_contained(_metadata, server, "/tmp/served") &&
	       start_contained(_metadata, client, "/tmp/called");
}

#define NEEDS_CONTAINERS(server, client)				\
	do {								\
		if (!start_both(_metadata, server, client))		\
			SKIP(return, "needs root, and namespaces");	\
	} while (0)

static void meet(struct __test_metadata *_metadata, struct end *server, struct end *client,
		 const struct sluice_contract *contract, const struct sluice_service_opts *opts)
{
	ASSERT_EQ(0, at(server, open_service, PTR(contract), PTR(opts)))
		TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(server, open_server, 0, 0)) TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(client, join_client, PTR(contract), 0))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG)) TH_LOG("%s", client->result.sentence);
}

/* Opens another service, which sweeps the domain as the end sees it. */
static long sweep_here(struct side *side, long a, long b)
{
	struct sluice_service *service = sluice_service_open(side->node, &blobs, NULL);

	(void)a, (void)b;
	sluice_service_close(service);
	return service ? 0 : -errno;
}

TEST_F(deployment, request_and_response)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	NEEDS_CONTAINERS(server, client);
	meet(_metadata, server, client, &calls, NULL);
	begin(server, serve, 20, 0);
	for (i = 0; i < 20; i++) {
		until_asleep(server);
		ASSERT_EQ(1, at(client, ask, 0, i));
		EXPECT_EQ(i + 1, at(client, hear, 0, LONG)) TH_LOG("%s",
								   client->result.sentence);
		EXPECT_EQ(0, at(client, hear_end, 0, LONG));
	}
	EXPECT_EQ(20, finish(server));
}

/* The server comes second, and has to write letters. */
TEST_F(deployment, client_first)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_CONTAINERS(server, client);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	begin(client, wait_servers, 1, LONG);
	until_asleep(client);
	ASSERT_EQ(0, at(server, join_server, PTR(&calls), 0));
	EXPECT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
}

TEST_F(deployment, growth)
{
	static const long sizes[] = { 1, 5000, 70000, 1 << 20, 20 << 20, 3, 40 << 20 };
	struct end *server = &self->end[0], *client = &self->end[1];
	size_t i;

	NEEDS_CONTAINERS(server, client);
	meet(_metadata, server, client, &blobs, NULL);
	begin(server, serve_blobs, ARRAY_SIZE(sizes), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ASSERT_EQ(0, at(client, exchange_blob, 0, sizes[i]))
			TH_LOG("%ld: %s", sizes[i], client->result.sentence);
	EXPECT_EQ((long)ARRAY_SIZE(sizes), finish(server));
}

TEST_F(deployment, death_of_the_server)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	int alone;

	NEEDS_CONTAINERS(server, client);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	alone = tree_walk(self->root.path, false).entries;
	ASSERT_EQ(0, at(server, join_server, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	begin(client, hear, 0, SLUICE_FOREVER);
	until_asleep(client);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(0, at(client, cancel, 0, 0));
	end_reap(server);
	EXPECT_LT(alone, tree_walk(self->root.path, false).entries);
	EXPECT_EQ(0, at(client, sweep_here, 0, 0));
	EXPECT_EQ(alone, tree_walk(self->root.path, false).entries) {
		tree_walk(self->root.path, true);
	}
}

/* The one name that clients have is free for the next, who is in a third container. */
TEST_F(deployment, death_of_the_client)
{
	struct end *server = &self->end[0], *client = &self->end[1], *next = &self->end[2];

	NEEDS_CONTAINERS(server, client);
	ASSERT_TRUE(start_contained(_metadata, next, "/tmp/again"));
	meet(_metadata, server, client, &calls, &one_client);
	ASSERT_EQ(0, at(next, open_service, PTR(&calls), 0));
	EXPECT_EQ(-EUSERS, at(next, open_client, 0, 0));
	ASK_FROM_AND_TAKE(client, server, 0, 1);
	ASSERT_EQ(1, at(server, is_connected, 0, 0));
	end_kill_and_reap(client);
	EXPECT_NE(0, EVENTUALLY(at(server, is_connected, 0, 0) == 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, at(next, open_client, 0, 0)) TH_LOG("%s", next->result.sentence);
	ASSERT_EQ(1, at(next, wait_servers, 1, LONG));
	EXPECT_EQ(0, at(next, sweep_here, 0, 0));
}

/* Both containers are empty; the host removes what they have left. */
TEST_F(deployment, death_of_both)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_CONTAINERS(server, client);
	meet(_metadata, server, client, &calls, NULL);
	end_kill(server);
	end_kill(client);
	end_reap(server);
	end_reap(client);
	EXPECT_LT(0, tree_walk(self->root.path, false).files);
	sweep(_metadata);
	EXPECT_EQ(0, tree_walk(self->root.path, false).files);
}

TEST_HARNESS_MAIN
