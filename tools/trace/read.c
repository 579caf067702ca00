// SPDX-License-Identifier: MIT
/*
 * sluice trace read - prints the messages of a capture
 *
 * Each message is a line of JSON, in the order of the file, with its fields if they are known.
 *
 *	capture_file.c		the messages, out of the capture
 *	service_layouts.c	the types of services
 *	message_json.c		what is printed
 *
 * This file owns the command line, and a line that is used again for each message.  It traces
 * nothing, opens no service and sends nothing.
 *
 * A capture that is cut or damaged is printed as far as it is whole; then a sentence says so.
 */
#include "read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "capture_file.h"
#include "message_json.h"
#include "service_layouts.h"
#include "tools/arguments.h"
#include "tools/text/say.h"

#define NAME	"trace read"

static const char help_intro[] =
"usage: sluice trace read FILE [OPTION]...\n"
"\n"
"Prints the messages of a capture, a line of JSON for each: its fields as far as\n"
"the types of its service are known, else its bytes as hex digits. The capture\n"
"does not have the types. They are those of the service that runs now, out of\n"
"the programs of its processes, or those of a program that is named.\n";

static const char help_rest[] =
"The man page lists the keys. A message whose size is not that of these types is\n"
"printed as bytes, and so is one of which the capture has only a part. Examples:\n"
"\n"
"  sluice trace read calls.pcapng\n"
"  sluice trace read calls.pcapng --types ./adder-server | jq .fields\n";

struct reading {
	const char *path;
	const char *service;	/* only its messages; or NULL */
	struct service_layouts layouts;
	struct bytes line;
};

enum { SERVICE = 256, TYPES, DOMAIN };

static const struct verb_option long_options[] = {
	{ "service", SERVICE, "NAME", "messages of this service; NAME* of all that begin so" },
	{ "types", TYPES, "PROGRAM",
	  "the types are those of the contracts in PROGRAM, whatever service runs now" },
	{ "domain", DOMAIN, "NAME", "where services are looked for ($SLUICE_DOMAIN, or default)" },
	HELP_OPTION,
	{ 0 },
};

static bool take(void *context, int option, char *value)
{
	struct reading *reading = context;

	switch (option) {
	case SERVICE:
		reading->service = value;
		return *value;
	case TYPES:
		reading->layouts.program = value;
		return true;
	default:
		reading->layouts.domain = value;
		return true;
	}
}

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
static int parse(int argc, char **argv, struct reading *reading)
{
	const struct arguments arguments = {
		.verb = NAME, .intro = help_intro, .rest = help_rest,
		.options = long_options, .argc = argc, .argv = argv,
	};
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, reading);
	if (r)
		return r;
	if (argc - optind < 1)
		return say_wrong(NAME, "FILE is missing");
	if (argc - optind > 1)
		return say_wrong(NAME, "there is no second argument such as %s", argv[optind + 1]);
	reading->path = argv[optind];
	return 0;
}

static bool is_wanted(const struct reading *reading, const char *service)
{
	size_t length;

	if (!reading->service)
		return true;
	length = strlen(reading->service);
	if (reading->service[length - 1] == '*')
		return strncmp(service, reading->service, length - 1) == 0;
	return strcmp(service, reading->service) == 0;
}

static int cannot_write(void)
{
	return say(NAME, "cannot write: %s", strerror(errno));
}

/* 0, or -1 and a sentence was printed. */
static int print(void *context, const struct capture_packet *packet)
{
	struct reading *reading = context;
	struct message_layout layout;

	if (!is_wanted(reading, packet->service))
		return 0;
	if (service_layouts_find(&reading->layouts, packet, &layout) < 0)
		return -1;
	reading->line.count = 0;
	if (message_json(&reading->line, packet, &layout) < 0)
		return say(NAME, "no memory");
	if (fwrite(reading->line.at, 1, reading->line.count, stdout) != reading->line.count)
		return cannot_write();
	return 0;
}

static int run(struct reading *reading)
{
	char why[CAPTURE_FILE_WHY] = "";
	int r = capture_file_each(reading->path, print, reading, why);

	if (fflush(stdout) && r == 0)
		r = cannot_write();
	if (why[0])
		say(NAME, "%s", why);
	return r;
}

int trace_read(int argc, char **argv)
{
	struct reading reading = { 0 };
	int r = parse(argc, argv, &reading);

	if (r)
		return r < 0 ? 0 : r;
	r = run(&reading);
	service_layouts_free(&reading.layouts);
	bytes_free(&reading.line);
	return r < 0;
}
