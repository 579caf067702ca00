// SPDX-License-Identifier: MIT
/*
 * Goes through a type as the debug information describes it, member by member, and
 * lists its fields, the parts that must not be shared, and the holes between the fields.
 *
 * These must not be shared: types with a meaning in one process only (pointers, references,
 * pointers to members, the pointer behind virtual functions), types that each compiler lays
 * out differently (bit-fields, long double), and types without a size (flexible arrays,
 * types that are only declared).  Qualifiers and typedefs do not affect a layout and are
 * skipped.
 *
 * The debug information may be wrong: nesting and the lists are bounded, so that structs
 * which contain themselves, or each other many times, come to an end.
 */
#include "tools/types/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <dwarf.h>

#include "tools/types/cover.h"
#include "tools/types/entry.h"
#include "tools/types/lookup.h"

#define DIMENSIONS_MAX	16
#define PATH_SIZE	1024
#define DOUBLE_SIZE	8	/* a longer one is not the same everywhere */

struct walk {
	struct layout *layout;
	const struct program *program;	/* NULL for a scalar */
	int nesting;
};

/* The position in the whole type. */
struct spot {
	char path[PATH_SIZE];
	uint64_t offset;
};

static void walk_type(struct walk *walk, Dwarf_Die *type, const struct spot *spot);

/* ---- Lists ---- */

static void add_field(struct walk *walk, const struct spot *spot, enum field_kind kind,
		      uint64_t size, uint64_t count)
{
	struct field field = { (char *)spot->path, kind, spot->offset, size, count };

	if (walk->program && !work_take(walk->program->work, 1 + strlen(spot->path)))
		return;
	layout_add_field(walk->layout, &field);
}

static void refuse(struct walk *walk, const struct spot *spot, const char *what)
{
	if (work_take(walk->program->work, 1 + strlen(spot->path)))
		layout_add_fault(walk->layout, spot->path, "%s", what);
}

/* ---- Numbers ---- */

static void walk_float(struct walk *walk, const struct spot *spot, Dwarf_Die *type, uint64_t size)
{
	const char *name = dwarf_diename(type);

	if (size > DOUBLE_SIZE)
		layout_add_fault(walk->layout, spot->path, "is a %.64s", name ? name : "long double");
	add_field(walk, spot, FIELD_FLOAT, size, 0);
}

static void walk_base(struct walk *walk, Dwarf_Die *type, const struct spot *spot)
{
	uint64_t encoding = 0, size = 0;

	entry_number(type, DW_AT_encoding, &encoding);
	entry_number(type, DW_AT_byte_size, &size);
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		add_field(walk, spot, FIELD_SIGNED, size, 0);
		return;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		add_field(walk, spot, FIELD_UNSIGNED, size, 0);
		return;
	case DW_ATE_boolean:
		add_field(walk, spot, FIELD_BOOLEAN, size, 0);
		return;
	case DW_ATE_float:
		walk_float(walk, spot, type, size);
		return;
	case DW_ATE_complex_float:
		if (size > 2 * DOUBLE_SIZE)
			refuse(walk, spot, "is a complex long double");
		add_field(walk, spot, FIELD_COMPLEX, size, 0);
		return;
	case DW_ATE_decimal_float:
		add_field(walk, spot, FIELD_DECIMAL, size, 0);
		return;
	}
	refuse(walk, spot, "is of a kind that is not known here");
}

static void walk_enum(struct walk *walk, Dwarf_Die *type, const struct spot *spot)
{
	uint64_t size = 0;

	if (!entry_number(type, DW_AT_byte_size, &size))
		refuse(walk, spot, "is an enum that is only declared");
	add_field(walk, spot, FIELD_ENUM, size, 0);
}

/* ---- Arrays ---- */

static void add_dimension(struct walk *walk, struct spot *spot, uint64_t count)
{
	size_t length = strlen(spot->path);

	if (!count)
		refuse(walk, spot, "is a flexible array");
	add_field(walk, spot, FIELD_ARRAY, 0, count);
	snprintf(spot->path + length, sizeof(spot->path) - length, "[]");
}

