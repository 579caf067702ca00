/* SPDX-License-Identifier: MIT */
/*
 * The counters in a port's page, as their owner stores them. uapi/sluice/registry.h says
 * what each counts.
 *
 * They have one writer, the thread of the port's node, and readers that use pread at any
 * time.  So a counter is loaded, changed and stored, each relaxed, and a reader sees a
 * value that it once had.  Nothing in the library depends on them.
 */
#ifndef SLUICE_TRACE_COUNTERS_H
#define SLUICE_TRACE_COUNTERS_H

#include <sluice/registry.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "os/clock.h"

static inline void counter_set(uint64_t *counter, uint64_t value)
{
	store_relaxed(counter, value);
}

static inline void counter_add(uint64_t *counter, uint64_t n)
{
	store_relaxed(counter, load_relaxed(counter) + n);
}

/* It does not fall below 0, although another process of this user may have written there. */
static inline void counter_sub(uint64_t *counter, uint64_t n)
{
	uint64_t value = load_relaxed(counter);

	store_relaxed(counter, value > n ? value - n : 0);
}

/* Records the number of messages in the queue now. */
static inline void counters_depth(struct sluice_registry_counters *counters, uint64_t depth)
{
	store_relaxed(&counters->depth, depth);
	if (depth > load_relaxed(&counters->depth_most))
		store_relaxed(&counters->depth_most, depth);
}

/*
 * The time of the last message is told when the port goes to sleep (port_entry_rest()), and
 * with every ACTIVE_EVERY messages, from the first on: to read the clock for each would cost
 * as much as the rest of the call.
 */
static inline void counters_active(struct sluice_registry_counters *counters, uint64_t messages)
{
	if (unlikely(messages % ACTIVE_EVERY == 0))
		store_relaxed(&counters->active, (uint64_t)clock_coarse());
}

static inline void counters_sent(struct sluice_registry_counters *counters, uint64_t bytes)
{
	uint64_t messages = load_relaxed(&counters->sent);

	store_relaxed(&counters->sent, messages + 1);
	store_relaxed(&counters->sent_bytes, load_relaxed(&counters->sent_bytes) + bytes);
	counters_active(counters, messages);
}

static inline void counters_received(struct sluice_registry_counters *counters, uint64_t bytes)
{
	uint64_t messages = load_relaxed(&counters->received);

	store_relaxed(&counters->received, messages + 1);
	store_relaxed(&counters->received_bytes, load_relaxed(&counters->received_bytes) + bytes);
	counters_active(counters, messages);
}

/* A message was received: after a sleep, or without one. */
static inline void counters_woken(struct sluice_registry_counters *counters)
{
	store_relaxed(&counters->woken, load_relaxed(&counters->woken) + 1);
}

static inline void counters_polled(struct sluice_registry_counters *counters)
{
	store_relaxed(&counters->polled, load_relaxed(&counters->polled) + 1);
}

#endif /* SLUICE_TRACE_COUNTERS_H */
