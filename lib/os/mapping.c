// SPDX-License-Identifier: MIT
/*
 * Address space.  All mappings of the library are kept out of core dumps, where a window
 * would show as a gigabyte, and out of forked children, which may not use them and would
 * keep the memory of dead processes allocated.
 *
 * A page fault costs several times as much as populating a page in bulk.  So memory that is
 * known to be backed is populated at once.  MADV_POPULATE_* came with Linux 5.14; before
 * that each page is touched, which populates it too.  An emulator of another machine
 * (qemu-user) says yes to every advice and heeds none.  It also says yes to an advice that
 * there is not, and is recognised by that.
 *
 * If the process has locked all future memory (MCL_FUTURE of mlockall(2)), the kernel would
 * count a window that is mapped at once as locked in full.  It would also allocate parts of
 * the file that are not allocated yet, whose size a peer decides.  So one page is mapped
 * and unlocked, and then moved to where the window has room: an unlocked mapping may become
 * as long as it likes.  The part that is populated is locked again.
 *
 * For huge pages a window is moved once more, to an address that they can be mapped at.
 */
#include "os/mapping.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/page.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

#define NO_ADVICE	(-1)

/* The memory that one entry of a page table above pages maps: as many pages as a page has
 * entries of 8 bytes, 2 MiB if pages are of 4 KiB. */
static uint64_t huge_size(void)
{
	return page_size() * (page_size() / 8);
}

/* The system says yes to an advice that there is not. */
static bool is_deaf(void)
{
	return !madvise(NULL, 0, NO_ADVICE);
}

bool mapping_can_hide(void)
{
	return !is_deaf();
}

bool mapping_can_allocate(void)
{
	return !madvise(NULL, 0, MADV_POPULATE_WRITE);
}

int mapping_map(struct mapping *mapping, int fd, uint64_t length, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base = mmap(NULL, length, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (base == MAP_FAILED && errno == EAGAIN)
		return fail(ENOMEM, "cannot map %llu bytes of shared memory: all memory is to be locked, and RLIMIT_MEMLOCK is reached",
			    (unsigned long long)length);
	if (base == MAP_FAILED)
		return fail_system("cannot map shared memory");
	madvise(base, length, MADV_DONTFORK);
	madvise(base, length, MADV_DONTDUMP);
	*mapping = (struct mapping){ .base = base, .length = length };
	return 0;
}

int mapping_refer(struct mapping *mapping, int fd)
{
	void *base = mmap(NULL, page_size(), PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (base == MAP_FAILED)
		return fail_system("cannot map a file");
	madvise(base, page_size(), MADV_DONTFORK);
	*mapping = (struct mapping){ .base = base, .length = page_size() };
	return 0;
}

int mapping_replace(const struct mapping *mapping, struct mapping *by)
{
	if (mremap(by->base, by->length, by->length, MREMAP_MAYMOVE | MREMAP_FIXED,
		   mapping->base) == MAP_FAILED)
		return fail_system("cannot move shared memory");
	by->base = mapping->base;
	return 0;
}

/* ---- Windows ---- */

/* The kernel refuses to invalidate locked memory.  For other memory this does nothing. */
static bool is_locked(const struct mapping *mapping)
{
	return msync(mapping->base, mapping->length, MS_INVALIDATE) && errno == EBUSY;
}

int mapping_window(struct mapping *mapping, int fd, uint64_t length, bool writable)
{
	const uint64_t page = page_size();
	void *base;
	int r;

	r = mapping_map(mapping, fd, page, writable);
	if (r < 0)
		return r;
	mapping->locked = is_locked(mapping);
	if (mapping->locked)
		munlock(mapping->base, page);
	base = mremap(mapping->base, page, length, MREMAP_MAYMOVE);
	if (base == MAP_FAILED) {
		r = fail_system("cannot reserve address space");
		mapping_unmap(mapping);
		return r;
	}
	mapping->base = base;
	mapping->length = length;
	return 0;
}

/* Address space of the same kind as a window, for one to be moved to. */
static void *find_place(uint64_t length)
{
	const uint64_t size = page_size();
	void *page, *place;

	page = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	munlock(page, size);
	place = mremap(page, size, length, MREMAP_MAYMOVE);
	if (place != MAP_FAILED)
		return place;
	munmap(page, size);
	return NULL;
}

/*
 * A range that is too long by a huge page contains an aligned one; the rest around that is
 * unmapped.
 */
static void align(struct mapping *mapping)
{
	const uint64_t huge = huge_size();
	unsigned char *place = find_place(mapping->length + huge), *base, *moved;
	uint64_t before;

	if (!place)
		return;
	before = round_up((uintptr_t)place, huge) - (uintptr_t)place;
	base = place + before;
	moved = mremap(mapping->base, mapping->length, mapping->length,
		       MREMAP_MAYMOVE | MREMAP_FIXED, base);
	if (before)
		munmap(place, before);
	munmap(base + mapping->length, huge - before);
	/* Else the range may belong to another thread already, and is left alone. */
	if (moved == base)
		mapping->base = base;
}

void mapping_want_huge(struct mapping *mapping)
{
	if ((uintptr_t)mapping->base % huge_size())
		align(mapping);
	madvise(mapping->base, mapping->length, MADV_HUGEPAGE);
}

/* ---- Pages ---- */

/* Others may write there at the same time; the value does not change. */
static void touch(unsigned char *page, bool writable)
{
	if (writable)
		rewrite_relaxed(page);
	else
		(void)*(volatile unsigned char *)page;
}

/* How far it got, and errno. */
static uint64_t populate(const struct mapping *mapping, uint64_t offset, uint64_t end,
			 bool writable)
{
	int advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
	uint64_t step;

	/* Peers check what is written, and a page that is only read may come when it is. */
	if (writable && is_deaf()) {
		errno = EINVAL;
		return offset;
	}
	while (offset < end) {
		step = min_u64(end - offset, POPULATE_STEP);
		if (!madvise(mapping->base + offset, step, advice))
			offset += step;
		else if (errno != EINTR)
			break;
	}
	return offset;
}

int mapping_populate(const struct mapping *mapping, uint64_t offset, uint64_t length,
		     bool writable)
{
	uint64_t end = offset + length, done = populate(mapping, offset, end, writable);

	/*
	 * Pages that were never written are holes to a peer, which takes them for a
	 * violation.
	 */
	if (done < end && errno != EINVAL && writable)
		return fail(ENOMEM, "cannot populate %llu bytes of shared memory: %s",
			    (unsigned long long)(end - done), strerror(errno));
	/* The memory is backed, or the caller would not ask; so no touch raises a signal. */
	for (; done < end && errno == EINVAL; done += page_size())
		touch(mapping->base + done, writable);
	return mapping->locked ? mapping_lock(mapping->base + offset, length) : 0;
}

void mapping_allocate(const struct mapping *mapping, uint64_t offset, uint64_t length)
{
	populate(mapping, offset, offset + length, true);
}

int mapping_lock(const void *begin, uint64_t length)
{
	struct rlimit limit = { .rlim_cur = 0 };
	int error;

	if (!mlock(begin, length))
		return 0;
	error = errno == EAGAIN ? ENOMEM : errno;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	return fail(error, "cannot lock %llu bytes of memory: %s; RLIMIT_MEMLOCK is %llu",
		    (unsigned long long)length, strerror(error),
		    (unsigned long long)limit.rlim_cur);
}

void mapping_unmap(struct mapping *mapping)
{
	if (mapping->base)
		munmap(mapping->base, mapping->length);
	mapping->base = NULL;
	mapping->length = 0;
}
