/* SPDX-License-Identifier: MIT */
/*
 * The probes of uapi/sluice/trace.h, as the library hits them:
 *
 *	probe(request_loan, port, 0, number, slice, bytes, depth);
 *
 * Arguments are evaluated only if a tracer watches the probe, so they may be expensive.
 * Otherwise a probe is a comparison and a branch that is not taken.
 */
#ifndef SLUICE_TRACE_PROBES_H
#define SLUICE_TRACE_PROBES_H

#include <sluice/trace.h>

#include "base/compiler.h"
#include "base/usdt.h"

#define probe(name, ...)				\
	do {						\
		if (probe_is_on(name))			\
			probe_##name(__VA_ARGS__);	\
	} while (0)

/*
 * Does a tracer watch the probe?  Measurements that are made only for a probe ask this
 * first.  Only the kernel writes the semaphore.  The load is a plain one, which costs
 * least.  If the value is out of date, an event is missed, or reported in vain.
 */
#define probe_is_on(name) \
	(USDT_AVAILABLE && unlikely(sluice_##name##_semaphore))

/* An address, as an argument. */
static inline uint64_t probe_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Each has a function of its own, so that each place is in the library once. */
#define PROBE_1_(name, a)		void probe_##name(uint64_t a)
#define PROBE_2_(name, a, b)		void probe_##name(uint64_t a, uint64_t b)
#define PROBE_3_(name, a, b, c)		void probe_##name(uint64_t a, uint64_t b, uint64_t c)
#define PROBE_4_(name, a, b, c, d) \
	void probe_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
#define PROBE_5_(name, a, b, c, d, e) \
	void probe_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
#define PROBE_6_(name, a, b, c, d, e, f) \
	void probe_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)

#define PROBE_DECLARE_(name, count, ...)				\
	extern uint16_t sluice_##name##_semaphore			\
		__attribute__((__visibility__("hidden")));		\
	__attribute__((__noinline__)) PROBE_##count##_(name, __VA_ARGS__);

SLUICE_TRACE_PROBES(PROBE_DECLARE_)

#endif /* SLUICE_TRACE_PROBES_H */
