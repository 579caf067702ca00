/* SPDX-License-Identifier: MIT */
/* Finds a type by the name that a contract has for it. */
#ifndef TOOLS_TYPES_LOOKUP_H
#define TOOLS_TYPES_LOOKUP_H

#include <stdbool.h>

#include <elfutils/libdw.h>

#include "tools/types/program.h"

/* One of C's own types, which may be missing in the debug information.  0: it is none. */
char lookup_scalar(const char *name);

/*
 * The definition of a type, first in this unit and then in all; false: there is none, or no
 * work is left.
 */
bool lookup_type(const struct program *program, Dwarf_Die *unit, const char *name,
		 Dwarf_Die *ret_type);

/* The same in this unit only. */
bool lookup_type_in(const struct program *program, Dwarf_Die *unit, const char *name,
		    Dwarf_Die *ret_type);

/* Goes on to the entry behind this one and all that belongs to it; false: there is none. */
bool lookup_sibling(const struct program *program, Dwarf_Die *entry);

/* The next unit after *cu, which is NULL at first; false: that was the last. */
bool lookup_next_unit(Dwarf *dwarf, Dwarf_CU **cu, Dwarf_Die *ret_unit);

/* Its name without struct, union or enum, as it is compared. */
const char *lookup_bare_name(const char *name);

#endif /* TOOLS_TYPES_LOOKUP_H */
