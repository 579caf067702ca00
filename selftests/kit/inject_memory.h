/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * malloc(3) and its kin, which count as calls with INJECT_ALLOCATIONS.  inject.h includes
 * this file.
 */
#ifndef SELFTESTS_INJECT_MEMORY_H
#define SELFTESTS_INJECT_MEMORY_H

static long inject_in_use;

/* Blocks of the heap in use; 0 where they are not counted. */
inject_fn long inject_blocks(void)
{
	return __atomic_load_n(&inject_in_use, __ATOMIC_RELAXED);
}

#if defined(INJECT_ALLOCATIONS) && defined(__GLIBC__) && !defined(INJECT_SANITIZED)
#define INJECT_HAS_ALLOCATIONS 1

/* libc and the libraries are to find these too, whatever -fvisibility says. */
#define INJECT_PUBLIC	__attribute__((__visibility__("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* May this allocation be made?  It is counted if it was. */
static bool inject_denies(void)
{
	int error = inject_judge(INJECT_MALLOC);

	if (error)
		errno = error;
	return error;
}

static void *inject_count(void *memory)
{
	if (memory)
		__atomic_fetch_add(&inject_in_use, 1, __ATOMIC_RELAXED);
	return memory;
}

INJECT_PUBLIC void *malloc(size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_malloc(size));
}

INJECT_PUBLIC void *calloc(size_t count, size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_calloc(count, size));
}

INJECT_PUBLIC void *realloc(void *old, size_t size)
{
	void *memory;

	if (inject_denies())
		return NULL;
	memory = __libc_realloc(old, size);
	return old ? memory : inject_count(memory);
}

INJECT_PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_memalign(alignment, size));
}

INJECT_PUBLIC int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	void *memory = inject_denies() ? NULL : inject_count(__libc_memalign(alignment, size));

	if (!memory)
		return ENOMEM;
	*ret_memory = memory;
	return 0;
}

INJECT_PUBLIC void free(void *memory)
{
	if (memory)
		__atomic_fetch_sub(&inject_in_use, 1, __ATOMIC_RELAXED);
	__libc_free(memory);
}
#else
#define INJECT_HAS_ALLOCATIONS 0
#endif

#endif /* SELFTESTS_INJECT_MEMORY_H */
