// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a node comes to write its entries again: whatever it sleeps in, however many do it at
 * the same time, when it lacks descriptors, when the kernel cannot tell it of anything,
 * when there is nowhere to write, and when somebody has another service of that name.
 * vanished_test has all that can be taken away.
 *
 * Whoever lives holds a lock on each of his entries, so how many names of the tree are
 * locked tells whether all are there.
 */
#include "steps.h"

#include <glob.h>
#include <poll.h>
#include <stddef.h>
#include <sys/resource.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define CROWD	6

#define NAP		(SECOND / 2)

FIXTURE(renewal) {
	struct root root;
	char path[96];		/* of the root that is used, below the test's own */
	struct side side;
	struct end crowd[CROWD];
};

FIXTURE_SETUP(renewal)
{
	root_make(_metadata, &self->root);
	snprintf(self->path, sizeof(self->path), "%s/parent/root", self->root.path);
	ASSERT_EQ(0, setenv("SLUICE_ROOT", self->path, 1));
	ASSERT_EQ(0, system("mkdir -m 700 -p $SLUICE_ROOT"));
	ends_mix(self->crowd, CROWD);
}

FIXTURE_TEARDOWN(renewal)
{
	leave(&self->side, 0, 0);
	ends_stop(_metadata, self->crowd, CROWD);
	TEARDOWN_CHECKS(&self->root);
}

static int alive(const char *path)
{
	return tree_walk(path, false).alive;
}

static int services(void)
{
	char pattern[128];
	glob_t found;
	int count;

	snprintf(pattern, sizeof(pattern), "%s/default/services/*", getenv("SLUICE_ROOT"));
	count = glob(pattern, 0, NULL, &found) ? 0 : (int)found.gl_pathc;
	globfree(&found);
	return count;
}

/* rm -rf fails if a node writes meanwhile, which it may when it takes 100 ms; then again. */
static void shell(struct __test_metadata *_metadata, const char *command)
{
	int64_t end = now() + LONG;
	int status;

	while ((status = system(command)) && now() < end)
		continue;
	ASSERT_EQ(0, status) TH_LOG("%s", command);
}

/* A client of the test's own, and a server that will answer so many requests. */
static void connect_two(struct __test_metadata *_metadata, FIXTURE_DATA(renewal) *self,
			long requests)
{
	start_pair(_metadata, &self->crowd[0], IN_PROCESS, &self->side, &calls);
	begin(&self->crowd[0], keep_serving, requests, 0);
	until_asleep(&self->crowd[0]);
}

