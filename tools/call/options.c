// SPDX-License-Identifier: MIT
/*
 * The command line of sluice call.  Options stand anywhere.  Data on the command line is
 * checked here, hex digits included, so that a mistake in it is reported before anything is
 * done.  Files and standard input are read later, when the service has been found.
 */
#include "call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/arguments.h"
#include "tools/text/text.h"

#define TIMEOUT		(5 * SECOND_NS)
#define RATE_MAX	1e9
#define SERVERS_MAX	1024u

static const char help_intro[] =
"usage: sluice call SERVICE [DATA] [OPTION]...\n"
"\n"
"Sends a request to a service that runs, and prints the responses of all its\n"
"servers. DATA are the fields of the request as JSON, or its bytes. If it is -,\n"
"or absent, the bytes come from standard input. sluice show tells what a request\n"
"consists of: that is in the registry, and in the programs of the processes.\n";

static const char help_rest[] =
"A response is printed by its fields, as JSON; or if they are not known, as text\n"
"or as offsets, hex digits and characters. After several requests a summary is on\n"
"standard error. ^C ends it early. The exit status is 1 if a request got no\n"
"answer or not all responses, if there was no server, or after ^C. Examples:\n"
"\n"
"  sluice call example/echo 'good morning'\n"
"  sluice call example/adder '{\"a\": 40, \"b\": 2}'\n"
"  sluice call example/adder --hex '2800000000000000 0200000000000000'\n"
"  sluice call example/echo --file photo.jpg --raw >photo-again.jpg\n"
"  sluice call example/echo ping --count 600 --rate 10 --json | jq .round_trip_ns\n";

enum {
	HEX = 256, BYTES, FIELDS, TYPES, INPUT, HEADER, RATE, LIMIT, SERVERS, ONE, JSON, RAW,
	COUNT = 'n', VERBOSE = 'v',
};

static const struct verb_option long_options[] = {
	{ "hex", HEX, NULL,
	  "DATA is hex digits, blanks between bytes or not, from every source; "
	  "responses are printed as hex digits" },
	{ "bytes", BYTES, NULL, "DATA is bytes, also if it looks like JSON; so are responses" },
	{ "fields", FIELDS, NULL, "DATA is JSON, from every source" },
	{ "types", TYPES, "PROGRAM", "the fields are those of PROGRAM" },
	{ "file", INPUT, "FILE", "the data is in FILE" },
	{ "header", HEADER, "DATA",
	  "the user header of the request: hex digits or {...} (zeros)" },
	{ "count", COUNT, "N", "send so many requests, one after the other (1)" },
	{ "rate", RATE, "N", "send so many a second; else each follows at once" },
	{ "timeout", LIMIT, "T", "time limit of each: for servers, and all responses (5s)" },
	{ "servers", SERVERS, "N", "wait for so many servers (1)" },
	{ "one", ONE, NULL,
	  "each request goes to one server, the one that will probably begin with "
	  "it first; without this to all" },
	CHOSEN_SERVICE_OPTIONS,
	{ "verbose", VERBOSE, NULL,
	  "tell which server has sent a response, on standard error" },
	{ "json", JSON, NULL, "a line of JSON for each response" },
	{ "raw", RAW, NULL, "the bytes of responses as they are" },
	HELP_OPTION,
	{ 0 },
};

static bool take_rate(const char *text, double *ret_rate)
{
	char *end;

	*ret_rate = strtod(text, &end);
	return end != text && !*end && *ret_rate > 0 && *ret_rate <= RATE_MAX;
}

static bool take_servers(const char *text, unsigned int *ret_servers)
{
	uint64_t servers;

	if (!parse_count(text, SERVERS_MAX, &servers))
		return false;
	*ret_servers = (unsigned int)servers;
	return true;
}

static bool take_header(struct call *call, const char *text)
{
	call->options.with_header = true;
	call->options.header_fields = *text == '{' ? text : NULL;
	call->header.count = 0;
	if (*text == '{')
		return true;
	return bytes_add_hex(&call->header, text, strlen(text)) == 0;
}

/* False: the value of the option cannot be used. */
static bool take(void *context, int option, char *value)
{
	struct call *call = context;
	struct call_options *options = &call->options;

	switch (option) {
	case HEX:
		options->hex = true;
		return true;
	case BYTES:
		options->bytes = true;
		return true;
	case FIELDS:
		options->fields = true;
		return true;
	case TYPES:
		options->types = value;
		return true;
	case INPUT:
		options->file = value;
		return true;
	case HEADER:
		return take_header(call, value);
	case COUNT:
		return parse_count(value, UINT64_MAX, &options->count);
	case RATE:
		return take_rate(value, &options->rate);
	case LIMIT:
		return parse_timeout(value, &options->timeout);
	case SERVERS:
		return take_servers(value, &options->servers);
	case ONE:
		options->one = true;
		return true;
	case VERBOSE:
		options->verbose = true;
		return true;
	case JSON:
		options->json = true;
		return true;
	case RAW:
		options->raw = true;
		return true;
	default:
		return chosen_service_take(&options->service, option, value);
	}
}

/* Decides where the data comes from, and takes it if it is on the command line. */
static int take_data(struct call *call, const char *data)
{
	struct call_options *options = &call->options;
	size_t length = data ? strlen(data) : 0;

	if (data && options->file)
		return say_wrong("call", "either DATA or --file");
	if (!data && !options->file && isatty(STDIN_FILENO))
		return say_wrong("call", "DATA is missing; - reads it from the terminal");
	if (!data || strcmp(data, "-") == 0) {
		if (!options->file)
			options->file = "-";
		return 0;
	}
	if (options->hex && bytes_add_hex(&call->data, data, length) < 0)
		return say_wrong("call", "DATA is not pairs of hex digits: %s", data);
	if (!options->hex && bytes_add(&call->data, data, length) < 0)
		return say_wrong("call", "there is no memory for DATA");
	return 0;
}

/* --hex is about the data too, so it may be used together with the others. */
static enum call_form form_of(const struct call_options *options)
{
	if (options->json)
		return CALL_JSON;
	if (options->raw)
		return CALL_RAW;
	return options->hex ? CALL_HEX : CALL_TEXT;
}

int call_parse(struct call *call, int argc, char **argv)
{
	const struct arguments arguments = {
		.verb = "call", .intro = help_intro, .rest = help_rest,
		.options = long_options, .argc = argc, .argv = argv,
	};
	struct call_options *options = &call->options;
	int r;

	*options = (struct call_options){ .count = 1, .timeout = TIMEOUT, .servers = 1 };
	arguments_begin();
	r = arguments_take(&arguments, take, call);
	if (r)
		return r;
	if (optind == argc)
		return say_wrong("call", "SERVICE is missing");
	if (argc - optind > 2)
		return say_wrong("call", "DATA is one argument, and there is another: %s", argv[optind + 2]);
	if (options->json && options->raw)
		return say_wrong("call", "either --json or --raw");
	if (options->fields && (options->hex || options->bytes))
		return say_wrong("call", "either --fields, or --hex or --bytes");
	options->form = form_of(options);
	options->service.name = argv[optind];
	return take_data(call, argv[optind + 1]);
}
