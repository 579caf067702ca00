// SPDX-License-Identifier: MIT
/*
 * Prints a payload as JSON, by its fields, into a buffer.  payload_from_json() takes what is
 * printed here for the same payload, apart from padding and from what lies behind the length
 * of a container.
 *
 *	integer, float	a number; "nan", "inf" and "-inf", for which JSON has no numbers
 *	bool		true or false; a byte that is neither is a number
 *	enum		the name of its constant; or the number, if it has none
 *	char[N]		a string, without the zeros at its end
 *	array		a list
 *	struct, union	an object; all members of a union, each as it would be
 *	containers	a string, a list, the value or null
 *	anything else	{"hex": "00ff"}: bytes without a type, text that is no UTF-8, and a
 *			container whose length is greater than its capacity ("error" says so)
 *
 * The payload is hostile, and so may the shape be:
 *
 *  1. The payload is a copy that its sender cannot change.  No byte outside of it is read:
 *     a shape lies within its size, and a length is compared with the capacity.
 *  2. Each value is a value of some bytes of the payload, so there are hardly more values
 *     than bytes.  A shape with more, such as a union of thousands of arrays, runs out of a
 *     budget (VALUES_BASE, VALUES_PER_BYTE), and is not printed at all.
 *  3. Strings are well-formed UTF-8 without control characters, which are escaped.
 */
#include "print.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/printable.h"

#define VALUES_BASE	1024u
#define VALUES_PER_BYTE	16u
#define NUMBER		64	/* characters of a number */

struct printing {
	struct bytes *out;
	uint64_t left;		/* values (2) */
	int error;		/* the first; then nothing more is appended */
};

static void print_value(struct printing *p, const struct shape *shape, const unsigned char *at);

static void put(struct printing *p, const char *text, size_t length)
{
	if (!p->error)
		p->error = bytes_add(p->out, text, length);
}

__attribute__((__format__(__printf__, 2, 3)))
static void put_text(struct printing *p, const char *format, ...)
{
	char text[NUMBER];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put(p, text, (size_t)length);
}

/* ---- Strings ---- */

/* The length of the character that is printed as it is; 0: it is escaped, or no character. */
static size_t plain(const unsigned char *at, size_t left)
{
	if (*at >= 0x20 && *at < 0x7f)
		return *at == '"' || *at == '\\' ? 0 : 1;
	return *at < 0x7f ? 0 : utf8_wide(at, left);
}

/* What is escaped: 1 or 2 bytes, as U+0085 is; 0: it is no character. */
static size_t escaped(const unsigned char *at, size_t left)
{
	if (*at < 0x80)
		return 1;
	return *at == 0xc2 && left > 1 && (at[1] & 0xe0) == 0x80 ? 2 : 0;
}

static bool is_utf8(const unsigned char *at, size_t count)
{
	size_t length;

	for (size_t i = 0; i < count; i += length) {
		length = plain(at + i, count - i);
		if (!length)
			length = escaped(at + i, count - i);
		if (!length)
			return false;
	}
	return true;
}

static void put_escaped(struct printing *p, unsigned char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		put_text(p, "\\%c", byte);
		break;
	case '\n':
		put(p, "\\n", 2);
		break;
	case '\t':
		put(p, "\\t", 2);
		break;
	default:
		put_text(p, "\\u%04x", byte);
	}
}

/* A byte that belongs to no character becomes U+FFFD, in names. */
static void put_string(struct printing *p, const unsigned char *at, size_t count)
{
	size_t length;

	put(p, "\"", 1);
	for (size_t i = 0; i < count; i += length) {
		length = plain(at + i, count - i);
		if (length) {
			put(p, (const char *)at + i, length);
			continue;
		}
		length = escaped(at + i, count - i);
		if (length)
			put_escaped(p, at[i + length - 1]);
		else
			put(p, "\xef\xbf\xbd", 3);
		length = length ? length : 1;
	}
	put(p, "\"", 1);
}

static void put_name(struct printing *p, const char *name)
{
	put_string(p, (const unsigned char *)name, strlen(name));
}

static void put_digits(struct printing *p, const unsigned char *at, uint64_t count)
{
	if (p->error)
		return;
	if (count > SIZE_MAX / 2 || bytes_reserve(p->out, 2 * (size_t)count) < 0) {
		p->error = -ENOMEM;
		return;
	}
	bytes_to_hex((char *)p->out->at + p->out->count, at, (size_t)count);
	p->out->count += 2 * (size_t)count;
}

static void put_hex(struct printing *p, const unsigned char *at, uint64_t count)
{
	put(p, "{\"hex\": \"", 9);
	put_digits(p, at, count);
	put(p, "\"}", 2);
}

static void put_chars(struct printing *p, const unsigned char *at, uint64_t count)
{
	if (is_utf8(at, (size_t)count))
		put_string(p, at, (size_t)count);
	else
		put_hex(p, at, count);
}

/* ---- Numbers ---- */

static int64_t widen(uint64_t value, unsigned int bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return (int64_t)((value ^ sign) - sign);
}