static void expect_answer(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(1, ask(side, 0, 20)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(21, hear(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, cancel(side, 0, 0));
}

/* ---- Whatever it sleeps in --------------------------------------------------------- */

static long wait_node(struct side *side, long timeout, long unused)
{
	(void)unused;
	return sluice_node_wait(side->node, timeout);
}

/* doze(time): sleeps for so long, whatever there is to be told. */
static long doze(struct side *side, long time, long unused)
{
	int64_t end = now() + time;

	(void)unused;
	while (now() < end)
		(void)!sluice_node_wait(side->node, end - now());
	return 0;
}

/* Until all names are there, the test's own node and these ends sleep, a nap each time. */
static void sleep_until_back(struct __test_metadata *_metadata, FIXTURE_DATA(renewal) *self,
			     int ends, int names)
{
	int64_t end = now() + RENEWAL_LONG;
	int i;

	while (alive(self->path) != names && now() < end) {
		for (i = 0; i < ends; i++)
			begin(&self->crowd[i], doze, NAP, 0);
		if (self->side.node)
			doze(&self->side, NAP, 0);
		for (i = 0; i < ends; i++)
			EXPECT_EQ(0, finish(&self->crowd[i]));
	}
	EXPECT_EQ(names, alive(self->path));
}

/* As an event loop of its own would. */
static long poll_node(struct side *side, long timeout, long unused)
{
	struct pollfd poller = { .fd = sluice_node_fd(side->node), .events = POLLIN };
	int64_t end = now() + timeout;
	int r;

	(void)unused;
	while (!(r = sluice_node_prepare(side->node)) && now() < end)
		poll(&poller, 1, (int)((end - now()) / MILLISECOND) + 1);
	return r;
}

/* The client has asked, and nobody answers before its entry is there again. */
static void sleep_in(struct __test_metadata *_metadata, FIXTURE_DATA(renewal) *self, step *what,
		     long a, long b)
{
	struct end *server = &self->crowd[0], *client = &self->crowd[1];
	int before;

	start_two(_metadata, server, client, IN_PROCESS, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 7)) TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(7, at(server, take, 0, LONG)) TH_LOG("%s", server->result.sentence);
	/* That they have met is no news any more. */
	at(client, wait_node, 0, 0);
	before = alive(self->path);
	begin(client, what, a, b);
	until_asleep(client);
	begin(server, doze, NAP, 0);
	shell(_metadata, "rm -rf $SLUICE_ROOT");
	EXPECT_EQ(0, finish(server));
	sleep_until_back(_metadata, self, 1, before);
	ASSERT_EQ(0, at(server, answer, 0, 8)) TH_LOG("%s", server->result.sentence);
}

TEST_F_TIMEOUT(renewal, asleep_in_a_receive, 240)
{
	sleep_in(_metadata, self, hear, 0, RENEWAL_LONG);
	EXPECT_EQ(8, finish(&self->crowd[1]));
}

TEST_F_TIMEOUT(renewal, asleep_with_the_node, 240)
{
	sleep_in(_metadata, self, wait_node, RENEWAL_LONG, 0);
	EXPECT_EQ(0, finish(&self->crowd[1]));
}

TEST_F_TIMEOUT(renewal, asleep_in_an_event_loop, 240)
{
	sleep_in(_metadata, self, poll_node, RENEWAL_LONG, 0);
	EXPECT_EQ(1, finish(&self->crowd[1]));
}

/* ---- Several at the same time ------------------------------------------------------ */

TEST_F_TIMEOUT(renewal, all_at_once, 240)
{
	int before, round, i;

	for (i = 0; i < 2; i++) {
		start_server(_metadata, &self->crowd[i], IN_PROCESS, &calls, NULL, NULL);
		start_client(_metadata, &self->crowd[2 + i], IN_PROCESS, &calls, i + 1);
	}
	ASSERT_EQ(2, at(&self->crowd[2], wait_servers, 2, LONG));
	before = alive(self->path);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 4; i++)
			begin(&self->crowd[i], doze, NAP, 0);
		shell(_metadata, round % 2 ? "rm -rf $SLUICE_ROOT/default/services" :
					     "rm -rf $SLUICE_ROOT");
		for (i = 0; i < 4; i++)
			EXPECT_EQ(0, finish(&self->crowd[i]));
		sleep_until_back(_metadata, self, 4, before);
		EXPECT_EQ(1, services());
	}
	start_client(_metadata, &self->crowd[4], IN_PROCESS, &calls, 2);
	start_server(_metadata, &self->crowd[5], IN_PROCESS, &calls, NULL, NULL);
	for (i = 2; i < 5; i++)
		EXPECT_EQ(3, at(&self->crowd[i], wait_servers, 3, LONG))
			TH_LOG("%s", self->crowd[i].result.sentence);
}

/* ---- What it lacks ------------------------------------------------------------------ */

static long find_no_descriptor(struct side *side, long a, long b)
{
	struct rlimit files;
	int fd = dup(0);

	(void)side, (void)a, (void)b;
	close(fd);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = (rlim_t)fd;
	return setrlimit(RLIMIT_NOFILE, &files) ? -errno : 0;
}

TEST_F_TIMEOUT(renewal, out_of_descriptors, 240)
{
	struct rlimit files;
	int before;

	start_pair(_metadata, &self->crowd[0], IN_PROCESS, &self->side, &calls);
	begin(&self->crowd[0], keep_serving, 1, 0);
	expect_answer(_metadata, &self->side);
	ASSERT_EQ(1, finish(&self->crowd[0]));
	/* All that it needs to answer is there. */
	ASSERT_EQ(0, at(&self->crowd[0], find_no_descriptor, 0, 0));
	begin(&self->crowd[0], keep_serving, 3, 0);
	expect_answer(_metadata, &self->side);
	before = alive(self->path);
	shell(_metadata, "rm -rf $SLUICE_ROOT");
	expect_answer(_metadata, &self->side);
	nanosleep(&(struct timespec){ .tv_nsec = 500 * MILLISECOND }, NULL);
	EXPECT_GT(before, alive(self->path));

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	ASSERT_EQ(0, prlimit(self->crowd[0].pid, RLIMIT_NOFILE, &files, NULL));
	sleep_until_back(_metadata, self, 0, before);
	start_client(_metadata, &self->crowd[1], IN_PROCESS, &calls, 1);
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(3, finish(&self->crowd[0]));
}

