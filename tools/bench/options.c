// SPDX-License-Identifier: MIT
/*
 * sluice bench - its command line.
 */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/arguments.h"
#include "tools/text/say.h"

#define IDLE_MAX	4095	/* a service has at most 4096 clients */
#define CLIENTS_MAX	4096
#define SERVERS_MAX	1024
#define DEPTH_MAX	1024	/* requests that a client may have pending */

static const char help_intro[] =
"usage: sluice bench [OPTION]...\n"
"\n"
"Measures round trips between two processes, each on a processor of its own, and\n"
"many messages at a time. In the same run, in turn in each round, it measures the\n"
"floors: what two processes do without Sluice. Polling is compared with processes\n"
"that exchange the lines of a message, sleeping with futexes through io_uring.\n"
"One process writes all bytes of a message, the other reads them.\n";

static const char help_rest[] =
"Client and server run on the two first processors allowed. ^C ends the run early\n"
"and prints its results. SLUICE_WAIT=socket measures the other way of waiting.\n"
"\n"
"System calls are counted in a round that is not timed, by root or with CAP_BPF\n"
"and CAP_PERFMON. Otherwise, take the difference between two runs:\n"
"\n"
"  strace -f -c sluice bench --only combined --rounds 1 --trips 10000\n"
"  strace -f -c sluice bench --only combined --rounds 1 --trips 20000\n"
"\n"
"The second makes 12500 round trips more: a quarter of the trips is made once\n"
"more to be timed one by one. Other examples:\n"
"\n"
"  sluice bench --clients 1,10,100,1000 --servers 1,4,16\n"
"  sluice bench --idle 1000 --idle-processes 10\n"
"  taskset -c 2,4 sluice bench --rounds 50 --plot bench.svg\n";

enum {
	SIZE = 256, SIZES, DEPTH, CLIENTS, SERVERS, IDLE, IDLE_PROCESSES, SETTING_UP,
	ROUNDS, TRIPS, ONLY, JSON, PLOT,
};

static const struct verb_option long_options[] = {
	{ "size", SIZE, "BYTES", "size of each message, a multiple of 8 (64)" },
	{ "sizes", SIZES, NULL, "measure also messages of 8 B to 64 MiB, polling" },
	{ "depth", DEPTH, "N", "requests under way at a time, when many are (32)" },
	{ "clients", CLIENTS, "N,...", "measure also so many clients, all active" },
	{ "servers", SERVERS, "N,...",
	  "and so many servers for them; either one alone has 1 of the other" },
	{ "idle", IDLE, "N",
	  "measure also with N idle clients connected and with none, and the cost "
	  "of each idle client" },
	{ "idle-processes", IDLE_PROCESSES, "M", "spread them over M processes (1)" },
	{ "setting-up", SETTING_UP, NULL,
	  "measure also what it costs to begin, and how memory grows, in fresh "
	  "processes" },
	{ "rounds", ROUNDS, "N", "number of rounds for the medians (20)" },
	{ "trips", TRIPS, "N", "round trips of each thing in a round (2000)" },
	{ "only", ONLY, "KEY,...",
	  "of cache_line, payload_line, futex, uring_futex, seqpacket, pipe, "
	  "spinning, adaptive, separate, combined, pipelined, pipelined_batch, "
	  "pipelined_sleeping, stream; not of what other options add" },
	{ "json", JSON, NULL, "print an object; man sluice-bench describes it" },
	{ "plot", PLOT, "FILE.svg", "draw the figures with gnuplot; includes --sizes" },
	HELP_OPTION,
	{ 0 },
};

/* A number that ends where @end is then. */
static bool leading_number(const char *text, unsigned long most, unsigned long *ret_value,
			   char **ret_end)
{
	errno = 0;
	*ret_value = strtoul(text, ret_end, 10);
	return *text >= '0' && *text <= '9' && !errno && *ret_value >= 1 && *ret_value <= most;
}

static bool number(const char *text, unsigned long most, unsigned int *ret_value)
{
	unsigned long value;
	char *end;

	if (!leading_number(text, most, &value, &end) || *end)
		return false;
	*ret_value = (unsigned int)value;
	return true;
}

static bool take_size(const char *text, size_t *ret_size)
{
	unsigned int size;

	if (!number(text, SIZE_LIMIT, &size) || size % WORD)
		return false;
	*ret_size = size;
	return true;
}

/* Different numbers, since each is measured once. */
static bool take_numbers(const char *text, unsigned long most, struct numbers *ret_numbers)
{
	struct numbers numbers = { .count = 0 };
	unsigned long value;
	char *end;

	do {
		if (numbers.count == NUMBERS_MAX || !leading_number(text, most, &value, &end))
			return false;
		for (unsigned int i = 0; i < numbers.count; i++)
			if (numbers.value[i] == value)
				return false;
		numbers.value[numbers.count++] = (unsigned int)value;
		text = end + 1;
	} while (*end == ',');
	*ret_numbers = numbers;
	return !*end;
}

/* False if the value is none. */
static bool set_option(struct bench_options *options, int option)
{
	switch (option) {
	case SIZE:
		return take_size(optarg, &options->size);
	case DEPTH:
		return number(optarg, DEPTH_MAX, &options->depth);
	case CLIENTS:
		return take_numbers(optarg, CLIENTS_MAX, &options->clients);
	case SERVERS:
		return take_numbers(optarg, SERVERS_MAX, &options->servers);
	case IDLE:
		return number(optarg, IDLE_MAX, &options->idle);
	case IDLE_PROCESSES:
		return number(optarg, IDLE_MAX, &options->idle_processes);
	case ROUNDS:
		return number(optarg, 10000, &options->rounds);
	case TRIPS:
		return number(optarg, 1000000, &options->trips);
	case ONLY:
		options->only = optarg;
		return things_known(optarg);
	case PLOT:
		options->plot = optarg;
		return *optarg;
	case SIZES:
		options->sizes = true;
		break;
	case SETTING_UP:
		options->setting_up = true;
		break;
	case JSON:
		options->json = true;
		break;
	}
	return true;
}

static bool take(void *context, int option, char *value)
{
	(void)value;
	return set_option(context, option);
}

/* What follows from options that were given, for those that were not. */
static void complete(struct bench_options *options)
{
	const struct numbers one = { .value = { 1 }, .count = 1 };

	if (options->idle && !options->idle_processes)
		options->idle_processes = 1;
	if (options->clients.count && !options->servers.count)
		options->servers = one;
	if (options->servers.count && !options->clients.count)
		options->clients = one;
	if (options->plot)
		options->sizes = true;
}

int bench_parse(int argc, char **argv, struct bench_options *options)
{
	const struct arguments arguments = {
		.verb = "bench", .intro = help_intro, .options = long_options, .rest = help_rest,
		.argc = argc, .argv = argv,
	};
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, options);
	if (r)
		return r;
	if (optind < argc)
		return say_wrong("bench", "there are no arguments such as %s", argv[optind]);
	if (options->idle_processes > options->idle)
		return say_wrong("bench", "--idle-processes needs at least as many --idle clients");
	complete(options);
	return 0;
}
