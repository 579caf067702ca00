/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts a crash point before and after every store to shared memory.
 *
 * The objects of the library that crash_points_test is linked with are compiled with this
 * file in front (-include).  It takes the place of the operations of base/atomic.h that
 * store; all stores of shared words go through those.  No line of the library knows of it.
 */
#ifndef SELFTESTS_HARD_CRASH_HOOKS_H
#define SELFTESTS_HARD_CRASH_HOOKS_H

#include "base/atomic.h"

/* crash_points.h; where: the function of the library. */
void crash_before(const char *where);
void crash_after(const char *where);

#define CRASH_STORE_(store)						\
	(crash_before(__func__), (store), crash_after(__func__))

#define CRASH_RESULT_(type, access)					\
	__extension__({							\
		type crash_result_;					\
									\
		crash_before(__func__);					\
		crash_result_ = (access);				\
		crash_after(__func__);					\
		crash_result_;						\
	})

#undef store_relaxed
#undef store_release
#undef add_relaxed
#undef exchange_ordered
#undef replace_u64
#define store_relaxed(p, v)	CRASH_STORE_(__atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define store_release(p, v)	CRASH_STORE_(__atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define add_relaxed(p, n) \
	CRASH_RESULT_(__typeof__(*(p)), __atomic_add_fetch((p), (n), __ATOMIC_RELAXED))
#define exchange_ordered(p, v) \
	CRASH_RESULT_(__typeof__(*(p)), __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))
#define replace_u64(p, expected, wanted)						\
	CRASH_RESULT_(bool,								\
		      __atomic_compare_exchange_n((p), &(uint64_t){ (expected) }, (wanted),	\
						  false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))

#endif /* SELFTESTS_HARD_CRASH_HOOKS_H */
