/* SPDX-License-Identifier: MIT */
/*
 * The orderings used on memory that is shared with another process or thread, by name.
 * Words in uapi/ are plain integers, since both C and C++ read those headers.  Every access
 * of a word that another thread may write at the same time goes through here.
 *
 * There is no fence among them.  If a store must come before a load of another word, both
 * sides use the sequentially consistent operations, which the thread sanitizer understands.
 * Documentation/ordering.rst lists the pairs.
 */
#ifndef SLUICE_BASE_ATOMIC_H
#define SLUICE_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

/* No order.  The value is read or written whole, and once. */
#define load_relaxed(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#define store_relaxed(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELAXED)

/* Adds, and returns the sum. */
#define add_relaxed(p, n)	__atomic_add_fetch((p), (n), __ATOMIC_RELAXED)

/*
 * Writes the value that is there, even if others write there too.  The page is then present
 * and private.  It is the aligned word around the address, since riscv64 has no atomic bytes.
 */
#define rewrite_relaxed(p)						\
	((void)__atomic_fetch_or((uint32_t *)((uintptr_t)(p) & ~(uintptr_t)3), 0,	\
				 __ATOMIC_RELAXED))

/* A thread that sees the value with an ordered load sees all that was written before. */
#define store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* All threads see all of these accesses, of all words, in one order. */
#define load_ordered(p)		__atomic_load_n((p), __ATOMIC_SEQ_CST)
#define exchange_ordered(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

/* Replaces *p by wanted if it is expected, and returns whether it did. */
#define replace_u64(p, expected, wanted)						\
	__atomic_compare_exchange_n((p), &(uint64_t){ (expected) }, (wanted), false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* A hint to the processor that this thread is spinning. */
static inline void spin_hint(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#elif defined(__riscv)
	__asm__ volatile(".4byte 0x0100000f");	/* pause, which older assemblers do not know */
#endif
}

#endif /* SLUICE_BASE_ATOMIC_H */
