/* SPDX-License-Identifier: MIT */
/* The file behind an output: how it is opened, and how another takes its place. */
#ifndef TRACE_OUTPUT_FILE_H
#define TRACE_OUTPUT_FILE_H

#include <stdbool.h>

struct output_file;

struct opened {
	int fd;
	bool regular;
	bool ours;		/* a file that was made here, from its first byte on */
	bool blocks;		/* unless it is asked before */
};

/* 0 or -errno. */
int output_file_open(const struct output_file *file, struct opened *ret_opened);

/* The file gets another name, and a new one its own.  0 or -errno. */
int output_file_rotate(const struct output_file *file, struct opened *opened);

#endif /* TRACE_OUTPUT_FILE_H */
