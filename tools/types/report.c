// SPDX-License-Identifier: MIT
/*
 * Prints the results about the types of programs: for people, as JSON, as a header for
 * contracts, and as differences between two programs.
 *
 * Names come from files that may be of others, and are cleaned before they are shown.
 *
 * As JSON each type is an object of
 *
 *	program		string, as it was named
 *	service		name of the service
 *	role		"request", "response", "request_header" or "response_header"
 *	name		of the type, as the contract spells it
 *	size, alignment	bytes of an element
 *	slice		any number of elements, not exactly one
 *	fingerprint	16 hexadecimal digits; null: there is a fault
 *	good		has it no fault, and with --strict no padding?
 *	faults		array of objects: path, what
 *	padding		array of objects: path, offset, bytes
 */
#include "tools/types/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "tools/domain/domain_json.h"
#include "tools/text/printable.h"
#include "tools/text/say.h"
#include "tools/text/style.h"
#include "tools/text/text.h"
#include "tools/types/lookup.h"

#define TEXT	2048

bool report_is_bad(const struct shared_type *type, bool strict)
{
	return type->layout.faults || (strict && type->layout.holes);
}

/* "struct a.b[]", fit to be shown. */
static const char *full_path(char buffer[TEXT], const struct shared_type *type, const char *path)
{
	char whole[TEXT];

	snprintf(whole, sizeof(whole), "%s%s", type->payload.name, path);
	return text_clean(buffer, TEXT, whole);
}

/* ---- For people ---- */

static void hole_text(char buffer[TEXT], const struct shared_type *type, const struct hole *hole)
{
	char path[TEXT / 2];

	snprintf(buffer, TEXT, "%s%.900s", type->payload.name, hole->path);
	text_clean(path, sizeof(path), buffer);
	snprintf(buffer, TEXT, "%s has %" PRIu64 " byte%s of padding at offset %" PRIu64
		 ": leaks old bytes", path, hole->size, hole->size == 1 ? "" : "s", hole->offset);
}

static void print_heading(const struct shared_type *type)
{
	const struct payload *payload = &type->payload;
	char name[TEXT], service[TEXT_CLEAN(SLUICE_SERVICE_NAME_SIZE)];

	printf("%s%s%s%s, %s of %s: %" PRIu64 " byte%s%s, fingerprint 0x%016" PRIx64 "\n",
	       style_begin(STYLE_BOLD), full_path(name, type, ""), payload->kind ? "[]" : "",
	       style_end(STYLE_BOLD), payload->role,
	       text_clean(service, sizeof(service), payload->service), payload->size,
	       payload->size == 1 ? "" : "s", payload->kind ? " each" : "", type->fingerprint);
}

static void print_good(const struct shared_type *type)
{
	char text[TEXT];

	print_heading(type);
	for (size_t i = 0; i < type->layout.holes; i++) {
		hole_text(text, type, &type->layout.hole[i]);
		printf("  %s\n", text);
	}
}

static void say_bad(const struct shared *shared, const struct shared_type *type, bool strict)
{
	char text[TEXT];

	for (size_t i = 0; i < type->layout.faults; i++) {
		full_path(text, type, type->layout.fault[i].path);
		say("types", "%s: %s %s", shared->program, text, type->layout.fault[i].what);
	}
	for (size_t i = 0; strict && i < type->layout.holes; i++) {
		hole_text(text, type, &type->layout.hole[i]);
		say("types", "%s: %s", shared->program, text);
	}
}

void report_text(const struct shared *shared, bool strict)
{
	for (size_t i = 0; i < shared->types; i++) {
		if (!report_is_bad(&shared->type[i], strict))
			print_good(&shared->type[i]);
		say_bad(shared, &shared->type[i], strict);
	}
}

void report_faults(const struct shared *shared, bool strict)
{
	for (size_t i = 0; i < shared->types; i++)
		say_bad(shared, &shared->type[i], strict);
}

/* ---- JSON ---- */

