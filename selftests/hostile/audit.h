/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The auditor: what a process has, as the kernel counts it and not the process.
 */
#ifndef SELFTESTS_HOSTILE_AUDIT_H
#define SELFTESTS_HOSTILE_AUDIT_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct audit {
	int fds;
	int mappings;		/* of memfds */
	long resident;		/* KiB, of all kinds */
	long shared;		/* KiB, of shared memory */
};

static inline int audit_fds(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static inline int audit_mappings(pid_t pid)
{
	char path[64], line[512];
	int count = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, "/memfd:") != NULL;
	if (maps)
		fclose(maps);
	return count;
}

static inline struct audit audit(pid_t pid)
{
	struct audit audit = { .fds = audit_fds(pid), .mappings = audit_mappings(pid) };
	char path[64], line[256];
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "VmRSS: %ld", &audit.resident);
		sscanf(line, "RssShmem: %ld", &audit.shared);
	}
	if (status)
		fclose(status);
	return audit;
}

#endif /* SELFTESTS_HOSTILE_AUDIT_H */
