// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kit of inject.h: each call of a piece of a program fails in turn, those of liburing
 * and malloc(3) too, only in the thread that armed, and none when it is over.
 */
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

#define INJECT_ALLOCATIONS
#include "inject.h"

#include <kselftest_harness.h>

static void install(struct __test_metadata *_metadata)
{
	const char *why = inject_install();

	if (why)
		SKIP(exit(KSFT_SKIP), "%s", why);
}

/* Three calls that matter, one that never fails. */
static int open_and_map(void)
{
	void *memory;
	int fd;

	fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, 4096);
	return 0;
}

TEST(each_call_fails_with_each_errno)
{
	long n, hits = 0;
	int k, r;

	install(_metadata);
	for (n = 1, inject.reached = true; inject.reached; n++)
		for (k = 0;; k++) {
			inject_arm(n, k, INJECT_ONCE);
			r = open_and_map();
			inject_disarm();
			ASSERT_EQ(0, inject.unknown);
			EXPECT_EQ(inject.hit ? -inject.error : 0, r);
			hits += inject.hit;
			if (!inject.hit)
				break;
		}
	EXPECT_EQ(6, n) TH_LOG("openat, mmap, close, munmap, and one round of none");
	EXPECT_EQ(8 + 3, hits);
}

TEST(one_call_by_its_number)
{
	install(_metadata);
	inject_arm_call(SYS_mmap, 2, ENFILE, INJECT_ON);
	EXPECT_EQ(0, open_and_map());
	EXPECT_EQ(-ENFILE, open_and_map());
	EXPECT_EQ(-ENFILE, open_and_map());
	inject_disarm();
	EXPECT_EQ(3, inject.seen);
	EXPECT_EQ(0, open_and_map());
}

TEST(liburing_is_seen)
{
	struct io_uring ring;
	int r;

	install(_metadata);
	inject_arm_call(SYS_io_uring_setup, 1, EMFILE, INJECT_ONCE);
	r = io_uring_queue_init(4, &ring, 0);
	inject_disarm();
	EXPECT_EQ(-EMFILE, r);
	EXPECT_TRUE(inject.hit);
}

static void *in_another_thread(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)open_and_map();
}

TEST(others_are_left_alone)
{
	void *result = (void *)1;
	pthread_t thread;
	int status = 1;
	pid_t child;

	install(_metadata);
	ASSERT_EQ(0, pthread_create(&thread, NULL, in_another_thread, NULL));
	inject_arm(1, 0, INJECT_ON);
	EXPECT_EQ(-EMFILE, open_and_map());
	inject_disarm();
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
	child = fork();
	if (!child)
		_exit(open_and_map() ? 1 : 0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(memory_is_counted)
{
	long before = inject_blocks();
	void *volatile block;

	if (!INJECT_HAS_ALLOCATIONS)
		SKIP(return, "allocations cannot be counted here");
	block = malloc(100);
	ASSERT_NE(NULL, block);
	EXPECT_EQ(before + 1, inject_blocks());
	free(block);
	EXPECT_EQ(before, inject_blocks());
	inject_arm_call(INJECT_MALLOC, 2, ENOMEM, INJECT_ONCE);
	block = calloc(1, 100);
	EXPECT_NE(NULL, block);
	free(block);
	block = calloc(1, 100);
	inject_disarm();
	EXPECT_EQ(NULL, block);
	EXPECT_EQ(before, inject_blocks());
	block = strdup("made in libc");
	EXPECT_EQ(before + 1, inject_blocks());
	free(block);
}

TEST_HARNESS_MAIN
