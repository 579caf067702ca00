// SPDX-License-Identifier: MIT
/*
 * The places of the probes: one function for each line of the list in uapi/sluice/trace.h,
 * which contains the place and nothing else.
 *
 * Each probe has a function of its own, so that its place is in the library once, whatever
 * calls it, and that its arguments are where a call has them: in the first six registers,
 * which is what the tracer reads (tools/trace/places.c checks it).  The functions keep a
 * frame, like all functions of the library, so that a stack can be taken in the kernel.
 *
 * The kernel raises a semaphore in every process that a tracer watches, and lowers it when
 * the tracer ends, however it ends.  A probe that is hit meanwhile may or may not be seen;
 * nothing else of the process depends on it.  Data of a peer reaches a probe only as a
 * number.
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
