/* SPDX-License-Identifier: MIT */
/* The file behind an outlet: how it is opened, and how another takes its place. */
#ifndef TRACE_OUTLET_FILE_H
#define TRACE_OUTLET_FILE_H

#include <stdbool.h>

struct outlet_file;

struct opened {
	int fd;
	bool regular;
	bool ours;		/* a file that was made here, from its first byte on */
	bool blocks;		/* unless it is asked before */
};

/* 0 or -errno. */
int outlet_file_open(const struct outlet_file *file, struct opened *ret_opened);

/* The file gets another name, and a new one its own.  0 or -errno. */
int outlet_file_rotate(const struct outlet_file *file, struct opened *opened);

#endif /* TRACE_OUTLET_FILE_H */
