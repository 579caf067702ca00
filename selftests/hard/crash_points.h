/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Crash points: a process counts its stores to shared memory (crash_hooks.h) and its system
 * calls (inject.h), and kills itself, or stops, before or after the n-th of them.
 *
 * Each access has two points, one before it and one after it.  What others can see of a
 * process are its stores and its system calls, so between two of them nothing is missed.
 */
#ifndef SELFTESTS_HARD_CRASH_POINTS_H
#define SELFTESTS_HARD_CRASH_POINTS_H

#include "common.h"

#include <signal.h>
#include <sys/mman.h>

/* Everything from here on is counted. */
#define INJECT_ALLOCATIONS
#include "inject.h"

#define REQUESTS_MOST	16

/* What a victim tells the others; shared by all processes of a test. */
struct victim {
	uint64_t at;		/* the point at which it dies, or stops; 0: none */
	bool stops;
	uint64_t seen;		/* points that it has come to */
	uint64_t stores, calls;	/* of them, points at stores and at system calls */
	int64_t died;		/* when */
	const char *where;	/* the function of the library, or NULL */
	long call;		/* or the number of the system call */
	bool is_after;
	bool sent;		/* a client: all its requests */
	bool is_leaving;
	bool releases[REQUESTS_MOST], released[REQUESTS_MOST];	/* a server: this request */
};

static struct victim *victim;
static bool counts_points;

helper void crash_pass(const char *where, long call, bool is_after)
{
	if (!counts_points)
		return;
	victim->stores += where != NULL;
	victim->calls += where == NULL;
	if (++victim->seen != victim->at)
		return;
	victim->where = where;
	victim->call = call;
	victim->is_after = is_after;
	victim->died = victim->stops ? 0 : now();
#ifdef INJECT_ARCH
	/* Not through libc: its calls are counted. */
	inject_raw(SYS_kill, inject_raw(SYS_getpid, 0, 0, 0, 0, 0, 0),
		   victim->stops ? SIGSTOP : SIGKILL, 0, 0, 0, 0);
#else
	kill(getpid(), victim->stops ? SIGSTOP : SIGKILL);
#endif
}

void crash_before(const char *where);
void crash_after(const char *where);

void crash_before(const char *where)
{
	crash_pass(where, 0, false);
}

void crash_after(const char *where)
{
	crash_pass(where, 0, true);
}

static void crash_watch(long call, bool is_after)
{
	crash_pass(NULL, call, is_after);
}

/* The calling process dies at the point victim->at.  Without seccomp only stores are counted. */
helper void crash_begin(void)
{
	if (!inject_install())
		inject_watch = crash_watch;
	counts_points = true;
}

/* Memory of all processes that are forked from here on. */
helper void *share(struct __test_metadata *_metadata, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, memory);
	return memory;
}

/* Where the victim has died, in words. */
helper const char *crash_place(void)
{
	static char place[128];

	if (!victim->at || victim->seen < victim->at)
		snprintf(place, sizeof(place), "not at all");
	else
		snprintf(place, sizeof(place), "at point %llu, %s %s %s",
			 (unsigned long long)victim->at, victim->is_after ? "after" : "before",
			 victim->where ? "a store in" : "the system call",
			 victim->where ? victim->where : inject_name(victim->call));
	return place;
}

#endif /* SELFTESTS_HARD_CRASH_POINTS_H */
