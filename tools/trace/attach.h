/* SPDX-License-Identifier: MIT */
/* Attaching a program in the kernel to the places of a file: a link. */
#ifndef TRACE_ATTACH_H
#define TRACE_ATTACH_H

#include "places.h"

/* The attach type that such a program is loaded with; Linux 6.6. */
#define ATTACH_TYPE_UPROBE_MULTI	48

/*
 * Attaches a program to those places of a file whose bit is set, in one process, or in
 * all that run the file now or later if pid is 0.  A descriptor, which ends it when it
 * is closed, also by the end of this process; or -errno.
 */
int attach(int program_fd, const char *path, const struct places *places, uint64_t probes,
	   pid_t pid);

#endif /* TRACE_ATTACH_H */
