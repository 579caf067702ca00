// SPDX-License-Identifier: MIT
/*
 * Address space.  All mappings of the library are kept out of core dumps, where a
 * window would show as a gigabyte, and out of forked children, which may not use
 * them and would keep the memory of the dead alive.
 *
 * A page fault costs several times what a page costs that is populated in bulk,
 * so whoever knows that memory is backed populates it at once.  MADV_POPULATE_*
 * came with Linux 5.14; before that the faults come one by one.
 */
#include "os/mapping.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/limits.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

int mapping_map(struct mapping *mapping, int fd, uint64_t length, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base = mmap(NULL, length, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (base == MAP_FAILED)
		return fail_system("cannot map shared memory");
	madvise(base, length, MADV_DONTFORK);
	madvise(base, length, MADV_DONTDUMP);
	mapping->base = base;
	mapping->length = length;
	return 0;
}

void mapping_populate(const struct mapping *mapping, uint64_t offset, uint64_t length,
		      bool writable)
{
	int advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
	uint64_t end = offset + length, step;

	while (offset < end) {
		step = min_u64(end - offset, POPULATE_STEP);
		if (!madvise(mapping->base + offset, step, advice))
			offset += step;
		else if (errno != EINTR)
			return;
	}
}

void mapping_unmap(struct mapping *mapping)
{
	if (mapping->base)
		munmap(mapping->base, mapping->length);
	mapping->base = NULL;
	mapping->length = 0;
}
