/* SPDX-License-Identifier: MIT */
/* Attributes of an entry of the debug information. */
#ifndef TOOLS_TYPES_ENTRY_H
#define TOOLS_TYPES_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#define NESTING_MAX	64	/* no types are nested more deeply */

/* The type of a member, variable or array.  False: it has none. */
bool entry_type(Dwarf_Die *die, Dwarf_Die *ret_type);

/* A number, such as DW_AT_byte_size.  False: there is none, and *ret_number stays. */
bool entry_number(Dwarf_Die *die, unsigned int name, uint64_t *ret_number);

/* Is this flag set? */
bool entry_has_flag(Dwarf_Die *die, unsigned int name);

/* Replaces a type by the one behind typedefs and qualifiers.  False: there is none (void). */
bool entry_peel(Dwarf_Die *type);

/* How many elements a dimension of an array has.  0: it is open. */
uint64_t entry_count(Dwarf_Die *dimension);

#endif /* TOOLS_TYPES_ENTRY_H */
