// SPDX-License-Identifier: MIT
/*
 * The library's own descriptors.
 *
 * A forked child inherits every descriptor of its parent.  A socket that stays open in a
 * child does not hang up when the parent dies, and a lock stays held; peers would take a
 * dead process for a living one.  So each descriptor that the library keeps is noted here,
 * and a fork handler closes them all in the child, where the library refuses to work with
 * inherited objects anyway (ECHILD).
 *
 * The set is one bitmap for the process, guarded by a mutex.  The fork handlers hold the
 * mutex across the fork, so that the child finds the set consistent.  A descriptor is made
 * and noted, or forgotten and closed, under that mutex.  So no fork comes in between, and
 *
 * A child made by clone(2) behind libc's back runs no fork handlers; peers then
 * learn of the parent's death by its pidfd.
 */
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/error.h"
#include "os/thread.h"

#define BITS	64u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t *owned;
static size_t words;
static uint64_t generation;

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

static void after_fork_in_child(void)
{
	size_t i;

	for (i = 0; i < words * BITS; i++)
		if (owned[i / BITS] >> (i % BITS) & 1)
			close((int)i);
	free(owned);
	owned = NULL;
	words = 0;
	store_relaxed(&generation, generation + 1);
	thread_number = 0;
	pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void fd_hold_forks(void)
{
	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&lock);
}

void fd_let_forks(void)
{
	pthread_mutex_unlock(&lock);
}

/* 0 or -ENOMEM. */
static int reserve(size_t wanted)
{
	uint64_t *bitmap;

	if (wanted <= words)
		return 0;
	bitmap = realloc(owned, wanted * sizeof(*bitmap));
	if (!bitmap)
		return fail(ENOMEM, "no memory to note a descriptor");
	memset(bitmap + words, 0, (wanted - words) * sizeof(*bitmap));
	owned = bitmap;
	words = wanted;
	return 0;
}

int fd_note_open(int fd)
{
	int r = reserve((size_t)fd / BITS + 1);

	if (r < 0)
		return fail(ENOMEM, "no memory to note descriptor %d", fd);
	owned[(size_t)fd / BITS] |= UINT64_C(1) << ((size_t)fd % BITS);
	return 0;
}

int fd_note(int fd)
{
	int r = fd < 0 ? fd : fd_note_open(fd);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int fd_keep(int fd)
{
	int r;

	fd_hold_forks();
	r = fd_note_open(fd);
	fd_let_forks();
	return r;
}

void fd_forget(int fd)
{
	if ((size_t)fd / BITS < words)
		owned[(size_t)fd / BITS] &= ~(UINT64_C(1) << ((size_t)fd % BITS));
}

int fd_owned(int fd)
{
	int r = fd_note(fd);

	fd_let_forks();
	return r;
}

int fd_disown(int fd)
{
	fd_hold_forks();
	fd_forget(fd);
	fd_let_forks();
	return fd;
}

int fd_duplicate(int fd)
{
	int copy = fd_own(fcntl(fd, F_DUPFD_CLOEXEC, 0));

	return copy < 0 ? fail_system("cannot duplicate a descriptor") : copy;
}

int fd_close(int fd)
{
	int saved = errno;

	if (fd < 0)
		return -1;
	fd_hold_forks();
	fd_forget(fd);
	close(fd);
	fd_let_forks();
	errno = saved;
	return -1;
}

uint64_t fd_fork_generation(void)
{
	return load_relaxed(&generation);
}
