// SPDX-License-Identifier: MIT
/*
 * The library's own descriptors.
 *
 * A forked child inherits every descriptor of its parent.  A socket that lives on
 * in a child does not hang up when the parent dies, and a lock lives on with it;
 * peers would take a dead process for a living one.  So each descriptor that the
 * library keeps is noted here, and a fork handler closes them all in the child,
 * where the library refuses to work with inherited objects anyway (ECHILD).
 *
 * The set is one bitmap for the process, guarded by a mutex, which the fork
 * handlers hold across the fork so that the child finds it whole.  Descriptors
 * come and go only when ports connect or memory grows, never for a message.
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
#include "base/attributes.h"
#include "base/error.h"

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
	pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static int note(size_t fd)
{
	size_t wanted = fd / BITS + 1;
	uint64_t *bitmap;

	if (wanted > words) {
		bitmap = realloc(owned, wanted * sizeof(*bitmap));
		if (!bitmap)
			return -ENOMEM;
		memset(bitmap + words, 0, (wanted - words) * sizeof(*bitmap));
		owned = bitmap;
		words = wanted;
	}
	owned[fd / BITS] |= UINT64_C(1) << (fd % BITS);
	return 0;
}

int fd_keep(int fd)
{
	int r;

	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&lock);
	r = note((size_t)fd);
	pthread_mutex_unlock(&lock);
	return r;
}

int fd_own(int fd)
{
	int r = fd < 0 ? fd : fd_keep(fd);

	if (fd >= 0 && r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int fd_disown(int fd)
{
	pthread_mutex_lock(&lock);
	if ((size_t)fd / BITS < words)
		owned[(size_t)fd / BITS] &= ~(UINT64_C(1) << ((size_t)fd % BITS));
	pthread_mutex_unlock(&lock);
	return fd;
}

int fd_duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? fail_system("cannot duplicate a descriptor") : fd_own(copy);
}

int fd_close(int fd)
{
	int saved = errno;

	if (fd < 0)
		return -1;
	fd_disown(fd);
	close(fd);
	errno = saved;
	return -1;
}

uint64_t fd_fork_generation(void)
{
	return load_relaxed(&generation);
}
