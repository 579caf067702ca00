// SPDX-License-Identifier: MIT
/*
 * Reads attributes of an entry (DIE) of the debug information: its type, numbers and flags.
 *
 * The debug information may be wrong.  A chain of typedefs and qualifiers is followed only up
 * to NESTING_MAX, so that one which leads to itself comes to an end.
 */
#include "tools/types/entry.h"

#include <dwarf.h>

bool entry_type(Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), ret_type);
}

bool entry_number(Dwarf_Die *die, unsigned int name, uint64_t *ret_number)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;

	if (!dwarf_attr_integrate(die, name, &attribute) ||
	    dwarf_formudata(&attribute, &number) != 0)
		return false;
	*ret_number = number;
	return true;
}

bool entry_has_flag(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr(die, name, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

bool entry_peel(Dwarf_Die *type)
{
	for (int i = 0; i < NESTING_MAX; i++) {
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_template_alias:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!entry_type(type, type))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

uint64_t entry_count(Dwarf_Die *dimension)
{
	uint64_t count, upper, lower = 0;

	if (entry_number(dimension, DW_AT_count, &count))
		return count;
	entry_number(dimension, DW_AT_lower_bound, &lower);
	return entry_number(dimension, DW_AT_upper_bound, &upper) ? upper - lower + 1 : 0;
}
