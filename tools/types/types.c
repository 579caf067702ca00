// SPDX-License-Identifier: MIT
/*
 * sluice types - tells whether the payload types of programs are safe to share
 *
 * A step of a build: it reads files and nothing else, and its exit status is 1 if a type
 * must not be shared. program.c reads programs, contracts.c finds the types that they
 * share, and walk.c decides what must not be shared.
 */
#include <errno.h>
#include <stdio.h>

#include "tools/look.h"
#include "tools/text/say.h"
#include "tools/types/report.h"
#include "tools/verbs.h"

static const char help_intro[] =
"usage: sluice types PROGRAM... [OPTION]...\n"
"       sluice types --compare PROGRAM PROGRAM\n"
"\n"
"Reads the debug information of programs, libraries or objects, finds the types\n"
"of their contracts, and refuses those that must not be shared: with pointers,\n"
"references, bit-fields, flexible arrays, long double or virtual functions. For\n"
"the others it prints the size, a fingerprint of the layout, and the padding.\n";

static const char help_rest[] =
"The exit status is 0, 1 if a type was refused or differs, or 2.\n"
"\n"
"Examples\n"
"  cc -g -c contract.c && sluice types contract.o\n"
"  sluice types --header contract.o > fingerprints.h\n"
"  sluice types --compare client server\n";

enum { STRICT = LOOK_OWN, HEADER, COMPARE };

static const struct verb_option options[] = {
	{ "strict", STRICT, NULL, "refuse padding too" },
	{ "header", HEADER, NULL, "print a C header with the fingerprints, for contracts" },
	{ "compare", COMPARE, NULL, "name the first difference of each type that both have" },
	{ "json", LOOK_JSON, NULL, "a line of JSON for each; man sluice-types describes it" },
	HELP_OPTION,
	{ 0 },
};

struct types {
	struct look look;
	bool strict;
	bool header;
	bool compare;
};

static bool take(void *context, int option, const char *value)
{
	struct types *types = context;

	(void)value;
	types->strict |= option == STRICT;
	types->header |= option == HEADER;
	types->compare |= option == COMPARE;
	return true;
}

/* Is one of them refused? */
static bool refuses(const struct shared *shared, bool strict)
{
	for (size_t i = 0; i < shared->types; i++)
		if (report_is_bad(&shared->type[i], strict))
			return true;
	return false;
}

static int report(const struct types *types, const struct shared *shared)
{
	bool refused = refuses(shared, types->strict);

	if (types->look.json) {
		if (report_json(shared, types->strict) < 0)
			return look_failed(&types->look, "no memory");
	} else if (types->header) {
		report_faults(shared, types->strict);
		if (!refused)
			report_header(shared);
	} else {
		report_text(shared, types->strict);
	}
	return refused;
}

static int look_at_program(const struct types *types, const char *program)
{
	struct shared shared;
	int r = shared_read(&shared, program, types->header);

	r = r < 0 ? 1 : report(types, &shared);
	shared_free(&shared);
	return r;
}

static int compare(const struct types *types)
{
	struct shared a, b = { 0 };
	int r = shared_read(&a, types->look.name[0], true);

	if (!r)
		r = shared_read(&b, types->look.name[1], true);
	if (!r) {
		r = report_differences(&a, &b);
		if (r < 0)
			say("types", "%s and %s have no type in common", a.program, b.program);
	}
	shared_free(&a);
	shared_free(&b);
	return r != 0;
}

static int check_words(const struct types *types)
{
	const struct look *look = &types->look;

	if (types->compare + types->header + look->json > 1)
		return look_wrong(look, "--compare, --header and --json cannot be combined");
	if (types->compare && look->names != 2)
		return look_wrong(look, "--compare needs two programs, not %d", look->names);
	return look->names ? 0 : look_wrong(look, "no program is named");
}

int verb_types(int argc, char **argv)
{
	struct types types = {
		.look = { .verb = "types", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take },
	};
	int flushed, r;

	types.look.context = &types;
	r = look_parse(&types.look, argc, argv);
	if (!r)
		r = check_words(&types);
	if (r)
		return r < 0 ? 0 : r;
	if (types.compare)
		r = compare(&types);
	for (int i = 0; !types.compare && i < types.look.names; i++)
		r |= look_at_program(&types, types.look.name[i]);
	flushed = look_flush(&types.look);
	return r ? r : flushed;
}
