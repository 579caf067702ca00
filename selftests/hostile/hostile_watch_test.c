// SPDX-License-Identifier: GPL-2.0-only
/*
 * A watch, and users who may write in the registry: they make names without end, or more than
 * a watch can know, or such as the library never makes.  The watch's node does its other work
 * all the same, and in the end the watch has told what is there.  A watch that the kernel
 * cannot tell of changes looks by itself.
 */
#include "steps.h"
#include "watched.h"

#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

PROCESSES_FIXTURE(hostile_watch);

static void in_services(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/default/services/%s", getenv("SLUICE_ROOT"), name);
}

/* Makes and removes names in services/, so many; without end if it is negative. */
static void flood(long names)
{
	char path[2][128];
	int fd;

	in_services(path[0], sizeof(path[0]), "ffffffffffffff01");
	in_services(path[1], sizeof(path[1]), "ffffffffffffff02");
	for (; names; names--) {
		fd = open(path[names & 1], O_CREAT | O_RDWR, 0600);
		close(fd);
		unlink(path[names & 1]);
	}
}

static void expect_server_is_told(struct __test_metadata *_metadata,
				  FIXTURE_DATA(hostile_watch) *self, struct watched *known)
{
	int before = known->ports;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(known, known->ports == before + 1));
	end_stop(&self->end[0]);
	ASSERT_TRUE(WATCHED_UNTIL(known, known->ports == before));
}

/* ---- Names without end ---- */

TEST_F_TIMEOUT(hostile_watch, names_without_end, 120)
{
	struct side *side = &self->side;
	struct sluice_event event = SLUICE_EVENT();
	struct watched known = { .way = BY_NODE };
	int served = 0;
	pid_t flooder;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	known.node = side->node;
	known.watch = sluice_watch_open(side->node, NULL);
	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 1);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	flooder = fork();
	if (!flooder) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		flood(-1);
	}
	/* The node's other work gets its turn, */
	while (served < 200) {
		ASSERT_EQ(1, at(&self->end[1], ask, 0, served));
		ASSERT_TRUE(EVENTUALLY(({
			(void)!sluice_node_wait(side->node, SECOND);
			while (sluice_node_next(side->node, &event) > 0 &&
			       event.kind != SLUICE_EVENT_REQUEST)
				continue;
			event.kind == SLUICE_EVENT_REQUEST;
		})));
		ASSERT_EQ(served, take(side, 0, LONG));
		ASSERT_EQ(0, answer_and_done(side, 0, ++served));
		ASSERT_EQ(served, at(&self->end[1], hear, 0, LONG));
		ASSERT_EQ(0, at(&self->end[1], cancel, 0, 0));
	}
	/* and what is there is told. */
	expect_server_is_told(_metadata, self, &known);
	ASSERT_EQ(0, kill(flooder, SIGKILL));
	ASSERT_EQ(flooder, waitpid(flooder, NULL, 0));
	expect_server_is_told(_metadata, self, &known);
	sluice_watch_close(known.watch);
	(void)!system("rm -f $SLUICE_ROOT/default/services/ffffffffffffff0*");
}

/* The kernel keeps 16,384 changes by default. */
TEST_F_TIMEOUT(hostile_watch, changes_that_are_lost, 120)
{
	struct watched known;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	start_server(_metadata, &self->end[1], IN_PROCESS, &blobs, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told && known.ports == 2));
	flood(20000);
	end_stop(&self->end[0]);
	start_client(_metadata, &self->end[2], IN_PROCESS, &blobs, 1);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.services == 1 && known.ports == 2));
	EXPECT_EQ(1, known.came);
	EXPECT_EQ(1, known.went);
	expect_server_is_told(_metadata, self, &known);
	watched_close(&known);
}

/* ---- More than a watch can know ---- */

TEST_F_TIMEOUT(hostile_watch, more_services_than_it_can_know, 120)
{
	struct watched known;
	char path[128], name[32];
	int i;

#ifdef WITH_THREAD_CHECK
	SKIP(return, "the thread sanitizer needs minutes for so many names");
#endif
	start_server(_metadata, &self->end[1], IN_PROCESS, &blobs, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told && known.ports == 1));
	for (i = 0; i < 4300; i++) {
		snprintf(name, sizeof(name), "eeeeeeeeeeee%04d", i);
		in_services(path, sizeof(path), name);
		ASSERT_EQ(0, mkdir(path, 0700));
	}
	start_client(_metadata, &self->end[2], IN_PROCESS, &blobs, 1);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2 && known.left_out >= 4300 - 4096));
	EXPECT_EQ(1, known.services);
	for (i = 0; i < 4300; i++) {
		snprintf(name, sizeof(name), "eeeeeeeeeeee%04d", i);
		in_services(path, sizeof(path), name);
		ASSERT_EQ(0, rmdir(path));
	}
	expect_server_is_told(_metadata, self, &known);
	end_stop(&self->end[2]);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1 && !known.left_out));
	watched_close(&known);
}

