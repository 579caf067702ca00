// SPDX-License-Identifier: MIT
/*
 * The contents of a type, as lists, and what follows from them: a fingerprint, and the
 * first difference of two types.
 *
 * A field is a path of member names, a place, a size and a kind.  Names of types are no
 * part of it, so a typedef and a struct are the same, in C and C++.  The names and values
 * of an enum's constants are no part of it either, so constants may be added.  The elements
 * of an array are one field, with [] in its path, below one for the array, which has the
 * count.
 *
 * A small file can describe a type of any number of members, faults or holes, since a struct
 * that is a member many times has all of its own each time.  So no list is longer than
 * LAYOUT_MOST.
 *
 * The fingerprint is FNV-1a over the fields in their order, in a form that is the same on
 * all machines.  It detects mistakes; it does not protect from attacks.
 */
#include "tools/types/layout.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_BASIS	UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME	UINT64_C(0x100000001b3)

/* ---- Lists ---- */

/* Room for one more at the end of a list; NULL, and it is remembered why there is none. */
static void *extend(struct layout *layout, void **list, size_t *count, size_t size)
{
	void *longer = *list;

	if (*count == LAYOUT_MOST) {
		layout->too_long = true;
		return NULL;
	}
	/* It doubles whenever the count is a power of two. */
	if (!(*count & (*count - 1)))
		longer = realloc(*list, (*count ? 2 * *count : 1) * size);
	if (!longer) {
		layout->no_memory = true;
		return NULL;
	}
	*list = longer;
	return (char *)longer + (*count)++ * size;
}

static char *copy(struct layout *layout, const char *text)
{
	char *own = strdup(text);

	if (!own)
		layout->no_memory = true;
	return own;
}

void layout_add_field(struct layout *layout, const struct field *field)
{
	void *list = layout->field;
	struct field *own = extend(layout, &list, &layout->fields, sizeof(*own));

	layout->field = list;
	if (!own)
		return;
	*own = *field;
	own->path = copy(layout, field->path);
}

void layout_add_fault(struct layout *layout, const char *path, const char *format, ...)
{
	void *list = layout->fault;
	struct fault *own = extend(layout, &list, &layout->faults, sizeof(*own));
	va_list arguments;

	layout->fault = list;
	if (!own)
		return;
	own->path = copy(layout, path);
	va_start(arguments, format);
	if (vasprintf(&own->what, format, arguments) < 0) {
		own->what = NULL;
		layout->no_memory = true;
	}
	va_end(arguments);
}

void layout_add_hole(struct layout *layout, const char *path, uint64_t offset, uint64_t size)
{
	void *list = layout->hole;
	struct hole *own = extend(layout, &list, &layout->holes, sizeof(*own));

	layout->hole = list;
	if (own)
		*own = (struct hole){ copy(layout, path), offset, size };
}

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->fields; i++)
		free(layout->field[i].path);
	for (size_t i = 0; i < layout->faults; i++) {
		free(layout->fault[i].path);
		free(layout->fault[i].what);
	}
	for (size_t i = 0; i < layout->holes; i++)
		free(layout->hole[i].path);
	free(layout->field);
	free(layout->fault);
	free(layout->hole);
	*layout = (struct layout){ 0 };
}

/* ---- Fingerprints and differences ---- */

static uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	for (int shift = 0; shift < 64; shift += 8)
		hash = hash_byte(hash, (unsigned char)(number >> shift));
	return hash;
}

uint64_t layout_fingerprint(const struct layout *layout)
{
	uint64_t hash = FNV_BASIS;

	for (size_t i = 0; i < layout->fields; i++) {
		const struct field *field = &layout->field[i];

		for (const char *p = field->path; p && *p; p++)
			hash = hash_byte(hash, (unsigned char)*p);
		hash = hash_byte(hash, 0);
		hash = hash_byte(hash, (unsigned char)field->kind);
		hash = hash_number(hash, field->offset);
		hash = hash_number(hash, field->size);
		hash = hash_number(hash, field->count);
	}
	return hash ? hash : 1;
}

const char *field_text(char buffer[FIELD_TEXT], const struct field *field)
{
	static const struct {
		enum field_kind kind;
		const char *text;
	} kinds[] = {
		{ FIELD_SIGNED, "signed" }, { FIELD_UNSIGNED, "unsigned" },
		{ FIELD_BOOLEAN, "a boolean" }, { FIELD_FLOAT, "floating-point" },
		{ FIELD_COMPLEX, "complex" }, { FIELD_DECIMAL, "decimal" },
		{ FIELD_ENUM, "an enum" }, { FIELD_STRUCT, "a struct" },
		{ FIELD_UNION, "a union" }, { FIELD_ARRAY, "an array" },
	};
	const char *text = "?";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == field->kind)
			text = kinds[i].text;
	if (field->kind == FIELD_ARRAY)
		snprintf(buffer, FIELD_TEXT, "%s of %" PRIu64 " at offset %" PRIu64, text,
			 field->count, field->offset);
	else
		snprintf(buffer, FIELD_TEXT, "%s of %" PRIu64 " byte%s at offset %" PRIu64, text,
			 field->size, field->size == 1 ? "" : "s", field->offset);
	return buffer;
}

static bool is_same(const struct field *a, const struct field *b)
{
	return a->path && b->path && strcmp(a->path, b->path) == 0 && a->kind == b->kind &&
	       a->offset == b->offset && a->size == b->size && a->count == b->count;
}

/*
 * The size of an outer type follows from its members.  So a difference in it is reported only
 * if no member differs.
 */
static bool is_outer(const struct field *a, const struct field *b)
{
	return strcmp(a->path, b->path) == 0 && a->kind == b->kind && a->offset == b->offset &&
	       a->count == b->count &&
	       (a->kind == FIELD_STRUCT || a->kind == FIELD_UNION || a->kind == FIELD_ARRAY);
}

bool layout_differs(const struct layout *a, const struct layout *b,
		    const struct field **ret_a, const struct field **ret_b)
{
	bool differs = false;

	for (size_t i = 0; i < a->fields || i < b->fields; i++) {
		const struct field *one = i < a->fields ? &a->field[i] : NULL;
		const struct field *other = i < b->fields ? &b->field[i] : NULL;
		bool outer = one && other && is_outer(one, other);

		if (one && other && is_same(one, other))
			continue;
		if (!outer || !differs) {
			*ret_a = one;
			*ret_b = other;
		}
		differs = true;
		if (!outer)
			break;
	}
	return differs;
}
