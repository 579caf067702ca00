// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that must fail, each in one of the ways in which a test can: if one of
 * them passes, failures go unnoticed and no other test proves anything.
 * harness_test.sh runs this program and says so.
 */
#include "common.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

ROOT_FIXTURE(harness);

TEST_F(harness, expect_fails)
{
	EXPECT_EQ(1, 2);
}

TEST_F(harness, expect_fails_in_a_child)
{
	pid_t child = fork();

	if (child == 0) {
		EXPECT_EQ(1, 2);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void *expect_too_much(void *metadata)
{
	struct __test_metadata *_metadata = metadata;

	EXPECT_EQ(1, 2);
	return NULL;
}

TEST_F(harness, expect_fails_in_a_thread)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, expect_too_much, _metadata));
	pthread_join(thread, NULL);
}

TEST_F(harness, leaves_a_descriptor)
{
	ASSERT_LE(0, open("/dev/null", O_RDONLY | O_CLOEXEC));
}

TEST_F(harness, leaves_a_file_under_the_root)
{
	int root = open(self->root.path, O_PATH | O_CLOEXEC);
	int fd = openat(root, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd);
	close(fd);
	close(root);
}

#ifdef WITH_LEAK_CHECK
static __attribute__((__noinline__)) void lose(size_t size)
{
	void *volatile memory = malloc(size);

	if (memory)
		memory = NULL;
}

/* Several, for the address of one might still lie in some register. */
TEST_F(harness, leaves_memory)
{
	size_t i;

	for (i = 1; i <= 16; i++)
		lose(i);
}
#endif

/* These stop in the middle; nobody would remove their root. */
FIXTURE(stopped) { int nothing; };
FIXTURE_SETUP(stopped) { }
FIXTURE_TEARDOWN(stopped) { }

TEST_F(stopped, by_an_assert)
{
	ASSERT_EQ(1, 2);
}

TEST_F(stopped, by_a_signal)
{
	raise(SIGKILL);
}

TEST_F_TIMEOUT(stopped, by_the_timeout, 1)
{
	pause();
}

TEST_HARNESS_MAIN
