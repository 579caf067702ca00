/* SPDX-License-Identifier: MIT */
/* CLOCK_MONOTONIC in nanoseconds, deadlines on it, and the time of a thread. */
#ifndef SLUICE_OS_CLOCK_H
#define SLUICE_OS_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NEVER	INT64_MAX

static inline int64_t clock_nanoseconds(const struct timespec *ts)
{
	return ts->tv_sec * INT64_C(1000000000) + ts->tv_nsec;
}

static inline int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return clock_nanoseconds(&ts);
}

/* The same with a resolution of some milliseconds, for a fraction of the cost. */
static inline int64_t clock_coarse(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return clock_nanoseconds(&ts);
}

/* The time that this thread has run for: a system call. */
static inline int64_t clock_thread(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return clock_nanoseconds(&ts);
}

/* The time at which a timeout ends; a negative one never does. */
static inline int64_t clock_deadline(int64_t timeout)
{
	int64_t deadline;

	if (timeout < 0 || __builtin_add_overflow(clock_now(), timeout, &deadline))
		return CLOCK_NEVER;
	return deadline;
}

static inline struct timespec clock_timespec(int64_t ns)
{
	struct timespec ts = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	return ts;
}

#endif /* SLUICE_OS_CLOCK_H */
