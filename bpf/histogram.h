/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Distributions of 64-bit values, as the program in the kernel collects them and the
 * tracer reads them: a bucket for each value below 16, and from there on 16 buckets for
 * each doubling, so that a value is known to a sixteenth of itself.
 */
#ifndef BPF_HISTOGRAM_H
#define BPF_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS		16u
#define HISTOGRAM_BUCKETS	(HISTOGRAM_STEPS * 61u)

struct histogram {
	uint64_t count;
	uint64_t most;
	uint32_t bucket[HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(struct histogram) % 8 == 0, "one for each processor, without holes");

/* The whole logarithm; no instruction has it in the kernel's machine. */
static inline __attribute__((__always_inline__)) uint32_t histogram_log2(uint64_t value)
{
	uint32_t log = 0;

	if (value >> 32) {
		log += 32;
		value >>= 32;
	}
	if (value >> 16) {
		log += 16;
		value >>= 16;
	}
	if (value >> 8) {
		log += 8;
		value >>= 8;
	}
	if (value >> 4) {
		log += 4;
		value >>= 4;
	}
	if (value >> 2) {
		log += 2;
		value >>= 2;
	}
	return log + (uint32_t)(value >> 1);
}

/* The bucket of a value. */
static inline __attribute__((__always_inline__)) uint32_t histogram_bucket(uint64_t value)
{
	uint32_t log;

	if (value < HISTOGRAM_STEPS)
		return (uint32_t)value;
	log = histogram_log2(value);
	return (log - 3) * HISTOGRAM_STEPS +
	       (uint32_t)(value >> (log - 4) & (HISTOGRAM_STEPS - 1));
}

/* The first value of a bucket. */
static inline __attribute__((__always_inline__)) uint64_t histogram_least(uint32_t bucket)
{
	uint32_t doubling = bucket / HISTOGRAM_STEPS;

	if (!doubling)
		return bucket;
	return (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << (doubling - 1);
}

#endif /* BPF_HISTOGRAM_H */
