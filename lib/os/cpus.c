// SPDX-License-Identifier: MIT
/*
 * The processors that a thread may run on.  On a machine of more than 1,024 the mask
 * does not fit, the kernel says EINVAL, and then there is more than one.
 */
#include "os/cpus.h"

#include <sched.h>

bool cpus_only_one(void)
{
	cpu_set_t allowed;

	return !sched_getaffinity(0, sizeof(allowed), &allowed) && CPU_COUNT(&allowed) == 1;
}