static void walk_array(struct walk *walk, Dwarf_Die *type, const struct spot *spot)
{
	struct spot inner = *spot;
	Dwarf_Die child, element;
	int dimensions = 0;

	if (dwarf_child(type, &child) == 0)
		do {
			if (dwarf_tag(&child) == DW_TAG_subrange_type &&
			    dimensions++ < DIMENSIONS_MAX)
				add_dimension(walk, &inner, entry_count(&child));
		} while (lookup_sibling(walk->program, &child));
	if (!dimensions || dimensions > DIMENSIONS_MAX || walk->nesting >= NESTING_MAX ||
	    !entry_type(type, &element)) {
		refuse(walk, spot, "is an array of a kind that is not known here");
		return;
	}
	walk->nesting++;
	walk_type(walk, &element, &inner);
	walk->nesting--;
}

/* ---- Structs ---- */

/* The state of going through a struct. */
struct inside {
	struct cover cover;
	bool unknown;		/* there are bit-fields: no holes are looked for */
	bool is_virtual;
};

static uint64_t walk_struct(struct walk *walk, Dwarf_Die *type, const struct spot *spot,
			    bool is_base);

/* Appends a member's name.  Members of a nameless struct belong to the outer one. */
static void enter(struct spot *inner, const struct spot *outer, Dwarf_Die *member)
{
	const char *name = dwarf_diename(member);
	size_t length = strlen(outer->path);

	*inner = *outer;
	if (name)
		snprintf(inner->path + length, sizeof(inner->path) - length, ".%s", name);
}

static bool is_vptr(Dwarf_Die *member)
{
	const char *name = dwarf_diename(member);

	return entry_has_flag(member, DW_AT_artificial) && name && strncmp(name, "_vptr", 5) == 0;
}

static bool is_bit_field(Dwarf_Die *member)
{
	return dwarf_hasattr(member, DW_AT_bit_size) || dwarf_hasattr(member, DW_AT_data_bit_offset);
}

static void walk_member(struct walk *walk, Dwarf_Die *member, const struct spot *spot,
			struct inside *inside)
{
	uint64_t offset = 0;
	struct spot inner;
	Dwarf_Die type;
	Dwarf_Word size;

	if (entry_has_flag(member, DW_AT_declaration) || entry_has_flag(member, DW_AT_external))
		return;		/* static, and so not in it */
	if (is_vptr(member)) {
		inside->is_virtual = true;
		cover_add(&inside->cover, 0, sizeof(void *));
		return;
	}
	enter(&inner, spot, member);
	if (is_bit_field(member)) {
		inside->unknown = true;
		refuse(walk, &inner, "is a bit-field");
		return;
	}
	if (!entry_type(member, &type) || (dwarf_hasattr(member, DW_AT_data_member_location) &&
					 !entry_number(member, DW_AT_data_member_location, &offset))) {
		refuse(walk, &inner, "is of a kind that is not known here");
		return;
	}
	inner.offset += offset;
	walk_type(walk, &type, &inner);
	if (dwarf_aggregate_size(&type, &size) == 0)
		cover_add(&inside->cover, offset, size);
}

/* Members may lie in the hole at the end of a base. */
static void walk_base_class(struct walk *walk, Dwarf_Die *inheritance, const struct spot *spot,
			    struct inside *inside)
{
	uint64_t offset = 0, virtuality = 0;
	struct spot inner;
	Dwarf_Die type;

	entry_number(inheritance, DW_AT_virtuality, &virtuality);
	if (virtuality) {
		inside->unknown = true;
		refuse(walk, spot, "has a virtual base");
		return;
	}
	if (!entry_type(inheritance, &type) || !entry_peel(&type) ||
	    !entry_number(inheritance, DW_AT_data_member_location, &offset)) {
		refuse(walk, spot, "has a base of a kind that is not known here");
		return;
	}
	enter(&inner, spot, &type);
	inner.offset += offset;
	cover_add(&inside->cover, offset, walk_struct(walk, &type, &inner, true));
}

static void walk_child(struct walk *walk, Dwarf_Die *child, const struct spot *spot,
		       struct inside *inside)
{
	uint64_t virtuality = 0;

