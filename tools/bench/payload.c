// SPDX-License-Identifier: MIT
/*
 * The content of each message: one 64-bit value in every word that is touched, so that one
 * processor writes all of these bytes and the other reads them.  The floors and Sluice use
 * the same two functions.  This file also has what a side does between two polls for a
 * message: nothing, unless both sides share a processor.
 */
#include "bench.h"

#include <sched.h>

static bool shared_cpu;

void payload_write(void *data, size_t size, uint64_t value)
{
	uint64_t *words = data;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = value;
}

/* The value that was written, 0 if nothing was; or UINT64_MAX if the words differ. */
uint64_t payload_read(const void *data, size_t size)
{
	const uint64_t *words = data;
	uint64_t value = size ? words[0] : 0, difference = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		difference |= words[i] ^ value;
	return difference ? UINT64_MAX : value;
}

void spin_pause(void)
{
	if (shared_cpu)
		sched_yield();
}

void spin_share(bool one_cpu)
{
	shared_cpu = one_cpu;
}
