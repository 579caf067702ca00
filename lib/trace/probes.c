// SPDX-License-Identifier: MIT
/*
 * The places of the probes: one function for each line of the list in
 * uapi/sluice/trace.h, and nothing in it but the place.
 *
 * They are functions of their own so that each place is in the library once, whoever
 * calls it, and that its arguments are where a call has them: in the first six
 * registers, which is what the tracer reads (tools/trace/places.c checks it).  They keep a
 * frame, like everything in the library, so that a stack can be taken in the kernel.
 *
 * The kernel raises a semaphore in every process that a tracer watches, and lowers it
 * when the tracer goes, however it goes.  A probe that is hit while that happens may or
 * may not be seen; nothing else of the process depends on it.  What a peer has written
 * reaches a probe only as a number.
 */
#include "trace/probes.h"

#define PROBE_DEFINE_(name, count, ...)					\
	USDT_SEMAPHORE(sluice_##name##_semaphore);			\
	PROBE_##count##_(name, __VA_ARGS__)				\
	{								\
		USDT_FRAME();						\
		STAP_PROBE##count(sluice, name, __VA_ARGS__);		\
	}

SLUICE_TRACE_PROBES(PROBE_DEFINE_)
