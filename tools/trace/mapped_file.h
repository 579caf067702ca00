/* SPDX-License-Identifier: MIT */
/* The files that processes run code from, and opening files that others have named. */
#ifndef TRACE_MAPPED_FILE_H
#define TRACE_MAPPED_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A part of a file that a process runs code from. */
struct mapping {
	pid_t pid;
	unsigned long start, end;	/* addresses */
	uint64_t inode;
	bool deleted;			/* it has not this name any more */
	char name[PATH_MAX];		/* as the process sees it, if we see the same */
};

/* Opens a regular file by its name, without waiting. -errno. */
int file_open_named(const char *path);

/* Opens the very file that is mapped, whatever its name means now. -errno. */
int mapped_file_open(const struct mapping *mapping);

/*
 * Calls the function for each such file of a process, one after the other, until it does
 * not return 0.  Returns that, or -errno if the process may not be looked at, or has ended.
 */
int mapped_files_each(pid_t pid, int (*call)(void *context, const struct mapping *mapping),
		      void *context);

#endif /* TRACE_MAPPED_FILE_H */
