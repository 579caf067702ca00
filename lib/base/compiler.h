/* SPDX-License-Identifier: MIT */
/* Attributes and built-ins of the compiler, under short names. */
#ifndef SLUICE_BASE_COMPILER_H
#define SLUICE_BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8,
	       "Sluice needs a 64-bit Linux");

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define MUST_CHECK	__attribute__((__warn_unused_result__))
#define PRINTF(f, a)	__attribute__((__format__(__printf__, f, a)))
/* Seldom called. */
#define SELDOM		__attribute__((__cold__))

/* The same, and out of the way of whoever calls it. */
#define COLD		__attribute__((__cold__, __noinline__))

/* Part of the straight line of some call. */
#define INLINE		static inline __attribute__((__always_inline__))

/* Called now and then: fast, but out of the way. */
#define OUTLINE		__attribute__((__noinline__))

/* All that it calls is compiled into it, except what is COLD. */
#define STRAIGHT	__attribute__((__flatten__))

/*
 * Of a thread's variable that every call looks at: it lies at a fixed distance from the thread
 * pointer, also in a library that is loaded late.  glibc keeps room for such variables; musl
 * refuses to load libraries that have them.
 */
#ifdef __GLIBC__
#define TLS_NEAR	__attribute__((__tls_model__("initial-exec")))
#else
#define TLS_NEAR
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* The struct that a member is embedded in. */
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline uint64_t round_up(uint64_t n, uint64_t power_of_two)
{
	return (n + power_of_two - 1) & ~(power_of_two - 1);
}

/* The least power of two that is at least n; n at most 2^63. */
static inline uint64_t pow2_at_least(uint64_t n)
{
	return n <= 1 ? 1 : UINT64_C(1) << (64 - __builtin_clzll(n - 1));
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline int64_t max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif /* SLUICE_BASE_COMPILER_H */
