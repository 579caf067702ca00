// SPDX-License-Identifier: MIT
/*
 * Telling threads apart.  The kernel's thread ids cost a system call to ask for
 * and are used again; these are counted up and kept in thread-local memory.
 */
#include "os/thread.h"

#include "base/atomic.h"
#include "base/compiler.h"

uint64_t thread_self(void)
{
	static uint64_t last;
	static _Thread_local uint64_t self;

	if (unlikely(!self))
		self = add_relaxed(&last, 1);
	return self;
}
