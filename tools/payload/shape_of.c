// SPDX-License-Identifier: MIT
/*
 * Finds the shape of a type in the debug information of a program.
 *
 * The registry has the name, the size and perhaps the fingerprint of the type.  A program may
 * have several types of one name, in different sources: the first that has this size and this
 * fingerprint is taken.  If the contract has no fingerprint, name and size must do.
 */
#include "shape_of.h"

#include <inttypes.h>
#include <stdio.h>

#include <dwarf.h>

#include "shape_make.h"
#include "tools/types/layout.h"
#include "tools/types/lookup.h"

#define TRIES		64	/* different types of one name */

static enum shape_kind kind_of_scalar(char kind, uint64_t size)
{
	switch (kind) {
	case FIELD_SIGNED:
		return shape_make_kind(DW_ATE_signed, size);
	case FIELD_UNSIGNED:
		return shape_make_kind(DW_ATE_unsigned, size);
	case FIELD_BOOLEAN:
		return shape_make_kind(DW_ATE_boolean, size);
	case FIELD_FLOAT:
		return shape_make_kind(DW_ATE_float, size);
	}
	return shape_make_kind(DW_ATE_unsigned, size);	/* std::byte */
}

bool shape_is_scalar(const struct sluice_type *type)
{
	return lookup_scalar(type->name) != 0;
}

/* Why a type of this name is not the service's; NULL: it is. */
static const char *differs(const struct program *program, Dwarf_Die *die,
			   const struct sluice_type *type, char *why, size_t size)
{
	struct layout layout;
	uint64_t fingerprint, bytes = shape_make_size(die);

	if (bytes != type->size) {
		snprintf(why, size, "%s has another %s, of %" PRIu64 " bytes and not %" PRIu64,
			 program->name, type->name, bytes, type->size);
		return why;
	}
	if (!type->fingerprint)
		return NULL;
	layout_of_type(&layout, program, die);
	fingerprint = layout_fingerprint(&layout);
	layout_free(&layout);
	if (fingerprint == type->fingerprint)
		return NULL;
	snprintf(why, size, "%s has another %s: its fingerprint is 0x%016" PRIx64
		 ", and the service has 0x%016" PRIx64, program->name, type->name, fingerprint,
		 type->fingerprint);
	return why;
}

static struct shape *shape_of_die(const struct program *program, Dwarf_Die *die,
				  const struct sluice_type *type, char *why, size_t size)
{
	struct shape *shape = shape_make(program, die);

	if (shape && shape->size == type->size && !program->work->spent)
		return shape;
	shape_free(shape);
	snprintf(why, size, "%s in %s has too many members, or there is no memory", type->name,
		 program->name);
	return NULL;
}

struct shape *shape_of_type(const struct program *program, const struct sluice_type *type,
			    char *ret_why, size_t size)
{
	char scalar = lookup_scalar(type->name);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;
	int tries = 0;

	if (scalar)
		return shape_create(kind_of_scalar(scalar, type->size), type->size, type->name);
	while (tries < TRIES && work_take(program->work, 1) &&
	       lookup_next_unit(program->dwarf, &cu, &unit)) {
		if (!lookup_type_in(program, &unit, type->name, &die))
			continue;
		tries++;
		if (!differs(program, &die, type, ret_why, size))
			return shape_of_die(program, &die, type, ret_why, size);
	}
	if (program->work->spent)
		snprintf(ret_why, size, "%s has too much debug information for its size",
			 program->name);
	else if (!tries)
		snprintf(ret_why, size, "%s has no type %s in its debug information",
			 program->name, type->name);
	return NULL;
}
