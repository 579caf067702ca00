// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that never say HELLO, so many that the server has no descriptors for all of
 * them.  Its clients grow meanwhile, others come, and nobody is thrown out.
 */
#include "hostile.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "registry/server_socket.h"

#define CONNECTIONS	150
#define DESCRIPTORS	128

/* ---- The attacker: a process, or some ------------------------------------------- */

struct crowd {
	pid_t pids[8];
	int count;
	int ready[2], end[2];
};

/* Connects so often, and stays until it is told to end. */
static void stay(const struct crowd *crowd, const struct service_dir *dir, uint64_t server,
		 int connections)
{
	char byte = 0;
	int i;

	close(crowd->end[1]);
	for (i = 0; i < connections; i++)
		if (server_socket_connect(dir, server) < 0)
			break;
	if (write(crowd->ready[1], &byte, 1) != 1 || read(crowd->end[0], &byte, 1) != 0)
		_exit(1);
	_exit(0);
}

static void crowd_in(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		     struct crowd *crowd, int processes)
{
	struct sluice_server *server = self->server.server;
	char byte;
	int i;

	ASSERT_EQ(0, pipe2(crowd->ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(crowd->end, O_CLOEXEC));
	for (i = 0; i < processes; i++) {
		crowd->pids[i] = fork();
		ASSERT_LE(0, crowd->pids[i]);
		if (!crowd->pids[i])
			stay(crowd, &server->service->dir, server->entry.id,
			     CONNECTIONS / processes);
	}
	crowd->count = processes;
	for (i = 0; i < processes; i++)
		ASSERT_EQ(1, read(crowd->ready[0], &byte, 1));
}

static void crowd_out(struct __test_metadata *_metadata, struct crowd *crowd)
{
	int i, status;

	close(crowd->end[1]);
	for (i = 0; i < crowd->count; i++) {
		EXPECT_EQ(crowd->pids[i], waitpid(crowd->pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	close(crowd->end[0]);
	close(crowd->ready[0]);
	close(crowd->ready[1]);
}

/* ---- The others ------------------------------------------------------------------- */

/* A request of this size, and a reply that is as long. */
static void exchange(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		     struct side *client, long size)
{
	EXPECT_EQ(1, ask_blob(client, 0, size)) TH_LOG("%ld: %s", size, sluice_strerror());
	EXPECT_EQ(size, take_blob(&self->server, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, answer_blob(&self->server, 0, size)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(size, hear_blob(client, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, cancel(client, 0, 0));
}

static void limit_descriptors(struct __test_metadata *_metadata, rlim_t most)
{
	struct rlimit files;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = most ? most : files.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
}

/* The server has closed silent connections, and has their descriptors back. */
static void expect_quiet(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, int fds)
{
	int64_t end = now() + LONG;

	while ((self->server.server->strangers || count_fds() > fds) && now() < end)
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0, 20 * MILLISECOND));
	EXPECT_EQ(0, self->server.server->strangers);
	EXPECT_EQ(fds, count_fds());
}

static void withstand(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		      int processes)
{
	struct crowd crowd;
	int fds = count_fds();
	long size;

	crowd_in(_metadata, self, &crowd, processes);
	limit_descriptors(_metadata, DESCRIPTORS);
	for (size = 1 << 10; size <= 8 << 20; size *= 2) {
		exchange(_metadata, self, &self->good, size);
		EXPECT_GE(STRANGERS_PER_USER, self->server.server->strangers);
		if (processes == 1)
			EXPECT_GE(STRANGERS_PER_PROCESS, self->server.server->strangers);
	}
	/* One who comes meanwhile. */
	EXPECT_EQ(0, open_client(&self->bad, 0, 0)) TH_LOG("%s", sluice_strerror());
	exchange(_metadata, self, &self->bad, 10);
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
	/* They are still there, but nobody waits for them. */
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0,
					STRANGER_PATIENCE_NS + SECOND / 2));
	EXPECT_EQ(0, self->server.server->strangers);
	crowd_out(_metadata, &crowd);
	limit_descriptors(_metadata, 0);
	expect_quiet(_metadata, self, fds);
	EXPECT_EQ(0, open_client(&self->bad, 0, 0));
	exchange(_metadata, self, &self->bad, 10);
	EXPECT_EQ(0, close_client(&self->bad, 0, 0));
}

TEST_F(hostile, strangers_of_one_process)
{
	withstand(_metadata, self, 1);
}

TEST_F(hostile, strangers_of_several_processes)
{
	withstand(_metadata, self, 6);
}

TEST_HARNESS_MAIN