/* A look ends with any entry, also with the last one of all. */
TEST_F_TIMEOUT(hostile_watch, any_number_of_names, 120)
{
	struct watched known;
	char path[128], name[32];
	int i;

	self->side.node = sluice_node_create("there", NULL);
	for (i = 0; i < 70; i++) {
		watched_open(_metadata, &known, BY_NEXT, NULL);
		ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told)) TH_LOG("%d names", i);
		watched_close(&known);
		snprintf(name, sizeof(name), ".%d", i);
		in_services(path, sizeof(path), name);
		ASSERT_EQ(0, mkdir(path, 0700));
	}
	for (i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), ".%d", i);
		in_services(path, sizeof(path), name);
		ASSERT_EQ(0, rmdir(path));
	}
}

/* ---- What the library never makes ---- */

TEST_F(hostile_watch, entries_that_are_no_ports)
{
	struct watched known;
	char path[256];
	FILE *found;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told && known.ports == 1));
	found = popen("cd $SLUICE_ROOT/default/services/*/ports && "
		      "mkfifo client.1 && ln -s server.0 client.2 && mkdir client.3 && "
		      "head -c 4096 /dev/zero >client.4 && echo x >client.5 && "
		      "ln server.0 client.6 && touch server.1 server.1000000000000000000000000000"
		      " && pwd", "r");
	ASSERT_NE(NULL, found);
	ASSERT_NE(NULL, fgets(path, sizeof(path), found));
	EXPECT_EQ(0, pclose(found));
	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 1);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 2));
	EXPECT_EQ(1, known.came);
	path[strcspn(path, "\n")] = 0;
	ASSERT_EQ(0, chdir(path));
	EXPECT_EQ(0, system("rm -r client.[1-6] server.1 server.1000000000000000000000000000"));
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, watched_for(_metadata, &known, SECOND / 10));
	end_stop(&self->end[0]);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.ports == 1));
	watched_close(&known);
}

/* A service whose contract is no contract, or is taken away, is not there. */
TEST_F(hostile_watch, contracts_that_are_wrong)
{
	struct watched known;

	start_server(_metadata, &self->end[0], IN_PROCESS, &calls, NULL, NULL);
	watched_open(_metadata, &known, BY_NEXT, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told && known.ports == 1));
	ASSERT_EQ(0, system("cd $SLUICE_ROOT/default/services/*/ && mv contract .kept"));
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.services && !known.ports));
	ASSERT_EQ(0, system("cd $SLUICE_ROOT/default/services/*/ && echo x >contract"));
	EXPECT_EQ(0, watched_for(_metadata, &known, SECOND / 10));
	ASSERT_EQ(0, system("cd $SLUICE_ROOT/default/services/*/ && mv .kept contract"));
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.services == 1 && known.ports == 1));
	watched_close(&known);
}

/* ---- Without inotify ---- */

static long refuse(struct side *side, long number, long error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	(void)side;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

static struct sluice_watch *untold;	/* of an end's process */

static long open_untold(struct side *side, long a, long b)
{
	(void)a, (void)b;
	side->node = sluice_node_create("untold", NULL);
	untold = sluice_watch_open(side->node, NULL);
	return untold ? 0 : -errno;
}

static long close_untold(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	sluice_watch_close(untold);
	return 0;
}

/* next_change(timeout): of a port. */
static long next_change(struct side *side, long timeout, long unused)
{
	struct sluice_watch_event event = SLUICE_WATCH_EVENT();
	int r;

	(void)side, (void)unused;
	do
		r = sluice_watch_next(untold, &event, timeout);
	while (r > 0 && !event.id);
	return r < 0 ? r : (long)event.change;
}

static void expect_looks(struct __test_metadata *_metadata, FIXTURE_DATA(hostile_watch) *self,
			 long number, long error)
{
	struct end *server = &self->end[0], *watcher = &self->end[1];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	end_start(_metadata, watcher, IN_PROCESS);
	ASSERT_EQ(0, at(watcher, refuse, number, error));
	ASSERT_EQ(0, at(watcher, open_untold, 0, 0));
	EXPECT_EQ(SLUICE_WATCH_IS_THERE, at(watcher, next_change, LONG, 0));
	begin(watcher, next_change, LONG, 0);
	until_asleep(watcher);
	ASSERT_EQ(0, at(server, open_client, 0, 0));
	EXPECT_EQ(SLUICE_WATCH_CAME, finish(watcher));
	begin(watcher, next_change, LONG, 0);
	until_asleep(watcher);
	ASSERT_EQ(0, at(server, close_client, 0, 0));
	EXPECT_EQ(SLUICE_WATCH_WENT, finish(watcher));
	ASSERT_EQ(0, at(watcher, close_untold, 0, 0));
}

TEST_F(hostile_watch, no_instance_is_left)
{
	expect_looks(_metadata, self, SYS_inotify_init1, EMFILE);
}

TEST_F(hostile_watch, no_directory_can_be_watched)
{
	expect_looks(_metadata, self, SYS_inotify_add_watch, ENOSPC);
}

TEST_HARNESS_MAIN
