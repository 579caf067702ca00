// SPDX-License-Identifier: MIT
/*
 * Reads a payload from JSON, by its fields: the other direction of print.c, whose forms it
 * takes.  And also
 *
 *	a number	may be a string, "0x1f" for example
 *	an enum		may be the number of a constant, or of none
 *	a field that is left out, an element behind the last one, padding: all are zeros
 *
 * Of the members of a union one is given: members that share bytes are refused.
 *
 * A payload is written to memory of its size, which is all zeros before, and nothing outside:
 * a shape lies within its size (shape.h).
 */
#include "reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/text/suggest.h"

static int read_value(struct reading *r, const struct shape *shape, const json_t *json,
		      unsigned char *at);

/* ---- Parts ---- */

/* Bytes without a type: all of them, or the first. */
static int read_opaque(struct reading *r, const struct shape *shape, const json_t *json,
		       unsigned char *at)
{
	const json_t *digits = reading_hex_of(json);
	uint64_t count;

	if (!digits)
		return reading_wrong(r, "%.64s cannot be read: give {\"hex\": DIGITS}", shape_name(shape));
	return reading_hex(r, digits, shape->size, at, &count);
}

static int read_elements(struct reading *r, const struct shape *element, const json_t *json,
			 uint64_t room, unsigned char *at)
{
	size_t count = json_array_size(json), before;
	int error = 0;

	if (!json_is_array(json))
		return reading_wrong(r, "a list is wanted");
	if (count > room)
		return reading_wrong(r, "%zu elements do not fit: there is room for %" PRIu64, count, room);
	for (size_t i = 0; !error && i < count; i++) {
		before = reading_enter(r, "[%zu]", i);
		error = read_value(r, element, json_array_get(json, i), at + i * element->size);
		if (!error)
			r->length = before;
	}
	return error;
}

static int read_container(struct reading *r, const struct shape *shape, const json_t *json,
			  unsigned char *at)
{
	unsigned char *contents = at + shape->offset;
	uint64_t length = 1;
	int error;

	if (shape->kind == SHAPE_OPTIONAL) {
		if (json_is_null(json))
			return 0;
		error = read_value(r, shape->content, json, contents);
	} else if (json_object_get(json, "error") && reading_hex_of(json)) {
		return reading_hex(r, reading_hex_of(json), shape->size, at, &length);
	} else if (shape->kind == SHAPE_STRING) {
		error = reading_chars(r, shape, json, shape->count, contents, &length);
	} else {
		length = json_array_size(json);
		error = read_elements(r, shape->content, json, shape->count, contents);
	}
	if (!error)
		shape_store(at, sizeof(uint32_t), length);
	return error;
}

static const struct shape_member *find_member(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->members; i++)
		if (!strcmp(shape->member[i].name, name))
			return &shape->member[i];
	return NULL;
}

static int no_member(struct reading *r, const struct shape *shape, const char *name)
{
	struct suggestion suggestion = { .typed = name };
	char text[SUGGEST_TEXT];

	for (size_t i = 0; i < shape->members; i++)
		suggest_among(&suggestion, shape->member[i].name);
	return reading_wrong(r, "there is no field \"%.64s\" in %.64s%.120s", name, shape_name(shape),
		     suggest_text(text, &suggestion, ""));
}

/* Bits, from the beginning of the struct. */
static uint64_t begin_of(const struct shape_member *member)
{
	return 8 * member->offset + member->first_bit;
}

static uint64_t end_of(const struct shape_member *member)
{
	return begin_of(member) + (member->bits ? member->bits : 8 * member->shape->size);
}

/* The member of those in front of it in the object that shares bytes with it, or NULL. */
static const struct shape_member *shares(const struct shape *shape, const json_t *json,
					 const struct shape_member *member)
{
	for (size_t i = 0; &shape->member[i] < member; i++)
		if (begin_of(&shape->member[i]) < end_of(member) &&
		    begin_of(member) < end_of(&shape->member[i]) &&
		    json_object_get(json, shape->member[i].name))
			return &shape->member[i];
	return NULL;
}

