/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory as it is seen from outside: in the memfds of processes. */
#ifndef SELFTESTS_MEMFDS_H
#define SELFTESTS_MEMFDS_H

#include "common.h"

struct memfds {
	uint64_t allocated;	/* bytes of pages, of all memfds of the library */
	uint64_t apparent;	/* sum of their sizes */
	size_t count;
	ino_t seen[1024];
};

/* Adds what the links of one directory of /proc lead to. */
helper void add_memfds(struct memfds *memfds, pid_t pid, const char *folder)
{
	char path[64], target[256];
	struct dirent *entry;
	struct stat status;
	ssize_t size;
	size_t i;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		size = readlinkat(dirfd(dir), entry->d_name, target,
				  sizeof(target) - 1);
		if (size < 0)
			continue;
		target[size] = '\0';
		if (!strstr(target, "memfd:sluice") ||
		    fstatat(dirfd(dir), entry->d_name, &status, 0) < 0)
			continue;
		for (i = 0; i < memfds->count; i++)
			if (memfds->seen[i] == status.st_ino)
				break;
		if (i < memfds->count || i == ARRAY_SIZE(memfds->seen))
			continue;
		memfds->seen[memfds->count++] = status.st_ino;
		memfds->allocated += (uint64_t)status.st_blocks * 512;
		memfds->apparent += (uint64_t)status.st_size;
	}
	if (dir)
		closedir(dir);
}

/*
 * What both processes hold open or mapped.  Only root may look behind mappings;
 * others see what is open, and the owner of a segment that can grow keeps it so.
 */
helper struct memfds count_memfds(pid_t other)
{
	struct memfds memfds = { .count = 0 };
	pid_t pids[] = { getpid(), other };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		if (!pids[i])
			continue;
		add_memfds(&memfds, pids[i], "fd");
		if (geteuid() == 0)
			add_memfds(&memfds, pids[i], "map_files");
	}
	return memfds;
}

#endif /* SELFTESTS_MEMFDS_H */
