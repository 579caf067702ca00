// SPDX-License-Identifier: MIT
/*
 * Telling threads apart.  The kernel's thread ids cost a system call to ask for
 * and are used again; these are counted up and kept in thread-local memory.
 *
 * The thread that fork() leaves in the child is another thread: it gets a number that
 * nobody has had in the parent (os/fd.c has the fork handlers).  So who has the number of
 * an object's thread is that thread, in the process that made the object.
 */
#include "os/thread.h"

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/limits.h"

_Thread_local uint64_t thread_number TLS_NEAR;

uint64_t thread_self(void)
{
	static uint64_t last = THREAD_PATTERN;

	if (unlikely(!thread_number))
		thread_number = add_relaxed(&last, 1);
	return thread_number;
}