static int read_member(struct reading *r, const struct shape_member *member, const json_t *json,
		       unsigned char *at)
{
	uint64_t value;
	int error;

	if (!member->bits)
		return read_value(r, member->shape, json, at + member->offset);
	error = reading_number(r, member->shape, json, member->bits, &value);
	if (!error)
		shape_store_bits(member, at + member->offset, value);
	return error;
}

static int read_members(struct reading *r, const struct shape *shape, const json_t *json,
			unsigned char *at)
{
	const struct shape_member *member, *other;
	const char *name;
	json_t *value;
	size_t before;
	int error;

	if (!json_is_object(json))
		return reading_misfit(r, shape, json);
	json_object_foreach((json_t *)json, name, value) {
		member = find_member(shape, name);
		if (!member)
			return no_member(r, shape, name);
		other = shares(shape, json, member);
		if (other)
			return reading_wrong(r, "\"%.64s\" and \"%.64s\" share their bytes: give one of them",
				     other->name, name);
		before = reading_enter(r, "%s%s", r->length ? "." : "", name);
		error = read_member(r, member, value, at);
		if (error)
			return error;
		r->length = before;
	}
	return 0;
}

static int read_value(struct reading *r, const struct shape *shape, const json_t *json,
		      unsigned char *at)
{
	uint64_t value;
	int error;

	switch (shape->kind) {
	case SHAPE_SIGNED:
	case SHAPE_UNSIGNED:
	case SHAPE_BOOLEAN:
	case SHAPE_ENUM:
		error = reading_number(r, shape, json, 8 * (unsigned int)shape->size, &value);
		if (!error)
			shape_store(at, shape->size, value);
		return error;
	case SHAPE_FLOAT:
		return reading_float(r, shape, json, at);
	case SHAPE_TEXT:
		return reading_chars(r, shape, json, shape->size, at, &value);
	case SHAPE_ARRAY:
		return read_elements(r, shape->content, json, shape->count, at);
	case SHAPE_STRUCT:
		return read_members(r, shape, json, at);
	case SHAPE_STRING:
	case SHAPE_VECTOR:
	case SHAPE_OPTIONAL:
		return read_container(r, shape, json, at);
	default:
		return read_opaque(r, shape, json, at);
	}
}

/* ---- Payloads ---- */

/* Room for so many elements behind the rest, all zeros. */
static unsigned char *make_room(struct bytes *out, const struct shape *shape, size_t count)
{
	if (shape->size && count > SIZE_MAX / 4 / shape->size)
		return NULL;
	if (bytes_reserve(out, count * (size_t)shape->size) < 0)
		return NULL;
	return memset(out->at + out->count, 0, count * (size_t)shape->size);
}

static int read_all(struct bytes *out, const struct shape *shape, const json_t *json, bool slice,
		    char why[PAYLOAD_WHY])
{
	struct reading r = { .why = why };
	size_t count = slice ? json_array_size(json) : 1;
	unsigned char *at = make_room(out, shape, count);
	int error;

	if (!at) {
		snprintf(why, PAYLOAD_WHY, "no memory");
		return -ENOMEM;
	}
	if (slice)
		error = read_elements(&r, shape, json, count, at);
	else
		error = read_value(&r, shape, json, at);
	if (!error)
		out->count += count * (size_t)shape->size;
	return error;
}

static int read_text(struct bytes *out, const struct shape *shape, const char *text,
		     size_t length, bool slice, char why[PAYLOAD_WHY])
{
	json_t *json;
	int r = reading_parse(text, length, &json, why);

	if (r < 0)
		return r;
	r = read_all(out, shape, json, slice, why);
	json_decref(json);
	return r;
}

int payload_from_json(struct bytes *out, const struct shape *shape, const char *text, size_t length,
		 char ret_why[PAYLOAD_WHY])
{
	return read_text(out, shape, text, length, false, ret_why);
}

int slice_from_json(struct bytes *out, const struct shape *shape, const char *text,
		       size_t length, char ret_why[PAYLOAD_WHY])
{
	return read_text(out, shape, text, length, true, ret_why);
}
