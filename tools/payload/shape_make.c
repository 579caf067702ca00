// SPDX-License-Identifier: MIT
/*
 * Makes a shape of a type that the debug information describes.  What is of no known kind is
 * opaque, and the rest is shown all the same.
 *
 * The debug information may be wrong, by mistake or on purpose:
 *
 *  1. A shape has no more than SHAPE_PARTS parts, each of which is looked at once.
 *  2. Types are nested SHAPE_NESTING deep, so structs which contain themselves come to an end.
 *  3. A member that does not lie within its struct makes the struct opaque: printing and
 *     reading stay within the payload, whose size the contract has.
 */
#include "shape_make.h"

#include <string.h>

#include <dwarf.h>

#include "tools/types/entry.h"
#include "tools/types/lookup.h"

#define DIMENSIONS	8
#define SIZE_MOST	(UINT64_C(1) << 40)

struct making {
	const struct program *program;
	int nesting;
	size_t parts;
	bool failed;		/* too large, or no memory: there will be no shape */
};

static struct shape *make(struct making *making, Dwarf_Die *type);

/* ---- Parts ---- */

static bool count_part(struct making *making)
{
	if (making->parts++ == SHAPE_PARTS)
		making->failed = true;
	return !making->failed;
}

static struct shape *create(struct making *making, enum shape_kind kind, uint64_t size,
			    const char *name)
{
	struct shape *shape = count_part(making) ? shape_create(kind, size, name) : NULL;

	making->failed |= !shape;
	return shape;
}

uint64_t shape_make_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) == 0 && size <= SIZE_MOST ? size : 0;
}

static bool is_whole(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* ---- Numbers ---- */

enum shape_kind shape_make_kind(uint64_t encoding, uint64_t size)
{
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return is_whole(size) ? SHAPE_SIGNED : SHAPE_OPAQUE;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		return is_whole(size) ? SHAPE_UNSIGNED : SHAPE_OPAQUE;
	case DW_ATE_boolean:
		return size == 1 ? SHAPE_BOOLEAN : is_whole(size) ? SHAPE_UNSIGNED : SHAPE_OPAQUE;
	case DW_ATE_float:
		return size == 4 || size == 8 ? SHAPE_FLOAT : SHAPE_OPAQUE;
	}
	return SHAPE_OPAQUE;
}

static struct shape *make_base(struct making *making, Dwarf_Die *type, const char *name)
{
	uint64_t encoding = 0, size = shape_make_size(type);
	const char *own = dwarf_diename(type);

	entry_number(type, DW_AT_encoding, &encoding);
	/* A char behind a typedef is one, too. */
	if (own && !strcmp(own, "char"))
		name = own;
	return create(making, shape_make_kind(encoding, size), size, name);
}

/* Compilers write positive constants as they are, and negative ones with their sign. */
static bool constant_of(Dwarf_Die *die, uint64_t *ret_value, bool *ret_negative)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword number;
	Dwarf_Word whole;
	unsigned int form;

	if (!dwarf_attr(die, DW_AT_const_value, &attribute))
		return false;
	form = dwarf_whatform(&attribute);
	if (form == DW_FORM_sdata || form == DW_FORM_implicit_const) {
		if (dwarf_formsdata(&attribute, &number) != 0)
			return false;
		*ret_negative |= number < 0;
		*ret_value = (uint64_t)number;
		return true;
	}
	if (dwarf_formudata(&attribute, &whole) != 0)
		return false;
	*ret_value = whole;
	return true;
}

