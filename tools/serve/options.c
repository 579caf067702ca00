// SPDX-License-Identifier: MIT
/*
 * The command line of sluice serve: options, SERVICE, options, COMMAND.  All that follows
 * COMMAND is an argument of the command.
 *
 * A type is given as NAME:SIZE:ALIGNMENT; the name may have colons, as those of C++ do.
 */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments.h"
#include "tools/text/text.h"

static const char help_intro[] =
"usage: sluice serve [OPTION]... SERVICE [OPTION]... [COMMAND [ARGUMENT]...]\n"
"\n"
"Serves a service: answers each request with its own bytes, or runs COMMAND for\n"
"it, which has the bytes of the request on its standard input and writes those of\n"
"the reply to its standard output. A command that does not end with 0 gives no\n"
"reply. If the service exists its types are used; else it is made, with slices of\n"
"bytes (uint8_t) in both directions, or the types that are given.\n";

static const char help_rest[] =
"The environment of COMMAND has SLUICE_SERVICE, SLUICE_REQUEST (the number of the\n"
"request), SLUICE_BYTES, SLUICE_ELEMENTS and SLUICE_HEADER (hex digits). One\n"
"request is served at a time. ^C ends it, with a summary. Examples:\n"
"\n"
"  sluice serve example/echo\n"
"  sluice serve example/reverse -v rev\n"
"  sluice serve example/sizes --timeout 10s -- sh -c 'wc -c'\n"
"  sluice serve example/adder --types ./adder-client --fields \\\n"
"               jq -c '{sum: (.a + .b)}'\n"
"  sluice serve example/log --lines tail -n 100 -f /var/log/syslog\n"
"  sluice serve example/adder --request-type add_request:16:8 \\\n"
"               --response-type add_response:8:8 ./add\n";

enum {
	LINES = 256, FIELDS, TYPES, LIMIT, TYPE, SLICE, REQUEST_TYPE, REQUEST_SLICE, RESPONSE_TYPE,
	RESPONSE_SLICE, JSON,
	COUNT = 'n', VERBOSE = 'v',
};

static const struct verb_option long_options[] = {
	{ "lines", LINES, NULL,
	  "each line that COMMAND writes is a reply, as it comes, without the end "
	  "of the line" },
	{ "fields", FIELDS, NULL,
	  "COMMAND reads the fields of a request as a line of JSON, and writes "
	  "those of the reply" },
	{ "types", TYPES, "PROGRAM",
	  "the fields are those of PROGRAM, and so is the contract of a new service" },
	{ "timeout", LIMIT, "T",
	  "end a COMMAND that takes longer; a COMMAND whose client has gone or "
	  "waits no longer is ended in any case" },
	{ "count", COUNT, "N", "end after so many requests" },
	{ "type", TYPE, "T", "messages are one element of a type, NAME:SIZE:ALIGNMENT" },
	{ "slice", SLICE, "T", "messages are slices of such elements" },
	{ "request-type", REQUEST_TYPE, "T", NULL },
	{ "request-slice", REQUEST_SLICE, "T", NULL },
	{ "response-type", RESPONSE_TYPE, "T", NULL },
	{ "response-slice", RESPONSE_SLICE, "T", "the same in one direction only" },
	CHOSEN_SERVICE_OPTIONS,
	{ "verbose", VERBOSE, NULL, "a line for each request, on standard error" },
	{ "json", JSON, NULL, "a line of JSON for each request, on standard output" },
	HELP_OPTION,
	{ 0 },
};

/* Cuts the text into its parts.  The library checks what they are. */
static bool take_type(char *text, uint32_t kind, struct sluice_type *ret_type)
{
	struct sluice_type type = { .name = text, .kind = kind };
	uint64_t alignment;
	char *colon;

	colon = strrchr(text, ':');
	if (!colon || !parse_count(colon + 1, UINT32_MAX, &alignment))
		return false;
	type.alignment = (uint32_t)alignment;
	*colon = 0;
	colon = strrchr(text, ':');
	if (!colon || colon == text || !parse_count(colon + 1, UINT64_MAX, &type.size))
		return false;
	*colon = 0;
	*ret_type = type;
	return true;
}

static bool take_types(struct serve_options *options, int option, char *value)
{
	bool slice = option == SLICE || option == REQUEST_SLICE || option == RESPONSE_SLICE;
	uint32_t kind = slice ? SLUICE_KIND_SLICE : SLUICE_KIND_FIXED;
	struct sluice_type type;

	if (!take_type(value, kind, &type))
		return false;
	if (option != RESPONSE_TYPE && option != RESPONSE_SLICE)
		options->request = type;
	if (option != REQUEST_TYPE && option != REQUEST_SLICE)
		options->response = type;
	return true;
}

/* False: the value of the option cannot be used. */
static bool take(void *context, int option, char *value)
{
	struct serve_options *options = context;

	switch (option) {
	case LINES:
		options->lines = true;
		return true;
	case FIELDS:
		options->fields = true;
		return true;
	case TYPES:
		options->types = value;
		return true;
	case LIMIT:
		return parse_timeout(value, &options->timeout);
	case COUNT:
		return parse_count(value, UINT64_MAX, &options->count);
	case VERBOSE:
		options->verbose = true;
		return true;
	case JSON:
		options->json = true;
		return true;
	case TYPE:
	case SLICE:
	case REQUEST_TYPE:
	case REQUEST_SLICE:
	case RESPONSE_TYPE:
	case RESPONSE_SLICE:
		return take_types(options, option, value);
	default:
		return chosen_service_take(&options->service, option, value);
	}
}

/* Refuses options that would do nothing. */
static int check(const struct serve_options *options)
{
	if (!options->command && (options->lines || options->timeout || options->fields))
		return say_wrong("serve", "--lines, --fields and --timeout are allowed only with a COMMAND");
	return 0;
}

int serve_parse(struct serve_options *options, int argc, char **argv)
{
	const struct arguments arguments = {
		.verb = "serve", .intro = help_intro, .rest = help_rest,
		.options = long_options, .leading = true,
		.argc = argc, .argv = argv,
	};
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, options);
	if (r)
		return r;
	if (optind == argc)
		return say_wrong("serve", "SERVICE is missing");
	options->service.name = argv[optind++];
	/* No options follow a "--". */
	if (strcmp(argv[optind - 2], "--") != 0)
		r = arguments_take(&arguments, take, options);
	if (r)
		return r;
	if (optind < argc)
		options->command = argv + optind;
	return check(options);
}
