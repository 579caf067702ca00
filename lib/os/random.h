/* SPDX-License-Identifier: MIT */
/* Random ids, which are unique. */
#ifndef SLUICE_OS_RANDOM_H
#define SLUICE_OS_RANDOM_H

#include <stdint.h>
#include <sys/random.h>
#include <unistd.h>

#include "os/clock.h"

/* Never 0. */
static inline uint64_t random_id(void)
{
	uint64_t id = 0;

	while (!id)
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			id = (uint64_t)clock_now() << 20 ^ (uint64_t)getpid();
	return id;
}

#endif /* SLUICE_OS_RANDOM_H */
