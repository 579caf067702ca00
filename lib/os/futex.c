// SPDX-License-Identifier: MIT
/*
 * Waking threads that sleep on a word in shared memory.  They wait through io_uring
 * (os/uring.c); a single wake is cheapest as a plain futex call.
 */
#include "os/futex.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
