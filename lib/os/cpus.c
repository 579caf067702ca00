// SPDX-License-Identifier: MIT
/*
 * The processors that a thread may run on.  On a machine with more than 1,024 processors
 * the mask does not fit and the kernel returns EINVAL; such a machine has more than one.
 */
#include "os/cpus.h"

#include <sched.h>

bool cpus_only_one(void)
{
	cpu_set_t allowed;

	return !sched_getaffinity(0, sizeof(allowed), &allowed) && CPU_COUNT(&allowed) == 1;
}
