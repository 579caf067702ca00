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
#define WRONG		2

const char bench_help[] =
"usage: sluice bench [OPTION]...\n"
"\n"
"Measures round trips between two processes: sleeping, spinning, and both. In the\n"
"same run, in turn in each round, it measures what they are compared with: two\n"
"processes that share a page, and wake each other through io_uring or futex(2),\n"
"or exchange a cache line. Sleeping is compared with io_uring, spinning with the\n"
"cache line. One process writes all bytes of a message, the other reads them.\n"
"\n"
"  --size BYTES          size of each message, a multiple of 64 (64)\n"
"  --sizes               measure also messages of 64 B to 1 MiB, spinning\n"
"  --rounds N            number of rounds for the medians (20)\n"
"  --trips N             round trips of each thing in a round (2000)\n"
"  --idle N              measure also with N idle clients connected and with\n"
"                        none, and the cost of each idle client\n"
"  --idle-processes M    spread them over M processes (1)\n"
"  --only KEY,...        of uring_futex, futex, cache_line, separate, combined,\n"
"                        spinning, adaptive; not of what --idle and --sizes add\n"
"  --json                print an object; man sluice-bench describes it\n"
"  -h, --help\n"
"\n"
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
"  sluice bench --idle 1000 --idle-processes 10\n"
"  taskset -c 2,4 sluice bench --sizes --rounds 50\n";

static bool number(const char *text, unsigned long least, unsigned long most,
		   unsigned long *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno &&
	       *ret_value >= least && *ret_value <= most;
}

enum { SIZE = 256, SIZES, ROUNDS, TRIPS, IDLE, IDLE_PROCESSES, ONLY, JSON };

static const struct option long_options[] = {
	{ "size", required_argument, NULL, SIZE },
	{ "sizes", no_argument, NULL, SIZES },
	{ "rounds", required_argument, NULL, ROUNDS },
	{ "trips", required_argument, NULL, TRIPS },
	{ "idle", required_argument, NULL, IDLE },
	{ "idle-processes", required_argument, NULL, IDLE_PROCESSES },
	{ "only", required_argument, NULL, ONLY },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, BENCH_HELP },
	{ 0 },
};

/* False if the value is none. */
static bool set_option(struct bench_options *options, int option)
{
	unsigned long value = 0;
	bool good = true;

	switch (option) {
	case SIZE:
		good = number(optarg, LINE, SIZE_LIMIT, &value) && value % LINE == 0;
		options->size = value;
		break;
	case ROUNDS:
		good = number(optarg, 1, 10000, &value);
		options->rounds = (unsigned int)value;
		break;
	case TRIPS:
		good = number(optarg, 1, 1000000, &value);
		options->trips = (unsigned int)value;
		break;
	case IDLE:
		good = number(optarg, 1, IDLE_MAX, &value);
		options->idle = (unsigned int)value;
		break;
	case IDLE_PROCESSES:
		good = number(optarg, 1, IDLE_MAX, &value);
		options->idle_processes = (unsigned int)value;
		break;
	case ONLY:
		good = things_known(optarg);
		options->only = optarg;
		break;
	case SIZES:
		options->sizes = true;
		break;
	case JSON:
		options->json = true;
		break;
	}
	return good;
}

static int take_all(const struct arguments *arguments, struct bench_options *options)
{
	int option;

	arguments_begin();
	while ((option = arguments_next(arguments)) != -1) {
		if (option == BENCH_HELP)
			return BENCH_HELP;
		if (option == '?')
			return WRONG;
		if (!set_option(options, option))
			return arguments_refuse(arguments, option);
	}
	return 0;
}

int bench_parse(int argc, char **argv, struct bench_options *options)
{
	const struct arguments arguments = {
		.verb = "bench", .options = long_options, .argc = argc, .argv = argv,
	};
	int r = take_all(&arguments, options);

	if (r)
		return r;
	if (optind < argc)
		return say_wrong("bench", "there are no arguments such as %s", argv[optind]);
	if (options->idle_processes && options->idle_processes > options->idle)
		return say_wrong("bench", "--idle-processes needs at least as many --idle clients");
	if (options->idle && !options->idle_processes)
		options->idle_processes = 1;
	return 0;
}