static bool is_signed_base(Dwarf_Die *type)
{
	uint64_t encoding = 0;
	Dwarf_Die base;

	return entry_type(type, &base) && entry_peel(&base) &&
	       entry_number(&base, DW_AT_encoding, &encoding) &&
	       (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
}

static struct shape *make_enum(struct making *making, Dwarf_Die *type, const char *name)
{
	uint64_t size = shape_make_size(type), value;
	struct shape *shape = create(making, is_whole(size) ? SHAPE_ENUM : SHAPE_OPAQUE, size, name);
	Dwarf_Die child;

	if (!shape || shape->kind != SHAPE_ENUM || dwarf_child(type, &child) != 0)
		return shape;
	shape->is_signed = is_signed_base(type);
	do {
		const char *constant = dwarf_diename(&child);

		if (dwarf_tag(&child) != DW_TAG_enumerator || !constant ||
		    !constant_of(&child, &value, &shape->is_signed))
			continue;
		if (!count_part(making) || shape_add_constant(shape, value, constant) < 0)
			making->failed = true;
	} while (!making->failed && lookup_sibling(making->program, &child));
	return shape;
}

/* ---- Arrays ---- */

static struct shape *make_dimension(struct making *making, struct shape *element, uint64_t count)
{
	bool large = element->size && count > SIZE_MOST / element->size;
	enum shape_kind kind = large || !element->size ? SHAPE_OPAQUE :
			       shape_is_char(element) ? SHAPE_TEXT : SHAPE_ARRAY;
	struct shape *shape = create(making, kind, large ? 0 : count * element->size, NULL);

	if (!shape || kind != SHAPE_ARRAY) {
		shape_free(element);
		return shape;
	}
	shape->count = count;
	shape->content = element;
	return shape;
}

static struct shape *make_array(struct making *making, Dwarf_Die *type)
{
	uint64_t count[DIMENSIONS];
	Dwarf_Die child, element;
	int dimensions = 0;
	struct shape *shape;

	if (dwarf_child(type, &child) == 0)
		do {
			if (dwarf_tag(&child) == DW_TAG_subrange_type && dimensions < DIMENSIONS)
				count[dimensions++] = entry_count(&child);
		} while (count_part(making) && lookup_sibling(making->program, &child));
	if (!dimensions || dimensions == DIMENSIONS || !entry_type(type, &element))
		return create(making, SHAPE_OPAQUE, shape_make_size(type), NULL);
	shape = make(making, &element);
	while (shape && dimensions)
		shape = make_dimension(making, shape, count[--dimensions]);
	return shape;
}

/* ---- Structs ---- */

/* A declaration is replaced by the definition, if there is one. */
static void define(struct making *making, Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);
	Dwarf_Die other;

	if (entry_has_flag(type, DW_AT_declaration) && name &&
	    lookup_type(making->program, NULL, name, &other) && entry_peel(&other))
		*type = other;
}

/*
 * The first bit of a bit-field, from the beginning of the struct.  In the older form bits are
 * counted from the highest of its storage, which may begin in front of the struct then.
 */
static bool first_bit(Dwarf_Die *die, const struct shape_member *member, uint64_t bits,
		      uint64_t *ret_first)
{
	uint64_t storage = member->shape->size, from_top, end;

	if (entry_number(die, DW_AT_data_bit_offset, ret_first))
		return true;
	if (!entry_number(die, DW_AT_bit_offset, &from_top))
		return false;
	entry_number(die, DW_AT_byte_size, &storage);
	if (storage > sizeof(uint64_t) || member->offset > SIZE_MOST)
		return false;
	end = 8 * (member->offset + storage) - from_top;
	*ret_first = end - bits;
	return end >= bits && end < 16 * SIZE_MOST;
}

/* False: it is of no known form, or this machine counts the bits in another order. */
static bool place_bits(Dwarf_Die *die, struct shape_member *member)
{
	uint64_t bits, first, size = member->shape->size;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || !entry_number(die, DW_AT_bit_size, &bits) ||
	    !is_whole(size) || !bits || bits > 8 * size || member->shape->kind == SHAPE_OPAQUE ||
	    member->shape->kind == SHAPE_FLOAT || !first_bit(die, member, bits, &first))
		return false;
	member->offset = first / 8;
	member->first_bit = (unsigned int)(first % 8);
	member->bits = (unsigned int)bits;
	return true;
}

