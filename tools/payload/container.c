// SPDX-License-Identifier: MIT
/*
 * The containers of sluice_containers.h are known by the names and places of their members,
 * since in C they have no name of their own.  A struct that looks like one is shown as one.
 */
#include "shape.h"

#include <errno.h>
#include <string.h>

static bool is_member(const struct shape *shape, size_t index, const char *name, uint64_t offset)
{
	const struct shape_member *member = &shape->member[index];

	return !strcmp(member->name, name) && !member->bits && (!offset || member->offset == offset);
}

static bool is_word(const struct shape *shape, size_t index, const char *name)
{
	const struct shape_member *member = &shape->member[index];

	return is_member(shape, index, name, 0) && member->offset == index * sizeof(uint32_t) &&
	       member->shape->kind == SHAPE_UNSIGNED && member->shape->size == sizeof(uint32_t);
}

static enum shape_kind kind_of_container(const struct shape *shape)
{
	const struct shape_member *last = &shape->member[shape->members - 1];

	if (shape->members == 2 && is_word(shape, 0, "length") && is_member(shape, 1, "bytes", 4) &&
	    last->shape->kind == SHAPE_TEXT)
		return SHAPE_STRING;
	if (shape->members != 3 || !is_word(shape, 1, "reserved"))
		return SHAPE_STRUCT;
	if (is_word(shape, 0, "length") && is_member(shape, 2, "items", 0) &&
	    (last->shape->kind == SHAPE_ARRAY || last->shape->kind == SHAPE_TEXT))
		return SHAPE_VECTOR;
	if (is_word(shape, 0, "present") && is_member(shape, 2, "value", 0))
		return SHAPE_OPTIONAL;
	return SHAPE_STRUCT;
}

/* In C containers have no name; in C++ they have those of sluice_containers.hpp. */
static bool may_be_container(const struct shape *shape)
{
	return shape->members && (!shape->name || strncmp(shape->name, "string<", 7) == 0 ||
				  strncmp(shape->name, "vector<", 7) == 0 ||
				  strncmp(shape->name, "optional<", 9) == 0);
}

/* The items of a vector of char are a text, and its elements are numbers all the same. */
static struct shape *take_items(struct shape *items)
{
	struct shape *item = items->content;

	items->content = NULL;
	if (items->kind == SHAPE_TEXT)
		item = shape_create(SHAPE_UNSIGNED, 1, "char");
	shape_free(items);
	return item;
}

int shape_contain(struct shape *shape)
{
	enum shape_kind kind = may_be_container(shape) ? kind_of_container(shape) : SHAPE_STRUCT;
	struct shape_member *last;
	struct shape *contents;
	uint64_t offset;

	if (kind == SHAPE_STRUCT)
		return 0;
	last = &shape->member[shape->members - 1];
	contents = last->shape;
	offset = last->offset;
	last->shape = NULL;
	shape_make_opaque(shape);
	shape->kind = kind;
	shape->offset = offset;
	shape->count = contents->kind == SHAPE_TEXT ? contents->size : contents->count;
	shape->content = kind == SHAPE_OPTIONAL ? contents : NULL;
	if (kind == SHAPE_VECTOR)
		shape->content = take_items(contents);
	else if (kind == SHAPE_STRING)
		shape_free(contents);
	return kind == SHAPE_VECTOR && !shape->content ? -ENOMEM : 0;
}
