// SPDX-License-Identifier: MIT
/*
 * sluice bench - how fast messages go round, beside what the machine can do
 *
 * The parent makes a private root directory, so that the run meets no other programs, and
 * starts a server and a client, each on a processor of its own.  It makes them set all
 * things up, and then run each of them, round by round.  At the end it prints what it has
 * collected.  An interrupt (^C) ends the rounds early; a second one ends everything.
 */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tools/trace/syscalls.h"

#include "tools/arguments.h"
#include "tools/private_root.h"
#include "tools/text/say.h"
#include "tools/verbs.h"

#define IDLE_MAX	4095	/* a service has at most 4096 clients */
#define WRONG		2

/*
 * On a busy machine a process that has spun is soon descheduled; the next thing must not
 * pay for that.
 */
#define REST_NS			(5 * 1000 * 1000)
#define SAME_INTERRUPT_NS	(INT64_C(200) * 1000 * 1000)

static const char help[] =
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

static volatile sig_atomic_t interrupts;

/* Resources to be released. */
struct run {
	struct bench_options options;
	struct things things;
	struct report report;
	struct idle idle;
	struct team team;
	struct answer *answers;
	char root[PRIVATE_ROOT];
};

/* A signal right after another one is the same signal: timeout(1) sends two. */
static void interrupted(int signal_number)
{
	static int64_t before;
	int64_t now = time_now();

	(void)signal_number;
	if (now - before > SAME_INTERRUPT_NS)
		interrupts = interrupts + 1;
	before = now;
}

/* ---- The command line ---------------------------------------------------- */

static bool number(const char *text, unsigned long least, unsigned long most,
		   unsigned long *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno &&
	       *ret_value >= least && *ret_value <= most;
}

enum { SIZE = 256, SIZES, ROUNDS, TRIPS, IDLE, IDLE_PROCESSES, ONLY, JSON, HELP = 'h' };

static const struct option long_options[] = {
	{ "size", required_argument, NULL, SIZE },
	{ "sizes", no_argument, NULL, SIZES },
	{ "rounds", required_argument, NULL, ROUNDS },
	{ "trips", required_argument, NULL, TRIPS },
	{ "idle", required_argument, NULL, IDLE },
	{ "idle-processes", required_argument, NULL, IDLE_PROCESSES },
	{ "only", required_argument, NULL, ONLY },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, HELP },
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
		if (option == HELP)
			return HELP;
		if (option == '?')
			return WRONG;
		if (!set_option(options, option))
			return arguments_refuse(arguments, option);
	}
	return 0;
}

/* 0; WRONG; or HELP if that was asked for. */
static int parse(int argc, char **argv, struct bench_options *options)
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

/* ---- Beginning and end --------------------------------------------------- */

/* The two first processors allowed, or one twice. */
static int choose_cpus(int cpu[2])
{
	cpu_set_t allowed;
	unsigned int found = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return complain("which processors may be used? %s", strerror(errno));
	for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
		if (CPU_ISSET((size_t)i, &allowed))
			cpu[found++ ? SERVER : CLIENT] = i;
	if (found < 2)
		cpu[SERVER] = cpu[CLIENT];
	return 0;
}

static int make_root(struct run *run)
{
	int r = private_root_make(run->root, "bench");

	return r < 0 ? complain("cannot make a directory in /tmp: %s", strerror(-r)) : 0;
}

