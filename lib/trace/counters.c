// SPDX-License-Identifier: MIT
/*
 * The part of trace/counters.h that is seldom needed: the clock, which is not read for each
 * message.
 */
#include "trace/counters.h"

#include "os/clock.h"

void counters_active_now(struct sluice_registry_counters *counters)
{
	counters->active = (uint64_t)clock_coarse();
}