static bool is_bit_field(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_bit_size) || dwarf_hasattr(die, DW_AT_data_bit_offset);
}

/* Does it lie within its struct (3)? */
static bool lies_within(const struct shape_member *member, uint64_t size)
{
	uint64_t own = member->bits ? (member->first_bit + member->bits + 7) / 8 :
				      member->shape->size;

	return member->offset <= size && own <= size - member->offset;
}

/* Takes over the member's shape.  False: the struct becomes opaque. */
static bool add_member(struct making *making, struct shape *shape, struct shape_member *member,
		       const char *name)
{
	int r;

	if (!lies_within(member, shape->size)) {
		shape_free(member->shape);
		return false;
	}
	/* Members of a nameless struct, and of a base, are those of the outer one. */
	if (!name && member->shape->kind == SHAPE_STRUCT)
		r = shape_adopt_members(shape, member->shape, member->offset);
	else
		r = shape_add_member(shape, member, name ? name : "?");
	making->failed |= r < 0;
	return true;
}

/* A member, or a base.  False: the struct becomes opaque. */
static bool take_member(struct making *making, struct shape *shape, Dwarf_Die *die, bool is_base)
{
	const char *name = is_base ? NULL : dwarf_diename(die);
	struct shape_member member = { 0 };
	Dwarf_Die type;

	if (entry_has_flag(die, DW_AT_declaration) || entry_has_flag(die, DW_AT_external) ||
	    (!is_base && entry_has_flag(die, DW_AT_artificial)))
		return true;	/* static, and so not in it; or the pointer to virtual functions */
	if (!entry_type(die, &type) || dwarf_hasattr(die, DW_AT_virtuality))
		return false;
	if (dwarf_hasattr(die, DW_AT_data_member_location) &&
	    !entry_number(die, DW_AT_data_member_location, &member.offset))
		return false;
	member.shape = make(making, &type);
	if (!member.shape)
		return false;
	if (is_bit_field(die) && !place_bits(die, &member)) {
		shape_free(member.shape);
		return false;
	}
	return add_member(making, shape, &member, name);
}

static struct shape *make_struct(struct making *making, Dwarf_Die *type)
{
	struct shape *shape;
	bool is_known = true;
	Dwarf_Die child;

	define(making, type);
	shape = create(making, SHAPE_STRUCT, shape_make_size(type), dwarf_diename(type));
	if (!shape || dwarf_child(type, &child) != 0)
		return shape;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_member || tag == DW_TAG_inheritance)
			is_known = take_member(making, shape, &child, tag == DW_TAG_inheritance);
		else
			is_known = tag != DW_TAG_variant_part;
	} while (is_known && count_part(making) && lookup_sibling(making->program, &child));
	if (is_known)
		making->failed |= shape_contain(shape) < 0;
	else
		shape_make_opaque(shape);
	return shape;
}

/* ---- All ---- */

static struct shape *make_peeled(struct making *making, Dwarf_Die *type, const char *name)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type:
		return make_base(making, type, name);
	case DW_TAG_enumeration_type:
		return make_enum(making, type, name);
	case DW_TAG_array_type:
		return make_array(making, type);
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return make_struct(making, type);
	}
	return create(making, SHAPE_OPAQUE, shape_make_size(type), "a pointer");
}

/* NULL, and making->failed. */
static struct shape *make(struct making *making, Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);
	struct shape *shape;
	Dwarf_Die peeled = *type;

	if (making->nesting >= SHAPE_NESTING || !entry_peel(&peeled))
		return create(making, SHAPE_OPAQUE, shape_make_size(type), name);
	making->nesting++;
	shape = make_peeled(making, &peeled, name ? name : dwarf_diename(&peeled));
	making->nesting--;
	if (making->failed) {
		shape_free(shape);
		return NULL;
	}
	return shape;
}

struct shape *shape_make(const struct program *program, Dwarf_Die *type)
{
	struct making making = { .program = program };

	return make(&making, type);
}
