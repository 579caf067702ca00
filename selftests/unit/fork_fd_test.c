// SPDX-License-Identifier: GPL-2.0-only
/*
 * A forked child has none of the library's descriptors, whatever another thread was just
 * opening or closing as it forked: lib/os/fd.c.  Also with too little memory to note one.
 *
 * The calls that make and close descriptors are replaced here by ones that wait in the
 * middle, until another thread has forked or has not been able to; so each fork meets
 * the moment that matters.
 */
#include "os/eventfd.h"
#include "os/fd.h"
#include "os/uring.h"

#include "end.h"

#include <sys/eventfd.h>

/* ---- A fork in the middle ---------------------------------------------------- */

static bool forks;		/* the next call that is replaced has somebody fork */
static int done_forking;	/* the child has ended */
static int open_in_child;	/* 1: the descriptor was open there; -1: it is not known */
static pthread_t forker;

/* In the child the library has closed its own, so it should not be open there. */
static void *fork_now(void *fd)
{
	int status = -1;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(fcntl((int)(intptr_t)fd, F_GETFD) >= 0);
	if (pid > 0)
		waitpid(pid, &status, 0);
	open_in_child = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	__atomic_store_n(&done_forking, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* If the fork has to wait until this call is over, as it should, this waits in vain. */
static void meet_a_fork(int fd)
{
	int64_t end = now() + SECOND / 2;

	if (!forks)
		return;
	forks = false;
	done_forking = 0;
	pthread_create(&forker, NULL, fork_now, (void *)(intptr_t)fd);
	while (!__atomic_load_n(&done_forking, __ATOMIC_ACQUIRE) && now() < end)
		pause_briefly();
}

static int was_open_in_child(void)
{
	pthread_join(forker, NULL);
	return open_in_child;
}

int close(int fd)
{
	meet_a_fork(fd);
	return (int)syscall(SYS_close, fd);
}

int eventfd(unsigned int count, int flags)
{
	int fd = (int)syscall(SYS_eventfd2, count, flags);

	meet_a_fork(fd);
	return fd;
}

/* ---- Too little memory ------------------------------------------------------- */

static bool no_memory;
extern void *__libc_realloc(void *block, size_t size);

#if !defined(WITH_LEAK_CHECK) && !defined(WITH_THREAD_CHECK)
#define WITH_REALLOC 1
void *realloc(void *block, size_t size)
{
	if (no_memory) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(block, size);
}
#endif

/* Mappings of io_urings in this process. */
static int count_rings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		count += !!strstr(line, "[io_uring]");
	if (maps)
		fclose(maps);
	return count;
}

/* ---- The tests --------------------------------------------------------------- */

FIXTURE(fork_fd) {
	int fds;
};

FIXTURE_SETUP(fork_fd)
{
	self->fds = count_fds();
}

FIXTURE_TEARDOWN(fork_fd)
{
	EXPECT_EQ(self->fds, count_fds());
}

TEST_F(fork_fd, while_it_is_closed)
{
	int fd = eventfd_make();

	ASSERT_LE(0, fd);
	forks = true;
	EXPECT_EQ(-1, fd_close(fd));
	EXPECT_EQ(0, was_open_in_child());
}

TEST_F(fork_fd, while_it_is_made)
{
	int fd;

	forks = true;
	fd = eventfd_make();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, was_open_in_child());
	fd_close(fd);
}

/* In the child, which may not allocate: another thread may have had that lock. */
static int count_open(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Tells what is open, if that is more than should be. */
static int tell_open(struct __test_metadata *_metadata, int most)
{
	char path[64], what[256];
	ssize_t size;
	int fd;

	if (count_open() <= most)
		return 0;
	for (fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		size = readlink(path, what, sizeof(what) - 1);
		if (size > 0)
			TH_LOG("open: %d %.*s", fd, (int)size, what);
	}
	return 1;
}

/* All that is made and closed on the way to a node, a service and ports, and back. */
static void *come_and_go(void *over)
{
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_client *client;
	struct sluice_node *node;
	long rounds = 0;

	while (!__atomic_load_n((bool *)over, __ATOMIC_ACQUIRE)) {
		node = sluice_node_create("forking", NULL);
		service = sluice_service_open(node, &any_contract, NULL);
		server = sluice_server_create(service, NULL);
		client = sluice_client_create(service, NULL);
		rounds += sluice_client_wait_servers(client, 1, LONG) == 1;
		sluice_client_destroy(client);
		sluice_server_destroy(server);
		sluice_service_close(service);
		sluice_node_destroy(node);
	}
	return (void *)rounds;
}

TEST_F(fork_fd, whatever_happens)
{
	struct root root;
	pthread_t thread;
	bool over = false;
	int most = count_open(), forked = in_full() ? 500 : 100, status, i;
	void *rounds;
	pid_t pid;

	root_make(_metadata, &root);
	ASSERT_EQ(0, pthread_create(&thread, NULL, come_and_go, &over));
	for (i = 0; i < forked; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(tell_open(_metadata, most));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status) TH_LOG("in round %d something was left open", i);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, &rounds));
	EXPECT_LT(0, (long)rounds);
	TEARDOWN_CHECKS(&root);
}

TEST_F(fork_fd, no_memory_to_note_a_ring)
{
	int rings = count_rings(), r;
	struct uring uring;

#ifndef WITH_REALLOC
	SKIP(return, "a sanitizer allocates");
#endif
	no_memory = true;
	r = uring_init(&uring);
	no_memory = false;
	if (r == -ENOSYS || r == -EPERM)
		SKIP(return, "the system does not allow io_uring");
	EXPECT_EQ(-ENOMEM, r);
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_SAYS("no memory");
	EXPECT_EQ(rings, count_rings());
	EXPECT_EQ(self->fds, count_fds());
	/* And with memory: the test sees rings. */
	ASSERT_EQ(0, uring_init(&uring));
	EXPECT_LT(rings, count_rings());
	uring_deinit(&uring);
	EXPECT_EQ(rings, count_rings());
}

TEST_HARNESS_MAIN
