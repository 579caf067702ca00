/* SPDX-License-Identifier: MIT */
/* A program as a file: its debug information, and what its data is when it starts. */
#ifndef TOOLS_TYPES_PROGRAM_H
#define TOOLS_TYPES_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "tools/types/work.h"

struct program {
	const char *name;
	struct work *work;	/* all that may be done with this file */
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;
	Elf *elf;
	bool relocatable;	/* an object, which libdwfl has relocated */
	char why[512];		/* it cannot be opened: a sentence */
};

/* The place of data. */
struct place {
	size_t section;
	uint64_t offset;
};

/*
 * Opens the file of this path, which sentences call by another name.  0, or -1 and
 * program->why.  It is closed in either case.  work is begun.
 */
int program_open(struct program *program, const char *path, const char *name, struct work *work);
void program_close(struct program *program);

/* The place at an address that the debug information speaks of; false: it has no data. */
bool program_find(const struct program *program, uint64_t address, struct place *ret_place);

/* The data that a program finds there when it starts, except pointers; zeros in .bss. */
bool program_read(const struct program *program, struct place place, void *ret_data, size_t size);

/* Are so many bytes there in the file?  Those of .bss are not. */
bool program_stores(const struct program *program, struct place place, size_t size);

/* The target of a pointer there; false: nothing, or nothing in this file. */
bool program_follow(const struct program *program, struct place place, struct place *ret_place);

/* The string there; false: it does not end within size. */
bool program_string(const struct program *program, struct place place, char *ret_text, size_t size);

#endif /* TOOLS_TYPES_PROGRAM_H */
