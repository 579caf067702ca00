/* SPDX-License-Identifier: MIT */
/* Names of functions for the frames of user stacks. */
#ifndef TRACE_SYMBOLS_H
#define TRACE_SYMBOLS_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/bpf.h>

struct symbols;

/* NULL with errno ENOMEM. */
struct symbols *symbols_create(void);
void symbols_destroy(struct symbols *symbols);

/* Remembers where a file of this build id is.  Harmless if it is no ELF file, or known. */
void symbols_learn_file(struct symbols *symbols, const char *path);

/* The same with one that is open, which stays the caller's. */
void symbols_learn_open(struct symbols *symbols, const char *path, int fd);

/* The same with all files that a process has mapped to be executed; quick if it is known. */
void symbols_learn_process(struct symbols *symbols, pid_t pid);

/*
 * Writes the text for a frame: "function", or "function (file.c:12)" if the file has debug
 * information, or "libfoo.so+0x1234", or "[0x1234]"; cut to size, terminated.  The frame at
 * index 0 is where the stack was taken, all others are return addresses.
 */
void symbols_name(struct symbols *symbols, const struct bpf_stack_build_id *frame, size_t index,
		  char *text, size_t size);

#endif /* TRACE_SYMBOLS_H */
