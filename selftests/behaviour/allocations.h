/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the calls of malloc() and its relatives, by standing in front of libc's.  A
 * sanitizer has an allocator of its own; with it nothing is counted.
 */
#ifndef SELFTESTS_ALLOCATIONS_H
#define SELFTESTS_ALLOCATIONS_H

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR	1
#endif
#endif

static unsigned long allocations;

#if defined(__GLIBC__) && !defined(OWN_ALLOCATOR)
#define CAN_COUNT_ALLOCATIONS	true

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	allocations++;
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	allocations++;
	*ret_memory = __libc_memalign(alignment, size);
	return *ret_memory ? 0 : ENOMEM;
}
#else
#define CAN_COUNT_ALLOCATIONS	false
#endif

#endif /* SELFTESTS_ALLOCATIONS_H */