/* Takes inotify away from this process.  0 or -errno. */
static long refuse_inotify(struct side *side, long a, long b)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_inotify_init1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	(void)side, (void)a, (void)b;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

/* It looks by itself, seldom. */
TEST_F_TIMEOUT(renewal, untold, 120)
{
	int64_t end = now() + 4 * LONG;

	end_start(_metadata, &self->crowd[0], IN_PROCESS);
	ASSERT_EQ(0, at(&self->crowd[0], refuse_inotify, 0, 0));
	ASSERT_EQ(0, at(&self->crowd[0], join_server, PTR(&calls), 0))
		TH_LOG("%s", self->crowd[0].result.sentence);
	begin(&self->crowd[0], keep_serving, 1, 0);
	until_asleep(&self->crowd[0]);
	shell(_metadata, "rm -rf $SLUICE_ROOT");
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	while (wait_servers(&self->side, 1, LONG) != 1 && now() < end)
		continue;
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(1, finish(&self->crowd[0]));
}

/* ---- Where it cannot ------------------------------------------------------------------ */

TEST_F_TIMEOUT(renewal, no_place, 240)
{
	int before;

	connect_two(_metadata, self, 2);
	before = alive(self->path);
	shell(_metadata, "rm -rf ${SLUICE_ROOT%/*}");
	EXPECT_FAILS(ENOENT, sluice_client_create(self->side.service, NULL));
	EXPECT_SAYS(self->path);
	EXPECT_FAILS(ENOENT, sluice_service_open(self->side.node, &calls, NULL));
	EXPECT_SAYS(self->path);
	expect_answer(_metadata, &self->side);

	shell(_metadata, "mkdir -m 700 ${SLUICE_ROOT%/*}");
	sleep_until_back(_metadata, self, 0, before);
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(2, finish(&self->crowd[0]));
}

static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(.max_clients = 3);

/* Processes that have made another service meanwhile are left alone until they leave. */
TEST_F(renewal, another_service)
{
	struct end *server = &self->crowd[0], *other = &self->crowd[1];

	connect_two(_metadata, self, 3);
	ASSERT_EQ(0, kill(server->pid, SIGSTOP));
	ASSERT_EQ(server->pid, waitpid(server->pid, NULL, WUNTRACED));
	shell(_metadata, "rm -rf $SLUICE_ROOT");
	start_service(_metadata, other, IN_PROCESS, &calls, &few);
	ASSERT_EQ(0, at(other, open_client, 0, 0));
	ASSERT_EQ(0, kill(server->pid, SIGCONT));
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(-ETIMEDOUT, at(other, wait_servers, 1, SECOND));
	expect_answer(_metadata, &self->side);

	end_stop(other);
	start_client(_metadata, other, IN_PROCESS, &calls, 1);
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(3, finish(server));
}

static long change_root(struct side *side, long path, long unused)
{
	(void)side, (void)unused;
	return chroot((const char *)path) || chdir("/") ? -errno : 0;
}

/* There the path leads elsewhere, and nothing is written. */
TEST_F(renewal, after_chroot)
{
	static char jail[96];

	if (geteuid())
		SKIP(return, "only root may change its root directory");
	snprintf(jail, sizeof(jail), "%s/jail", self->root.path);
	ASSERT_EQ(0, mkdir(jail, 0700));
	start_pair(_metadata, &self->crowd[0], IN_PROCESS, &self->side, &calls);
	ASSERT_EQ(0, at(&self->crowd[0], change_root, PTR(jail), 0));
	shell(_metadata, "rm -rf $SLUICE_ROOT");
	begin(&self->crowd[0], keep_serving, 1, 0);
	nanosleep(&(struct timespec){ .tv_nsec = 500 * MILLISECOND }, NULL);
	expect_answer(_metadata, &self->side);
	EXPECT_EQ(1, finish(&self->crowd[0]));
	EXPECT_EQ(0, tree_walk(jail, true).entries);
	/* Its descriptors of processes are not to be seen there, which the test does not mind. */
	end_kill_and_reap(&self->crowd[0]);
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
