// SPDX-License-Identifier: MIT
/*
 * Reads the fields of a payload that have no parts: numbers, text and bytes.  Each is checked
 * for its type, and a sentence about it names the field.
 */
#include "reading.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/suggest.h"

/* ---- Sentences ---- */

const char *reading_value(char buffer[VALUE_TEXT], const json_t *json)
{
	char *text = json_dumps(json, JSON_ENCODE_ANY);

	snprintf(buffer, VALUE_TEXT, "%.40s%s", text ? text : "this",
		 text && strlen(text) > 40 ? "..." : "");
	free(text);
	return buffer;
}

int reading_wrong(struct reading *r, const char *format, ...)
{
	char text[PAYLOAD_WHY];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (r->length)
		snprintf(r->why, PAYLOAD_WHY, "field \"%.*s\": %.240s", (int)r->length, r->path, text);
	else
		snprintf(r->why, PAYLOAD_WHY, "%s", text);
	return -EINVAL;
}

int reading_misfit(struct reading *r, const struct shape *shape, const json_t *json)
{
	char value[VALUE_TEXT];

	return reading_wrong(r, "%s does not fit %.64s", reading_value(value, json), shape_name(shape));
}

size_t reading_enter(struct reading *r, const char *format, ...)
{
	size_t before = r->length, room = sizeof(r->path) - before;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(r->path + before, room, format, arguments);
	va_end(arguments);
	r->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
	return before;
}

/* ---- Numbers ---- */

/* A number, as its lower 64 bits; is_negative tells what they mean. */
static bool take_integer(const json_t *json, uint64_t *ret_value, bool *ret_negative)
{
	const char *text;
	char *end;

	if (json_is_integer(json)) {
		*ret_value = (uint64_t)json_integer_value(json);
		*ret_negative = json_integer_value(json) < 0;
		return true;
	}
	if (!json_is_string(json))
		return false;
	text = json_string_value(json);
	*ret_negative = *text == '-';
	if (!isdigit((unsigned char)text[*ret_negative]))
		return false;
	errno = 0;
	if (*ret_negative)
		*ret_value = (uint64_t)strtoll(text, &end, 0);
	else
		*ret_value = strtoull(text, &end, 0);
	return !errno && !*end && strlen(text) == json_string_length(json);
}

static bool fits(uint64_t value, bool is_negative, unsigned int bits, bool is_signed)
{
	uint64_t most = UINT64_MAX >> (64 - bits);

	if (is_signed)
		most >>= 1;
	if (is_negative)
		return is_signed && ~value <= most;
	return value <= most;
}

static const struct shape_constant *find_constant(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->constants; i++)
		if (!strcmp(shape->constant[i].name, name))
			return &shape->constant[i];
	return NULL;
}

static int no_constant(struct reading *r, const struct shape *shape, const json_t *json)
{
	struct suggestion suggestion = { .typed = json_string_value(json) };
	char text[SUGGEST_TEXT], value[VALUE_TEXT];

	for (size_t i = 0; i < shape->constants; i++)
		suggest_among(&suggestion, shape->constant[i].name);
	return reading_wrong(r, "%s is no constant of %.64s%.120s", reading_value(value, json),
		     shape_name(shape), suggest_text(text, &suggestion, ""));
}

int reading_number(struct reading *r, const struct shape *shape, const json_t *json,
		       unsigned int bits, uint64_t *ret_value)
{
	bool is_signed = shape->kind == SHAPE_SIGNED ||
			 (shape->kind == SHAPE_ENUM && shape->is_signed);
	const struct shape_constant *constant = NULL;
	bool is_negative = false;
	uint64_t value;

	if (shape->kind == SHAPE_ENUM && json_is_string(json))
		constant = find_constant(shape, json_string_value(json));
	if (constant && is_signed)
		is_negative = constant->value >> (8 * shape->size - 1) & 1;
	if (constant)
		value = is_negative ? constant->value | ~shape_mask(shape->size) : constant->value;
	else if (shape->kind == SHAPE_BOOLEAN && json_is_boolean(json))
		value = json_is_true(json);
	else if (!take_integer(json, &value, &is_negative))
		return shape->kind == SHAPE_ENUM && json_is_string(json) ?
		       no_constant(r, shape, json) : reading_misfit(r, shape, json);
	if (!fits(value, is_negative, bits, is_signed))
		return reading_misfit(r, shape, json);
	*ret_value = value;
	return 0;
}

static bool take_real(const json_t *json, double *ret_value)
{
	const char *text = json_string_value(json);
	char *end;

	if (json_is_number(json)) {
		*ret_value = json_number_value(json);
		return true;
	}
	if (!text || !*text || isspace((unsigned char)*text))
		return false;
	*ret_value = strtod(text, &end);
	return !*end;
}

int reading_float(struct reading *r, const struct shape *shape, const json_t *json,
		      unsigned char *at)
{
	double value;
	float single;

	if (!take_real(json, &value))
		return reading_misfit(r, shape, json);
	if (shape->size == sizeof(double)) {
		memcpy(at, &value, sizeof(value));
		return 0;
	}
	single = (float)value;
	if (isinf(single) && !isinf(value))
		return reading_misfit(r, shape, json);
	memcpy(at, &single, sizeof(single));
	return 0;
}

/* ---- Bytes and text ---- */

const json_t *reading_hex_of(const json_t *json)
{
	const json_t *digits = json_object_get(json, "hex");
	size_t others = json_object_get(json, "error") ? 1 : 0;

	return json_is_string(digits) && json_object_size(json) == 1 + others ? digits : NULL;
}

int reading_hex(struct reading *r, const json_t *digits, uint64_t room, unsigned char *at,
		    uint64_t *ret_count)
{
	struct bytes bytes = { 0 };
	int error = bytes_add_hex(&bytes, json_string_value(digits), json_string_length(digits));

	if (!error && bytes.count <= room) {
		if (bytes.count)
			memcpy(at, bytes.at, bytes.count);
		*ret_count = bytes.count;
	} else if (!error) {
		error = reading_wrong(r, "%zu bytes do not fit: there is room for %" PRIu64, bytes.count, room);
	} else if (error == -EINVAL) {
		error = reading_wrong(r, "\"hex\" is not pairs of hex digits");
	}
	bytes_free(&bytes);
	return error;
}

int reading_chars(struct reading *r, const struct shape *shape, const json_t *json,
		      uint64_t room, unsigned char *at, uint64_t *ret_count)
{
	const json_t *digits = reading_hex_of(json);

	if (digits)
		return reading_hex(r, digits, room, at, ret_count);
	if (!json_is_string(json))
		return reading_misfit(r, shape, json);
	*ret_count = json_string_length(json);
	if (*ret_count > room)
		return reading_wrong(r, "%" PRIu64 " bytes of text do not fit: there is room for %" PRIu64,
			     *ret_count, room);
	memcpy(at, json_string_value(json), (size_t)*ret_count);
	return 0;
}
