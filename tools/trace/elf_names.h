/* SPDX-License-Identifier: MIT */
/* The names of functions and source lines in one ELF file. */
#ifndef TRACE_ELF_NAMES_H
#define TRACE_ELF_NAMES_H

#include <stdint.h>

#include <elfutils/libdwfl.h>

/* All 0: not opened. */
struct elf_names {
	Dwfl *dwfl;
	Dwfl_Module *module;	/* NULL: libdwfl cannot read the file */
};

/* Gives an open file, and its descriptor, to libdwfl. */
void elf_names_open(struct elf_names *names, const char *name, int fd);
void elf_names_close(struct elf_names *names);

/*
 * The text for an offset in the file: "function" or "function (file.c:12)".  The caller frees
 * it.  NULL: there is no name.
 */
char *elf_names_find(const struct elf_names *names, uint64_t offset);

/* The last part of a path. */
const char *elf_names_last_part(const char *path);

/* Replaces everything but printable ASCII. */
void elf_names_make_printable(char *text);

#endif /* TRACE_ELF_NAMES_H */
