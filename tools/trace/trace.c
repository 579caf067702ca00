// SPDX-License-Identifier: MIT
/*
 * sluice trace - what processes that use Sluice do, seen from inside the kernel
 *
 * A run has this course, whatever the mode: the program is loaded with the filters; the
 * files are watched that have our probes, then the ports are looked up that are there
 * already, then the command begins, if there is one; records are handled until it is
 * enough; everything is detached, what is left in the ring buffer is handled too; the mode
 * prints what it has, and then how much was seen, lost and paid.
 *
 * A tracer that is killed leaves nothing behind: the kernel detaches what it held.
 */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "command.h"
#include "cost.h"
#include "ports.h"
#include "processes.h"
#include "replay.h"
#include "symbols.h"
#include "tools/interrupt.h"
#include "tools/verbs.h"
#include "tracer.h"

#define POLL_MS		10
#define LOOK_NS		(SECOND_NS / 10)

static const struct trace_mode *const modes[] = {
	&mode_events, &mode_latency, &mode_leaks, &mode_grow, &mode_capture,
};

#define MODES	(sizeof(modes) / sizeof(modes[0]))

int64_t trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* ---- Whom to watch ---- */

/* Where libsluice.so may be that programs will load: beside us, or where it is installed. */
static void watch_library(struct processes *processes)
{
	static const char *const places[] = {
		"../lib/libsluice.so.0", "/usr/local/lib/libsluice.so.0",
		"/usr/lib/libsluice.so.0", "/usr/lib/x86_64-linux-gnu/libsluice.so.0",
		"/usr/lib/aarch64-linux-gnu/libsluice.so.0",
	};
	char self[4096], path[8192];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	self[n > 0 ? n : 0] = 0;
	if (strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i][0] == '/')
			snprintf(path, sizeof(path), "%s", places[i]);
		else
			snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		if (access(path, R_OK) == 0)
			(void)!processes_watch_file(processes, path);
	}
}

/* A command that is a script, or loads the library, has no probes of its own. */
static void watch_command(struct processes *processes, const char *name)
{
	char *path = command_path(name);

	if (path)
		processes_try_file(processes, path);
	free(path);
}

static int watch_pids(struct trace *trace, struct processes *processes)
{
	for (unsigned int i = 0; i < trace->options.pids; i++) {
		if (processes_watch_pid(processes, trace->options.pid[i]) < 0)
			return -1;
		processes_learn_ports(trace, trace->options.pid[i]);
	}
	return 0;
}

static int watch(struct trace *trace, struct processes *processes, const struct command *command)
{
	const struct trace_options *options = &trace->options;

	if (options->pids)
		return watch_pids(trace, processes);
	watch_library(processes);
	for (unsigned int i = 0; i < options->files; i++)
		if (processes_watch_file(processes, options->file[i]) < 0)
			return -1;
	if (options->command) {
		watch_command(processes, options->command[0]);
		tracer_admit(trace->tracer, command->pid);
	}
	processes_look(processes);
	return 0;
}

/* ---- The course of a run ---- */

static bool have_ended(const struct trace_options *options)
{
	for (unsigned int i = 0; i < options->pids; i++)
		if (kill(options->pid[i], 0) == 0 || errno != ESRCH)
			return false;
	return options->pids > 0;
}

static bool is_enough(const struct trace *trace, int64_t begun, struct command *command)
{
	const struct trace_options *options = &trace->options;

	return interrupted || (options->limit && trace->shown >= options->limit) ||
	       (options->duration && trace_now() - begun >= options->duration) ||
	       (options->command && command_ended(command)) || have_ended(options) ||
	       ferror(stdout);
}

static void follow(struct trace *trace, struct processes *processes, struct command *command)
{
	int64_t begun = trace_now(), looked = begun;

	while (!is_enough(trace, begun, command)) {
		tracer_poll(trace->tracer, POLL_MS);
		if (trace->options.pids || trace_now() - looked < LOOK_NS)
			continue;
		looked = trace_now();
		processes_look(processes);
	}
}

