// SPDX-License-Identifier: MIT
/*
 * The shape of a payload: its fields, as a tree of what is to be read and printed.  A shape
 * owns its parts, and is no one else's part.
 *
 * tools/types/shape_of.c builds it from the debug information of a program, which may be
 * wrong, and keeps to the bounds of shape.h.  So freeing, reading and printing, which call
 * themselves for the parts, end.
 */
#include "shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shape *shape_create(enum shape_kind kind, uint64_t size, const char *name)
{
	struct shape *shape = calloc(1, sizeof(*shape));

	if (!shape)
		return NULL;
	shape->kind = kind;
	shape->size = size;
	if (name) {
		shape->name = strdup(name);
		if (!shape->name) {
			free(shape);
			return NULL;
		}
	}
	return shape;
}

/* Room for one more at the end of a list, which doubles whenever it is a power of two. */
static void *extend(void *list, size_t count, size_t size)
{
	if (count & (count - 1))
		return list;
	return realloc(list, (count ? 2 * count : 1) * size);
}

int shape_add_member(struct shape *shape, const struct shape_member *member, const char *name)
{
	struct shape_member *longer = extend(shape->member, shape->members, sizeof(*longer));
	char *own = longer ? strdup(name) : NULL;

	shape->member = longer ? longer : shape->member;
	if (!own) {
		shape_free(member->shape);
		return -ENOMEM;
	}
	longer[shape->members] = *member;
	longer[shape->members++].name = own;
	return 0;
}

int shape_add_constant(struct shape *shape, uint64_t value, const char *name)
{
	struct shape_constant *longer = extend(shape->constant, shape->constants, sizeof(*longer));
	char *own = longer ? strdup(name) : NULL;

	shape->constant = longer ? longer : shape->constant;
	if (!own)
		return -ENOMEM;
	longer[shape->constants++] = (struct shape_constant){ own, value & shape_mask(shape->size) };
	return 0;
}

int shape_adopt_members(struct shape *shape, struct shape *other, uint64_t offset)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < other->members; i++) {
		struct shape_member member = other->member[i];

		other->member[i].shape = NULL;
		member.offset += offset;
		r = shape_add_member(shape, &member, other->member[i].name);
	}
	shape_free(other);
	return r;
}

void shape_make_opaque(struct shape *shape)
{
	for (size_t i = 0; i < shape->members; i++) {
		free(shape->member[i].name);
		shape_free(shape->member[i].shape);
	}
	for (size_t i = 0; i < shape->constants; i++)
		free(shape->constant[i].name);
	free(shape->member);
	free(shape->constant);
	shape_free(shape->content);
	*shape = (struct shape){ .kind = SHAPE_OPAQUE, .size = shape->size, .name = shape->name };
}

void shape_free(struct shape *shape)
{
	if (!shape)
		return;
	shape_make_opaque(shape);
	free(shape->name);
	free(shape);
}

bool shape_is_char(const struct shape *shape)
{
	return (shape->kind == SHAPE_SIGNED || shape->kind == SHAPE_UNSIGNED) && shape->size == 1 &&
	       shape->name && !strcmp(shape->name, "char");
}

const char *shape_name(const struct shape *shape)
{
	static const char *const names[] = {
		[SHAPE_OPAQUE] = "bytes without a type", [SHAPE_SIGNED] = "a number",
		[SHAPE_UNSIGNED] = "a number", [SHAPE_BOOLEAN] = "a truth value",
		[SHAPE_FLOAT] = "a number", [SHAPE_ENUM] = "an enum", [SHAPE_TEXT] = "a text",
		[SHAPE_ARRAY] = "a list", [SHAPE_STRUCT] = "a struct", [SHAPE_STRING] = "a text",
		[SHAPE_VECTOR] = "a list", [SHAPE_OPTIONAL] = "an optional value",
	};

	return shape->name ? shape->name : names[shape->kind];
}

/* ---- Numbers ---- */

uint64_t shape_mask(uint64_t size)
{
	return size >= sizeof(uint64_t) ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

uint64_t shape_load(const void *at, uint64_t size)
{
	uint64_t whole;
	uint32_t half;
	uint16_t quarter;

	switch (size) {
	case 1:
		return *(const unsigned char *)at;
	case 2:
		memcpy(&quarter, at, sizeof(quarter));
		return quarter;
	case 4:
		memcpy(&half, at, sizeof(half));
		return half;
	default:
		memcpy(&whole, at, sizeof(whole));
		return whole;
	}
}

void shape_store(void *at, uint64_t size, uint64_t value)
{
	uint32_t half = (uint32_t)value;
	uint16_t quarter = (uint16_t)value;

	switch (size) {
	case 1:
		*(unsigned char *)at = (unsigned char)value;
		break;
	case 2:
		memcpy(at, &quarter, sizeof(quarter));
		break;
	case 4:
		memcpy(at, &half, sizeof(half));
		break;
	default:
		memcpy(at, &value, sizeof(value));
	}
}

/* The lowest bit is the first, as on all machines whose numbers begin with the lowest byte. */
uint64_t shape_load_bits(const struct shape_member *member, const unsigned char *at)
{
	uint64_t value = 0;

	for (unsigned int i = 0, bit = member->first_bit; i < member->bits; i++, bit++)
		value |= (uint64_t)(at[bit / 8] >> bit % 8 & 1) << i;
	return value;
}

void shape_store_bits(const struct shape_member *member, unsigned char *at, uint64_t value)
{
	for (unsigned int i = 0, bit = member->first_bit; i < member->bits; i++, bit++) {
		at[bit / 8] &= (unsigned char)~(1u << bit % 8);
		at[bit / 8] |= (unsigned char)((value >> i & 1) << bit % 8);
	}
}