/* The shortest number that is read as the same value. */
static void put_float(struct printing *p, const unsigned char *at, uint64_t size)
{
	bool is_single = size == sizeof(float);
	char text[NUMBER];
	double value;
	float single;

	memcpy(&single, at, sizeof(single));
	if (is_single)
		value = (double)single;
	else
		memcpy(&value, at, sizeof(value));
	if (isnan(value) || isinf(value)) {
		put_text(p, "\"%s\"", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
		return;
	}
	for (int digits = is_single ? 6 : 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (is_single ? strtof(text, NULL) == single : strtod(text, NULL) == value)
			break;
	}
	put_text(p, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static const char *constant_name(const struct shape *shape, uint64_t value)
{
	for (size_t i = 0; i < shape->constants; i++)
		if (shape->constant[i].value == value)
			return shape->constant[i].name;
	return NULL;
}

/* A number of so many bits: an enum without negative constants is unsigned. */
static void put_number(struct printing *p, const struct shape *shape, uint64_t value,
		       unsigned int bits)
{
	const char *name = NULL;

	if (shape->kind == SHAPE_ENUM)
		name = constant_name(shape, shape->is_signed ?
				     (uint64_t)widen(value, bits) & shape_mask(shape->size) : value);
	if (name)
		put_name(p, name);
	else if (shape->kind == SHAPE_BOOLEAN && value <= 1)
		put_text(p, "%s", value ? "true" : "false");
	else if (shape->kind == SHAPE_SIGNED || (shape->kind == SHAPE_ENUM && shape->is_signed))
		put_text(p, "%" PRId64, widen(value, bits));
	else
		put_text(p, "%" PRIu64, value);
}

/* ---- Parts ---- */

static void put_elements(struct printing *p, const struct shape *element, const unsigned char *at,
			 uint64_t count)
{
	put(p, "[", 1);
	for (uint64_t i = 0; i < count && !p->error; i++) {
		if (i)
			put(p, ", ", 2);
		print_value(p, element, at + i * element->size);
	}
	put(p, "]", 1);
}

static void put_members(struct printing *p, const struct shape *shape, const unsigned char *at)
{
	put(p, "{", 1);
	for (size_t i = 0; i < shape->members && !p->error; i++) {
		const struct shape_member *member = &shape->member[i];

		if (i)
			put(p, ", ", 2);
		put_name(p, member->name);
		put(p, ": ", 2);
		if (member->bits)
			put_number(p, member->shape, shape_load_bits(member, at + member->offset),
				   member->bits);
		else
			print_value(p, member->shape, at + member->offset);
	}
	put(p, "}", 1);
}

static void put_container(struct printing *p, const struct shape *shape, const unsigned char *at)
{
	uint64_t length = shape_load(at, sizeof(uint32_t));

	if (shape->kind == SHAPE_OPTIONAL) {
		if (length)
			print_value(p, shape->content, at + shape->offset);
		else
			put(p, "null", 4);
	} else if (length > shape->count) {
		put_text(p, "{\"error\": \"length is %" PRIu64, length);
		put_text(p, ", capacity %" PRIu64 "\", \"hex\": \"", shape->count);
		put_digits(p, at, shape->size);
		put(p, "\"}", 2);
	} else if (shape->kind == SHAPE_STRING) {
		put_chars(p, at + shape->offset, length);
	} else {
		put_elements(p, shape->content, at + shape->offset, length);
	}
}

static uint64_t without_zeros(const unsigned char *at, uint64_t count)
{
	while (count && !at[count - 1])
		count--;
	return count;
}

static void print_value(struct printing *p, const struct shape *shape, const unsigned char *at)
{
	if (p->error)
		return;
	if (!p->left--) {
		p->error = -E2BIG;
		return;
	}
	switch (shape->kind) {
	case SHAPE_SIGNED:
	case SHAPE_UNSIGNED:
	case SHAPE_BOOLEAN:
	case SHAPE_ENUM:
		put_number(p, shape, shape_load(at, shape->size), 8 * (unsigned int)shape->size);
		break;
	case SHAPE_FLOAT:
		put_float(p, at, shape->size);
		break;
	case SHAPE_TEXT:
		put_chars(p, at, without_zeros(at, shape->size));
		break;
	case SHAPE_ARRAY:
		put_elements(p, shape->content, at, shape->count);
		break;
	case SHAPE_STRUCT:
		put_members(p, shape, at);
		break;
	case SHAPE_STRING:
	case SHAPE_VECTOR:
	case SHAPE_OPTIONAL:
		put_container(p, shape, at);
		break;
	default:
		put_hex(p, at, shape->size);
	}
}

/* ---- Payloads ---- */

static int finish(struct printing *p, size_t before)
{
	if (p->error)
		p->out->count = before;
	return p->error;
}

int payload_to_json(struct bytes *out, const struct shape *shape, const void *data, size_t size)
{
	struct printing p = { .out = out, .left = VALUES_BASE + VALUES_PER_BYTE * (uint64_t)size };
	size_t before = out->count;

	if (size != shape->size)
		return -EMSGSIZE;
	print_value(&p, shape, data);
	return finish(&p, before);
}

int slice_to_json(struct bytes *out, const struct shape *shape, const void *data,
			size_t size)
{
	struct printing p = { .out = out, .left = VALUES_BASE + VALUES_PER_BYTE * (uint64_t)size };
	size_t before = out->count;

	if (!shape->size || size % shape->size)
		return -EMSGSIZE;
	put_elements(&p, shape, data, size / shape->size);
	return finish(&p, before);
}
