// SPDX-License-Identifier: MIT
/*
 * The shape of a payload as JSON, for people who write one: an object has the names of types
 * where the payload has values; lists, text and optional values tell how much they hold.
 *
 *	{"name": "text up to 28", "items": ["uint32_t", "up to 8"], "pos": {"x": "double"},
 *	 "color": "enum color", "tag": "char[4]", "discount": ["uint32_t", "or null"]}
 *
 * Names come from files that may be of others; they are made fit for JSON here.
 */
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/domain/domain_json.h"

#define TEXT	256

static json_t *limit_json(const char *format, uint64_t count)
{
	char text[TEXT];

	snprintf(text, sizeof(text), format, count);
	return json_string(text);
}

static json_t *list_json(const struct shape *shape)
{
	switch (shape->kind) {
	case SHAPE_OPTIONAL:
		return json_pack("[o, s]", payload_describe(shape->content), "or null");
	case SHAPE_VECTOR:
		return json_pack("[o, o]", payload_describe(shape->content),
				 limit_json("up to %" PRIu64, shape->count));
	default:
		return json_pack("[o, o]", payload_describe(shape->content),
				 limit_json("%" PRIu64, shape->count));
	}
}

static json_t *bits_json(const struct shape_member *member)
{
	char text[TEXT];

	snprintf(text, sizeof(text), "%.200s:%u", shape_name(member->shape), member->bits);
	return domain_json_text(text);
}

static json_t *members_json(const struct shape *shape)
{
	json_t *object = json_object();

	for (size_t i = 0; i < shape->members; i++) {
		const struct shape_member *member = &shape->member[i];
		json_t *name = domain_json_text(member->name);

		json_object_set_new(object, name ? json_string_value(name) : NULL,
				    member->bits ? bits_json(member) :
						   payload_describe(member->shape));
		json_decref(name);
	}
	return object;
}

static json_t *enum_json(const struct shape *shape)
{
	char text[TEXT];

	snprintf(text, sizeof(text), "enum %.200s", shape->name ? shape->name : "");
	return domain_json_text(text);
}

json_t *payload_describe(const struct shape *shape)
{
	switch (shape->kind) {
	case SHAPE_STRUCT:
		return members_json(shape);
	case SHAPE_ARRAY:
	case SHAPE_VECTOR:
	case SHAPE_OPTIONAL:
		return list_json(shape);
	case SHAPE_TEXT:
		return limit_json("char[%" PRIu64 "]", shape->size);
	case SHAPE_STRING:
		return limit_json("text up to %" PRIu64, shape->count);
	case SHAPE_ENUM:
		return enum_json(shape);
	default:
		return domain_json_text(shape_name(shape));
	}
}
