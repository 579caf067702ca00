// SPDX-License-Identifier: MIT
/* The command line of sluice top. */
#include "top.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/text/text.h"

#define INTERVAL_LEAST	(SECOND_NS / 100)
#define INTERVAL_MOST	(86400 * SECOND_NS)

static const char help_intro[] =
"usage: sluice top [OPTION]...\n"
"\n"
"Shows what clients and servers do, a line each: how many messages they send and\n"
"receive a second, what they hold, and when they last did something.\n";

static const char help_rest[] =
"On a terminal it goes on until q is pressed, or ^C; h lists the other keys and\n"
"explains the columns. If standard input or output is no terminal, or with\n"
"--batch or --json, it prints one frame, or N: the first after an interval, for\n"
"which rates are measured. NO_COLOR in the environment, if it is not empty, means\n"
"no colours.\n"
"\n"
"Examples\n"
"  sluice top --sort memory\n"
"  sluice top --count 0 --interval 1min >>ports.log\n"
"  sluice top --json | jq 'select(.blocked_share > 0.1)'\n";

enum { INTERVAL = LOOK_OWN, SORT, COUNT = 'n', BATCH = 'b' };

static const struct verb_option long_options[] = {
	{ "interval", INTERVAL, "TIME", "time between two frames, in seconds or as 500ms (1)" },
	{ "sort", SORT, "KEY",
	  "key to sort by (rate): service, role, pid, rate, out, in, bytes, loans, "
	  "depth, most, memory, growths, overflows, wakes, blocked, age, command" },
	{ "count", COUNT, "N", "end after N frames; 0: never" },
	{ "batch", BATCH, NULL, "print frames as text, also on a terminal" },
	LOOK_DOMAIN_OPTION,
	{ "json", LOOK_JSON, NULL, "a line of JSON for each; man sluice-top describes it" },
	HELP_OPTION,
	{ 0 },
};

static bool take_interval(struct top_options *options, const char *text)
{
	uint64_t ns;

	if (!parse_ns(text, &ns))
		return false;
	options->interval = (int64_t)ns;
	return options->interval >= INTERVAL_LEAST && options->interval <= INTERVAL_MOST;
}

static bool take_sort(struct top_options *options, const char *text)
{
	int column = top_column_named(text);

	options->sort = (unsigned int)column;
	return column >= 0;
}

static bool take_count(struct top_options *options, const char *text)
{
	char *end;

	errno = 0;
	options->frames = strtoull(text, &end, 10);
	options->frames_given = true;
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool take(void *context, int option, const char *value)
{
	struct top_options *options = context;

	switch (option) {
	case BATCH:
		options->batch = true;
		return true;
	case INTERVAL:
		return take_interval(options, value);
	case SORT:
		return take_sort(options, value);
	default:
		return take_count(options, value);
	}
}

int top_options_parse(struct top_options *options, int argc, char **argv)
{
	int r;

	*options = (struct top_options){
		.look = {
			.verb = "top",
			.intro = help_intro, .rest = help_rest,
			.options = long_options,
			.take = take,
			.context = options,
		},
		.interval = SECOND_NS,
	};
	take_sort(options, "rate");
	r = look_parse(&options->look, argc, argv);
	if (!r && options->look.names)
		return look_wrong(&options->look, "there is no argument \"%s\"",
				  options->look.name[0]);
	return r;
}