/* How much was seen, lost and paid.  The status that --strict makes of it. */
static int sum_up(const struct trace *trace)
{
	uint64_t probes = trace->options.probes ? trace->options.probes : trace->mode->probes;
	struct counts counts = tracer_counts(trace->tracer, probes);
	double trap = cost_of_trap(), own = 0;
	uint64_t ns, runs;
	json_t *line;

	tracer_time(trace->tracer, &ns, &runs);
	if (runs)
		own = (double)ns / (double)runs;
	fprintf(stderr, "sluice trace: %llu events seen, %llu lost; each cost its process about %.1f us, %.1f us of it in the program\n",
		(unsigned long long)counts.seen, (unsigned long long)counts.lost,
		(trap + own) / 1000, own / 1000);
	if (trace->options.json) {
		line = json_pack("{s:{s:I, s:I, s:f, s:f}}", "summary", "seen",
				 (json_int_t)counts.seen, "lost", (json_int_t)counts.lost,
				 "cost_ns", trap + own, "program_ns", own);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	}
	return counts.lost && trace->options.strict;
}

static int status_of(const struct trace *trace, const struct command *command)
{
	if (!trace->options.command)
		return 0;
	return WIFEXITED(command->status) ? WEXITSTATUS(command->status) : 1;
}

static int run_with(struct trace *trace, struct processes *processes, struct command *command)
{
	int r, strict;

	if (watch(trace, processes, command) < 0)
		return 1;
	fprintf(stderr, "sluice trace: watching%s\n", processes_any(processes) ? "" :
		"; nothing that uses Sluice has been found yet");
	if (trace->options.command)
		command_go(command);
	follow(trace, processes, command);
	command_end(command);
	tracer_stop(trace->tracer);
	tracer_poll(trace->tracer, 0);
	r = trace->mode->end(trace);
	strict = sum_up(trace);
	if (fflush(stdout) || ferror(stdout))
		r = trace_complain("cannot write: %s", strerror(errno));
	return r < 0 || strict ? 1 : status_of(trace, command);
}

static int run(struct trace *trace)
{
	struct command command = { .go = -1 };
	struct processes *processes;
	int status = 1, r;

	trace->tracer = tracer_create(trace);
	if (!trace->tracer || trace->mode->begin(trace) < 0)
		return 1;
	r = trace->options.command ? command_prepare(&command, trace->options.command) : 0;
	if (r < 0) {
		trace_complain("cannot make a process: %s", strerror(-r));
		return 1;
	}
	processes = processes_create(trace);
	if (processes)
		status = run_with(trace, processes, &command);
	command_end(&command);
	processes_destroy(processes);
	return status;
}

/* ---- The verb ---- */

static const struct trace_mode *find_mode(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (!strcmp(modes[i]->name, name))
			return modes[i];
	return NULL;
}

int verb_trace(int argc, char **argv)
{
	struct trace trace = { .mode = &mode_events };
	const struct trace_mode *named;
	int r;

	if (argc > 1 && !strcmp(argv[1], "replay"))
		return trace_replay(argc - 1, argv + 1);
	named = argc > 1 ? find_mode(argv[1]) : NULL;
	if (!named && argc > 1 && argv[1][0] != '-') {
		trace_complain("there is no mode \"%s\"\nsluice trace --help lists them.", argv[1]);
		return 2;
	}
	if (named) {
		trace.mode = named;
		argc--;
		argv++;
	}
	r = options_parse(&trace.options, trace.mode->name, argc, argv);
	if (r)
		return r < 0 ? 0 : r;
	interrupt_catch(NULL);
	trace.ports = ports_create();
	trace.symbols = symbols_create();
	/* The C library of those that have gone before they were looked at is ours. */
	symbols_learn_process(trace.symbols, getpid());
	r = trace.ports && trace.symbols ? run(&trace) : 1;
	tracer_destroy(trace.tracer);
	symbols_destroy(trace.symbols);
	ports_destroy(trace.ports);
	return r;
}