	switch (dwarf_tag(child)) {
	case DW_TAG_member:
		walk_member(walk, child, spot, inside);
		break;
	case DW_TAG_inheritance:
		walk_base_class(walk, child, spot, inside);
		break;
	case DW_TAG_subprogram:
		entry_number(child, DW_AT_virtuality, &virtuality);
		inside->is_virtual |= virtuality != 0;
		break;
	case DW_TAG_variant_part:
		refuse(walk, spot, "has variants");
		break;
	}
}

static const char only_declared[] =
	"is only declared in the debug information: compile with -femit-class-debug-always (clang++: -fstandalone-debug)";

/* A declaration is replaced by the definition; false: there is none. */
static bool define(struct walk *walk, Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return !entry_has_flag(type, DW_AT_declaration) ||
	       (name && lookup_type(walk->program, NULL, name, type) && entry_peel(type));
}

/* Returns where its last member ends. */
static uint64_t walk_struct(struct walk *walk, Dwarf_Die *type, const struct spot *spot,
			    bool is_base)
{
	struct inside inside = { 0 };
	uint64_t size = 0, end;
	Dwarf_Die child;

	if (walk->nesting >= NESTING_MAX || !define(walk, type)) {
		refuse(walk, spot, walk->nesting < NESTING_MAX ? only_declared : "is nested too deeply");
		return 0;
	}
	walk->nesting++;
	entry_number(type, DW_AT_byte_size, &size);
	add_field(walk, spot, dwarf_tag(type) == DW_TAG_union_type ? FIELD_UNION : FIELD_STRUCT,
		  size, 0);
	if (dwarf_child(type, &child) == 0)
		do
			walk_child(walk, &child, spot, &inside);
		while (!walk->layout->too_long && !walk->layout->no_memory &&
		       lookup_sibling(walk->program, &child));
	if (inside.is_virtual)
		refuse(walk, spot, "has virtual functions");
	end = cover_end(&inside.cover);
	if (!inside.unknown)
		cover_holes(&inside.cover, walk->layout, spot->path, is_base ? end : size);
	walk->layout->no_memory |= inside.cover.no_memory;
	cover_free(&inside.cover);
	walk->nesting--;
	return end;
}

/* ---- All ---- */

static const char *refused_kind(int tag)
{
	switch (tag) {
	case DW_TAG_pointer_type:
		return "is a pointer";
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return "is a reference";
	case DW_TAG_ptr_to_member_type:
		return "is a pointer to a member";
	case DW_TAG_subroutine_type:
		return "is a function";
	}
	return "is of a kind that is not known here";
}

static void walk_type(struct walk *walk, Dwarf_Die *type, const struct spot *spot)
{
	Dwarf_Die peeled = *type;

	if (!entry_peel(&peeled)) {
		refuse(walk, spot, "has no type");
		return;
	}
	switch (dwarf_tag(&peeled)) {
	case DW_TAG_base_type:
		walk_base(walk, &peeled, spot);
		break;
	case DW_TAG_enumeration_type:
		walk_enum(walk, &peeled, spot);
		break;
	case DW_TAG_array_type:
		walk_array(walk, &peeled, spot);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		walk_struct(walk, &peeled, spot, false);
		break;
	default:
		refuse(walk, spot, refused_kind(dwarf_tag(&peeled)));
	}
}

void layout_of_type(struct layout *ret_layout, const struct program *program, Dwarf_Die *type)
{
	struct walk walk = { .layout = ret_layout, .program = program };
	struct spot spot = { .offset = 0 };

	*ret_layout = (struct layout){ 0 };
	walk_type(&walk, type, &spot);
	if (!ret_layout->too_long)
		return;
	/* One sentence instead of so many. */
	layout_free(ret_layout);
	layout_add_fault(ret_layout, "", "has more than %d members, faults or holes", LAYOUT_MOST);
}

void layout_of_scalar(struct layout *ret_layout, enum field_kind kind, uint64_t size)
{
	struct spot spot = { .offset = 0 };
	struct walk walk = { .layout = ret_layout };

	*ret_layout = (struct layout){ 0 };
	add_field(&walk, &spot, kind, size, 0);
}
