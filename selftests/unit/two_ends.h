/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the two ends of a structure at the same time, as fast as they can:
 *
 *	threads		two threads on one mapping, which the thread sanitizer
 *			can follow
 *	processes	two processes, each with its own mapping of one memfd, as in
 *			the library; so nothing in the arena may be a pointer
 *
 * An end that finds something wrong writes one sentence into the arena, and both
 * stop.  Nothing here sleeps: what waits, spins, and gives way now and then so
 * that two ends on one processor get on too.
 */
#ifndef SELFTESTS_TWO_ENDS_H
#define SELFTESTS_TWO_ENDS_H

/* Before kselftest.h, which has an ARRAY_SIZE for those who have none. */
#include "base/compiler.h"

#include "common.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>

#include "base/atomic.h"

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER true
#endif
#endif
#ifndef THREAD_SANITIZER
#define THREAD_SANITIZER false
#endif

/* A race is cut short after this time, for a machine that is busy otherwise. */
#define RACE_TIME	(3 * SECOND / 2)

/* Seconds; much, since that such a machine is slow is no failure. */
#define RACE_TIMEOUT	300

#define SKIP_PROCESSES "the thread sanitizer does not see through two mappings"

/* Every arena begins with this. */
struct two_ends {
	uint32_t stop;
	char verdict[2][120];	/* empty: nothing wrong */
	uint64_t size;		/* of the arena */
	uint64_t seed;
	uint64_t rounds;	/* so many in all; see begin_round() */
	int64_t deadline;
	int fd;			/* of its memfd */
	int fds;		/* open before it was made */
};

typedef void end_function(void *arena);

/* The same numbers in every run, unless SEED is set. */
helper uint64_t test_seed(void)
{
	const char *seed = getenv("SEED");

	return seed ? strtoull(seed, NULL, 0) : 1;
}

/* A thorough mixture of the bits of n. */
helper uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 31) * UINT64_C(0x7fb5d329728ea185);
	n = (n ^ n >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return n ^ n >> 33;
}

helper uint64_t next_random(uint64_t *state)
{
	return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* An arena of zeroes, for so many rounds. */
helper void *two_ends_make(struct __test_metadata *_metadata, size_t size, uint64_t rounds)
{
	struct two_ends *ends;
	int fd, fds;

	fds = count_fds();
	fd = memfd_create("two-ends", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, (off_t)size));
	ends = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)ends);
	ends->size = size;
	ends->fd = fd;
	ends->fds = fds;
	ends->seed = test_seed();
	ends->rounds = rounds;
	TH_LOG("SEED=%llu", (unsigned long long)ends->seed);
	return ends;
}

helper void two_ends_drop(struct __test_metadata *_metadata, struct two_ends *ends)
{
	int fds = ends->fds;

	close(ends->fd);
	munmap(ends, ends->size);
	EXPECT_EQ(fds, count_fds());
	EXPECT_EQ(0, count_leaks());
}

helper bool stopped(const struct two_ends *ends)
{
	return load_relaxed(&ends->stop);
}

__attribute__((__format__(__printf__, 3, 4)))
helper void end_failed(struct two_ends *ends, int end, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ends->verdict[end], sizeof(ends->verdict[end]), format, args);
	va_end(args);
	store_relaxed(&ends->stop, 1);
}

/*
 * The end that begins the rounds begins one more.  When the time is up it is the
 * last: the other end sees that when it has got what this round brings it.
 */
helper void begin_round(struct two_ends *ends, uint64_t done)
{
	if (done % 256 == 0 && now() > ends->deadline)
		store_relaxed(&ends->rounds, done + 1);
}

/* Whether there are more rounds than so many. */
helper bool more_rounds(const struct two_ends *ends, uint64_t done)
{
	return done < load_relaxed(&ends->rounds) && !stopped(ends);
}

/* One turn of a loop that waits for the other end; *turns counts them. */
helper void give_way(unsigned int *turns)
{
	if (++*turns % 1024)
		spin_hint();
	else
		sched_yield();
}

/*
 * An end keeps to a processor of its own, if there are two: the scheduler likes
 * to put a process beside the one that woke it, and then they take turns.
 */
helper void end_settle(int end)
{
	cpu_set_t all, one;
	int cpu, left = end;

	if (sched_getaffinity(0, sizeof(all), &all) || CPU_COUNT(&all) < 2)
		return;
	for (cpu = 0; !CPU_ISSET(cpu, &all) || left--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

struct end_thread {
	end_function *run;
	void *arena;
};

helper void *end_thread(void *argument)
{
	struct end_thread *thread = argument;

	end_settle(1);
	thread->run(thread->arena);
	return NULL;
}

/* Forks an end, which maps the arena anew. */
helper pid_t end_fork(const struct two_ends *ends, end_function *run)
{
	pid_t pid = fork();
	void *own;

	if (pid)
		return pid;
	own = mmap(NULL, ends->size, PROT_READ | PROT_WRITE, MAP_SHARED, ends->fd, 0);
	if (own == MAP_FAILED)
		_exit(1);
	munmap((void *)ends, ends->size);
	end_settle(1);
	run(own);
	_exit(0);
}

/* Runs one end here, the other beside it, until both are done. */
helper void two_ends_run(struct __test_metadata *_metadata, struct two_ends *ends,
			 bool processes, end_function *here, end_function *there)
{
	struct end_thread thread = { there, ends };
	pthread_t id;
	int status;
	pid_t pid;

	ends->deadline = now() + RACE_TIME;
	if (processes) {
		pid = end_fork(ends, there);
		ASSERT_LT(0, pid);
		end_settle(0);
		here(ends);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	} else {
		ASSERT_EQ(0, pthread_create(&id, NULL, end_thread, &thread));
		end_settle(0);
		here(ends);
		ASSERT_EQ(0, pthread_join(id, NULL));
	}
	ASSERT_STREQ("", ends->verdict[0]);
	ASSERT_STREQ("", ends->verdict[1]);
	TH_LOG("%llu rounds", (unsigned long long)ends->rounds);
}

/* Variants of a fixture, whose two ends are threads or processes. */
#define RACE_VARIANTS(fixture)						\
	FIXTURE_VARIANT(fixture) { bool processes; };			\
	FIXTURE_VARIANT_ADD(fixture, threads) { .processes = false };	\
	FIXTURE_VARIANT_ADD(fixture, processes) { .processes = true }

#endif /* SELFTESTS_TWO_ENDS_H */
