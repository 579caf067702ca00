// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the kernel look as if its pages had $SELFTEST_PAGE bytes, for a test that is run with
 * this in LD_PRELOAD.  The kernel of such a machine
 *
 *	- tells sysconf() so, and maps at multiples of a page,
 *	- refuses offsets, and addresses of munmap(), mremap() and madvise(), that are none,
 *	- takes lengths for whole pages.
 *
 * Here a refused address ends the test: the library would overlook some of them, and so would
 * the test.  What libc does for itself is not seen here, nor what liburing does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

long sysconf(int name);
int getpagesize(void);

static uintptr_t page_bytes(void)
{
	static uintptr_t bytes;
	const char *text;

	if (!bytes) {
		text = getenv("SELFTEST_PAGE");
		bytes = text ? strtoul(text, NULL, 10) : 4096;
	}
	return bytes;
}

static size_t whole(size_t length)
{
	return (length + page_bytes() - 1) & ~(page_bytes() - 1);
}

static void must_be_whole(const char *call, uintptr_t address)
{
	if (address % page_bytes() == 0)
		return;
	fprintf(stderr, "%s(%#lx) is not on a page of %lu bytes\n", call,
		(unsigned long)address, (unsigned long)page_bytes());
	abort();
}

long sysconf(int name)
{
	static long (*real)(int);

	if (name == _SC_PAGESIZE)
		return (long)page_bytes();
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sysconf");
	return real(name);
}

int getpagesize(void)
{
	return (int)page_bytes();
}

static void *map(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, address, length, prot, flags, fd, offset);
}

/* Address space that begins on a page. */
static unsigned char *place(size_t length)
{
	size_t room = length + page_bytes(), before;
	unsigned char *base = map(NULL, room, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return MAP_FAILED;
	before = whole((uintptr_t)base) - (uintptr_t)base;
	if (before)
		syscall(SYS_munmap, base, before);
	syscall(SYS_munmap, base + before + length, room - before - length);
	return base + before;
}

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *base = address, *mapped;

	must_be_whole("mmap, offset", (uintptr_t)offset);
	if (flags & MAP_FIXED)
		must_be_whole("mmap", (uintptr_t)address);
	else
		base = place(whole(length));
	if (base == MAP_FAILED)
		return MAP_FAILED;
	mapped = map(base, whole(length), prot, flags | MAP_FIXED, fd, offset);
	/* Devices may not be longer than they are. */
	if (mapped == MAP_FAILED && errno == EINVAL)
		mapped = map(base, length, prot, flags | MAP_FIXED, fd, offset);
	if (mapped == MAP_FAILED && !(flags & MAP_FIXED)) {
		int error = errno;

		syscall(SYS_munmap, base, whole(length));
		errno = error;
	}
	return mapped;
}

int munmap(void *address, size_t length)
{
	must_be_whole("munmap", (uintptr_t)address);
	return (int)syscall(SYS_munmap, address, whole(length));
}

void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
	void *to = NULL;
	va_list list;

	va_start(list, flags);
	if (flags & MREMAP_FIXED)
		to = va_arg(list, void *);
	va_end(list);
	must_be_whole("mremap", (uintptr_t)old);
	must_be_whole("mremap, to", (uintptr_t)to);
	if (!to && whole(length) > whole(old_length) && (flags & MREMAP_MAYMOVE)) {
		to = place(whole(length));
		if (to == MAP_FAILED)
			return MAP_FAILED;
		flags |= MREMAP_FIXED;
	}
	return (void *)syscall(SYS_mremap, old, whole(old_length), whole(length), flags, to);
}

int madvise(void *address, size_t length, int advice)
{
	must_be_whole("madvise", (uintptr_t)address);
	/* The rest of a page behind the end of its file is there on such a machine only. */
	if (advice != MADV_POPULATE_READ && advice != MADV_POPULATE_WRITE)
		length = whole(length);
	return (int)syscall(SYS_madvise, address, length, advice);
}