static void catch_interrupts(void)
{
	const struct sigaction action = { .sa_handler = interrupted };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* What must exist before the children are started, so that they have it too. */
static int prepare(struct run *run)
{
	const struct bench_options *options = &run->options;
	unsigned int children = 2 + options->idle_processes, stamped = 0;
	struct report *report = &run->report;
	size_t size = options->size;

	if (choose_cpus(report->cpu) < 0)
		return -1;
	spin_share(report->cpu[CLIENT] == report->cpu[SERVER]);
	things_list(&run->things, options, report->cpu[CLIENT] == report->cpu[SERVER]);
	for (unsigned int i = 0; i < run->things.count; i++) {
		if (run->things.thing[i].size > size)
			size = run->things.thing[i].size;
		if (run->things.thing[i].stamped > stamped)
			stamped = run->things.thing[i].stamped;
	}
	report->options = options;
	report->things = &run->things;
	run->team.things = &run->things;
	run->team.interrupts = &interrupts;
	run->team.stamps = shared_memory(stamped * sizeof(*run->team.stamps));
	run->team.child = calloc(children, sizeof(*run->team.child));
	run->answers = calloc(children, sizeof(*run->answers));
	if (!run->team.stamps || !run->team.child || !run->answers)
		return complain("no memory");
	if (report_prepare(report) < 0 || floor_prepare(size) < 0 || make_root(run) < 0)
		return -1;
	return idle_descriptors(options->idle);
}

static int start(struct run *run)
{
	if (team_start(&run->team, "server", run->report.cpu[SERVER]) < 0 ||
	    team_start(&run->team, "client", run->report.cpu[CLIENT]) < 0)
		return -1;
	for (unsigned int i = 0; i < run->options.idle_processes; i++)
		if (team_start(&run->team, "process of idle clients", -1) < 0)
			return -1;
	return 0;
}

static void finish(struct run *run, bool at_once)
{
	team_end(&run->team, at_once);
	private_root_remove(run->root);
	free(run->team.child);
	free(run->answers);
}

/* ---- The course of it ---------------------------------------------------- */

/* The server first, so that the client meets it. */
static int set_up(struct run *run, unsigned int thing)
{
	const struct command command = { .order = SETUP, .thing = thing };
	struct result *result = &run->report.result[thing];

	for (enum side side = SERVER; side <= CLIENT; side++) {
		struct answer *answer = &run->answers[side];

		if (team_tell(&run->team, side, command) < 0 ||
		    team_hear(&run->team, run->answers) < 0)
			return -1;
		if (answer->status == UNAVAILABLE) {
			memcpy(result->unavailable, answer->why, sizeof(result->unavailable));
			things_without(&run->things, run->things.thing[thing].key);
			return 0;
		}
	}
	return 0;
}

static int set_up_all(struct run *run)
{
	const struct thing *crowded;

	for (unsigned int i = 0; i < run->things.count; i++) {
		if (interrupts)
			return complain("interrupted");
		if (set_up(run, i) < 0)
			return -1;
	}
	if (!run->options.idle)
		return 0;
	crowded = things_find(&run->things, "sleeping_crowded");
	run->idle.clients = run->options.idle;
	run->idle.processes = run->options.idle_processes;
	run->report.idle = &run->idle;
	return idle_connect(&run->team, (unsigned int)(crowded - run->things.thing), &run->idle);
}

/* 1; 0 if it cannot be had here; or -1. */
static int run_round(struct run *run, unsigned int thing)
{
	const struct command command = { .order = ROUND, .thing = thing };

	if (run->report.result[thing].unavailable[0])
		return 0;
	if (team_tell(&run->team, SERVER, command) < 0 ||
	    team_tell(&run->team, CLIENT, command) < 0 ||
	    team_hear(&run->team, run->answers) < 0)
		return -1;
	return 1;
}

static int measure(struct run *run, unsigned int thing)
{
	int r = run_round(run, thing);

	if (r > 0)
		report_round(&run->report, thing, run->answers[CLIENT].ns, run->team.stamps);
	return r < 0 ? r : 0;
}

static int measure_all(struct run *run)
{
	const struct timespec rest = { .tv_nsec = REST_NS };

	for (unsigned int round = 0; round < run->options.rounds; round++) {
		for (unsigned int i = 0; i < run->things.count && !interrupts; i++) {
			nanosleep(&rest, NULL);
			if (measure(run, i) < 0)
				return -1;
		}
	}
	run->report.interrupted = interrupts > 0;
	return 0;
}

/* One round more of each, with every system call passing the program that counts. */
static int count_calls(struct run *run)
{
	const pid_t pids[] = { run->team.child[SERVER].pid, run->team.child[CLIENT].pid };
	struct syscalls *syscalls = interrupts ? NULL : syscalls_begin(pids, 2);
	uint64_t before;
	int r = 0;

	run->report.counted = syscalls;
	for (unsigned int i = 0; syscalls && i < run->things.count && !r; i++) {
		before = syscalls_count(syscalls);
		r = run_round(run, i);
		if (r > 0)
			report_calls(&run->report, i, syscalls_count(syscalls) - before);
		r = r < 0 ? r : 0;
	}
	syscalls_end(syscalls);
	return r;
}

int verb_bench(int argc, char **argv)
{
	static struct run run = { .options = { .size = LINE, .rounds = 20, .trips = 2000 } };
	int r = parse(argc, argv, &run.options);

	if (r == HELP) {
		fputs(help, stdout);
		return 0;
	}
	if (r)
		return r;
	catch_interrupts();
	r = prepare(&run);
	if (r == 0)
		r = start(&run);
	if (r == 0)
		r = set_up_all(&run);
	if (r == 0)
		r = measure_all(&run);
	if (r == 0)
		r = count_calls(&run);
	finish(&run, r < 0);
	if (r < 0)
		say("bench", "%s", complaint());
	else if (run.options.json)
		report_print_json(&run.report);
	else
		report_print(&run.report);
	report_free(&run.report);
	return r < 0;
}
