// SPDX-License-Identifier: MIT
/*
 * sluice bench - how fast messages go round, beside what the machine can do
 *
 * The parent makes a private root directory, so that the run meets no other programs, and
 * starts a server and a client, each on a processor of its own.  It makes them set all
 * things up, and then run each of them, round by round.  At the end it prints what it has
 * collected.  What is measured in fresh processes (--setting-up) comes first, while there
 * is nothing else in the root directory.  An interrupt (^C) ends the rounds early; a second one ends everything.
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

#include "tools/private_root.h"
#include "tools/text/say.h"
#include "tools/trace/syscalls.h"
#include "tools/verbs.h"

/*
 * On a busy machine a process that has spun is soon descheduled; the next thing must not
 * pay for that.
 */
#define REST_NS			(5 * 1000 * 1000)
#define SAME_INTERRUPT_NS	(INT64_C(200) * 1000 * 1000)

static volatile sig_atomic_t interrupts;

/* Resources to be released. */
struct run {
	struct bench_options options;
	struct things things;
	struct report report;
	struct idle idle;
	struct setting_up up;
	FILE *plot;
	struct team team;
	struct answer *answers;
	unsigned int connections;	/* of what has been set up */
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

/* Connections of all that is to be measured. */
static unsigned int wanted_connections(const struct run *run)
{
	unsigned int count = run->options.idle;

	for (unsigned int i = 0; i < run->things.count; i++)
		if (run->things.thing[i].part == WITH_MANY)
			count += run->things.thing[i].clients * run->things.thing[i].servers;
	return count;
}

/* What the children share with the parent or with each other. */
static int prepare_memory(struct run *run)
{
	unsigned int children = 2 + run->options.idle_processes, stamped = 0;
	size_t size = 0;

	for (unsigned int i = 0; i < run->things.count; i++) {
		if (run->things.thing[i].size > size)
			size = run->things.thing[i].size;
		if (run->things.thing[i].stamped > stamped)
			stamped = run->things.thing[i].stamped;
	}
	run->team.stamps = shared_memory(stamped * sizeof(*run->team.stamps));
	run->team.child = calloc(children, sizeof(*run->team.child));
	run->answers = calloc(children, sizeof(*run->answers));
	if (!run->team.stamps || !run->team.child || !run->answers)
		return complain("no memory");
	return floor_prepare(size);
}

/* What must exist before the children are started, so that they have it too. */
static int prepare(struct run *run)
{
	struct report *report = &run->report;

	if (run->options.plot && plot_prepare(run->options.plot, &run->plot) < 0)
		return -1;
	if (choose_cpus(report->cpu) < 0)
		return -1;
	spin_share(report->cpu[CLIENT] == report->cpu[SERVER]);
	things_list(&run->things, &run->options, report->cpu[CLIENT] == report->cpu[SERVER]);
	report->options = &run->options;
	report->things = &run->things;
	run->team.things = &run->things;
	run->team.interrupts = &interrupts;
	if (prepare_memory(run) < 0 || report_prepare(report) < 0 ||
	    floor_file_prepare() < 0 || make_root(run) < 0)
		return -1;
	return idle_descriptors(wanted_connections(run));
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

static int set_up_fresh(struct run *run)
{
	if (!run->options.setting_up)
		return 0;
	run->report.up = &run->up;
	return setting_up_measure(&run->up, run->options.rounds, run->report.cpu, &interrupts);
}

/* 0; 1 if it is not available; or -1. */
static int set_up_side(struct run *run, unsigned int thing, enum side side)
{
	const struct command command = { .order = SETUP, .thing = thing };
	struct answer *answer = &run->answers[side];

	if (team_tell(&run->team, side, command) < 0 ||
	    team_hear(&run->team, run->answers) < 0)
		return -1;
	if (answer->status != UNAVAILABLE)
		return 0;
	memcpy(run->report.result[thing].unavailable, answer->why, sizeof(answer->why));
	things_without(&run->things, run->things.thing[thing].key);
	return 1;
}

/* The server first, so that the client meets it. */
static int set_up(struct run *run, unsigned int thing)
{
	int r = set_up_side(run, thing, SERVER);

	if (r == 0)
		r = set_up_side(run, thing, CLIENT);
	return r < 0 ? r : 0;
}

/* The server takes connections while the client makes them. */
static int set_up_many(struct run *run, unsigned int thing)
{
	const struct thing *what = &run->things.thing[thing];
	struct result *result = &run->report.result[thing];
	const struct command admit = {
		.order = ADMIT, .thing = thing, .count = what->clients * what->servers,
	};

	if (!idle_fits(run->options.idle + run->connections + admit.count)) {
		snprintf(result->unavailable, sizeof(result->unavailable),
			 "RLIMIT_NOFILE does not allow %u connections", admit.count);
		return 0;
	}
	run->connections += admit.count;
	if (set_up_side(run, thing, SERVER) < 0 ||
	    team_tell(&run->team, SERVER, admit) < 0)
		return -1;
	return set_up_side(run, thing, CLIENT);
}

static int set_up_all(struct run *run)
{
	const struct thing *crowded;

	for (unsigned int i = 0; i < run->things.count; i++) {
		if (interrupts)
			return complain("interrupted");
		if ((run->things.thing[i].part == WITH_MANY ? set_up_many : set_up)(run, i) < 0)
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

static int run_all(struct run *run)
{
	int r = prepare(run);

	if (r == 0)
		r = set_up_fresh(run);
	if (r == 0)
		r = start(run);
	if (r == 0)
		r = set_up_all(run);
	if (r == 0)
		r = measure_all(run);
	if (r == 0)
		r = count_calls(run);
	finish(run, r < 0);
	return r;
}

static int print(struct run *run)
{
	if (run->options.json)
		json_print(&run->report);
	else
		table_print(&run->report);
	return run->plot ? plot_draw(&run->report, run->plot) : 0;
}

int verb_bench(int argc, char **argv)
{
	static struct run run = {
		.options = { .size = LINE, .rounds = 20, .trips = 2000, .depth = 32 },
	};
	int r = bench_parse(argc, argv, &run.options);

	if (r)
		return r < 0 ? 0 : r;
	catch_interrupts();
	r = run_all(&run);
	if (r == 0)
		r = print(&run);
	if (r < 0)
		say("bench", "%s", complaint());
	report_free(&run.report);
	setting_up_free(&run.up);
	return r < 0;
}
