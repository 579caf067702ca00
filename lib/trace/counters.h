/* SPDX-License-Identifier: MIT */
/*
 * The counters in a port's page, as their owner stores them. uapi/sluice/registry.h says
 * what each counts.
 *
 * They have one writer, the thread of the port's node, and readers that use pread at any
 * time.  The kernel copies whole words for them.  So a counter is changed as a plain word is,
 * in one instruction.  Nothing in the library depends on them.  Another process of this user
 * may write there too: then they are wrong.
 */
#ifndef SLUICE_TRACE_COUNTERS_H
#define SLUICE_TRACE_COUNTERS_H

#include <stdbool.h>

#include <sluice/registry.h>

#include "base/compiler.h"
#include "base/limits.h"

static inline void counter_set(uint64_t *counter, uint64_t value)
{
	*counter = value;
}

static inline void counter_add(uint64_t *counter, uint64_t n)
{
	*counter += n;
}

/* It does not fall below 0, although another process of this user may have written there. */
static inline void counter_sub(uint64_t *counter, uint64_t n)
{
	if (likely(*counter >= n))
		*counter -= n;
	else
		*counter = 0;
}

/* Records the number of messages in the queue now. */
static inline void counters_depth(struct sluice_registry_counters *counters, uint64_t depth)
{
	counters->depth = depth;
	if (unlikely(depth > counters->depth_most))
		counters->depth_most = depth;
}

/*
 * The time of the last message is told when the port goes to sleep (port_entry_rest()), and
 * with every ACTIVE_EVERY messages, from the first on: to read the clock for each would cost
 * as much as the rest of the call.
 */
void counters_active_now(struct sluice_registry_counters *counters) COLD;

static inline void counters_active(struct sluice_registry_counters *counters, uint64_t messages)
{
	if (unlikely(messages % ACTIVE_EVERY == 0))
		counters_active_now(counters);
}

/* Is the time told with the next message that is received, or sent? */
static inline bool counters_tell_received_active(const struct sluice_registry_counters *counters)
{
	return counters->received % ACTIVE_EVERY == 0;
}

static inline bool counters_tell_sent_active(const struct sluice_registry_counters *counters)
{
	return counters->sent % ACTIVE_EVERY == 0;
}

/* A message for which it is not told. */
static inline void counters_received_more(struct sluice_registry_counters *counters, uint64_t bytes)
{
	counters->received_bytes += bytes;
	counters->received++;
}

static inline void counters_sent_more(struct sluice_registry_counters *counters, uint64_t bytes)
{
	counters->sent_bytes += bytes;
	counters->sent++;
}

static inline void counters_sent(struct sluice_registry_counters *counters, uint64_t bytes)
{
	counters->sent_bytes += bytes;
	counters_active(counters, counters->sent++);
}

static inline void counters_received(struct sluice_registry_counters *counters, uint64_t bytes)
{
	counters->received_bytes += bytes;
	counters_active(counters, counters->received++);
}

/* A message was received: after a sleep, or without one. */
static inline void counters_woken(struct sluice_registry_counters *counters)
{
	counters->woken++;
}

static inline void counters_polled(struct sluice_registry_counters *counters)
{
	counters->polled++;
}

#endif /* SLUICE_TRACE_COUNTERS_H */