static json_t *path_json(const struct shared_type *type, const char *path)
{
	char text[TEXT];

	return json_string(full_path(text, type, path));
}

static json_t *faults_json(const struct shared_type *type)
{
	json_t *array = json_array();

	for (size_t i = 0; i < type->layout.faults; i++) {
		const struct fault *fault = &type->layout.fault[i];

		json_array_append_new(array, json_pack("{s:o, s:o}", "path",
						       path_json(type, fault->path), "what",
						       domain_json_text(fault->what)));
	}
	return array;
}

static json_t *holes_json(const struct shared_type *type)
{
	json_t *array = json_array();

	for (size_t i = 0; i < type->layout.holes; i++) {
		const struct hole *hole = &type->layout.hole[i];

		json_array_append_new(array, json_pack("{s:o, s:I, s:I}", "path",
						       path_json(type, hole->path), "offset",
						       (json_int_t)hole->offset, "bytes",
						       (json_int_t)hole->size));
	}
	return array;
}

static json_t *type_json(const struct shared *shared, const struct shared_type *type, bool strict)
{
	const struct payload *payload = &type->payload;
	char id[TEXT_NUMBER];

	text_id(id, type->fingerprint);
	return json_pack("{s:o, s:o, s:s, s:o, s:I, s:I, s:b, s:s?, s:b, s:o, s:o}",
			 "program", domain_json_text(shared->program),
			 "service", domain_json_text(payload->service), "role", payload->role,
			 "name", path_json(type, ""), "size", (json_int_t)payload->size,
			 "alignment", (json_int_t)payload->alignment,
			 "slice", payload->kind != 0,
			 "fingerprint", type->layout.faults ? NULL : id,
			 "good", !report_is_bad(type, strict),
			 "faults", faults_json(type), "padding", holes_json(type));
}

int report_json(const struct shared *shared, bool strict)
{
	int r = 0;

	for (size_t i = 0; !r && i < shared->types; i++)
		r = domain_json_print(type_json(shared, &shared->type[i], strict));
	return r;
}

/* ---- A header ---- */

/* A macro that is defined once more in the same way is no error. */
void report_header(const struct shared *shared)
{
	for (size_t i = 0; i < shared->types; i++) {
		const struct shared_type *type = &shared->type[i];

		if (shared_find(shared, type->payload.name) != type)
			continue;
		fputs("#define SLUICE_FINGERPRINT_", stdout);
		for (const char *p = lookup_bare_name(type->payload.name); *p; p++)
			putchar(isalnum((unsigned char)*p) ? *p : '_');
		printf("\tUINT64_C(0x%016" PRIx64 ")\n", type->fingerprint);
	}
}

/* ---- Differences ---- */

static void print_side(const struct shared *shared, const struct shared_type *type,
		       const struct field *field)
{
	char path[TEXT_CLEAN(TEXT)], text[FIELD_TEXT], program[TEXT_CLEAN(PATH_MAX)];

	text_clean(program, sizeof(program), shared->program);
	if (field)
		printf("%s is %s in %s", full_path(path, type, field->path),
		       field_text(text, field), program);
	else
		printf("nothing more in %s", program);
}

static bool print_difference(const struct shared *a, const struct shared_type *one,
			     const struct shared *b, const struct shared_type *other)
{
	const struct field *field_a, *field_b;

	if (!layout_differs(&one->layout, &other->layout, &field_a, &field_b))
		return false;
	print_side(a, one, field_a);
	fputs(", and ", stdout);
	print_side(b, other, field_b);
	putchar('\n');
	return true;
}

int report_differences(const struct shared *a, const struct shared *b)
{
	int common = 0, differences = 0;

	for (size_t i = 0; i < a->types; i++) {
		const struct shared_type *one = &a->type[i];
		const struct shared_type *other = shared_find(b, one->payload.name);

		if (!other || shared_find(a, one->payload.name) != one)
			continue;
		common++;
		differences += print_difference(a, one, b, other);
	}
	return common ? differences : -1;
}
