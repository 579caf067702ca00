/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of locked memory: how much a process may lock, and what is locked.  Root may lock
 * without a limit, so tests of limits run as nobody, a user who owns the root directory.
 */
#ifndef SELFTESTS_LOCKING_H
#define SELFTESTS_LOCKING_H

#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "end.h"

#define NOBODY		65534
#define KIB		1024L
#define MIB		(1024 * KIB)

/* A sanitizer does not pass mlock() on to the kernel. */
#if defined(WITH_LEAK_CHECK) || defined(WITH_THREAD_CHECK)
#define CAN_LOCK	false
#else
#define CAN_LOCK	true
#endif

/* Whether this user may lock so much; never with a sanitizer. */
helper bool may_lock(long bytes)
{
	void *memory;
	int r;

	memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!CAN_LOCK || memory == MAP_FAILED)
		return false;
	r = mlock(memory, (size_t)bytes);
	munmap(memory, (size_t)bytes);
	return !r;
}

#define NEEDS_LOCKING(bytes)						\
	do {								\
		if (!may_lock(bytes))					\
			SKIP(return, "RLIMIT_MEMLOCK is too low, or this is a sanitizer"); \
	} while (0)

/* status_of(name): what /proc/self/status says, in KiB. */
helper long status_of(struct side *side, long name, long unused)
{
	char line[256], format[32];
	FILE *file = fopen("/proc/self/status", "re");
	long kib = -1;

	(void)side, (void)unused;
	snprintf(format, sizeof(format), "%s: %%ld kB", (const char *)name);
	while (file && kib < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &kib) != 1)
			kib = -1;
	if (file)
		fclose(file);
	return kib;
}

/* limit_locks(bytes): the soft limit. */
helper long limit_locks(struct side *side, long bytes, long unused)
{
	struct rlimit limit;

	(void)side, (void)unused;
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	limit.rlim_cur = (rlim_t)bytes < limit.rlim_max ? (rlim_t)bytes : limit.rlim_max;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

/* Root becomes nobody; others stay who they are. */
helper long become_nobody(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	if (geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	/* A change of the user resets both. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

helper int give_to_nobody(const struct root *root)
{
	return geteuid() == 0 ? chown(root->path, NOBODY, NOBODY) : 0;
}

#endif /* SELFTESTS_LOCKING_H */
