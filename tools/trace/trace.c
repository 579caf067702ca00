// SPDX-License-Identifier: MIT
/*
 * sluice trace - what processes that use Sluice do, seen from inside the kernel
 *
 * A run has this course in every mode.  The program is loaded with the filters.  The files
 * with our probes are watched, then the existing ports are looked up, then the command
 * begins, if there is one.  Records are handled until the end.  Everything is detached, and
 * the rest of the ring buffer is handled too.  The mode prints its results, and then how
 * many events were seen and lost, and what they cost.
 *
 * Nothing here waits for a reader, and no part of the end takes longer than ending.c
 * permits.  So the tracer ends soon when it is told to, however fast events come.
 *
 * A tracer that is killed leaves nothing behind: the kernel detaches its programs.
 */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "complaints.h"
#include "cost.h"
#include "ending.h"
#include "loader.h"
#include "output.h"
#include "pcapng.h"
#include "perfetto.h"
#include "ports.h"
#include "process_ports.h"
#include "processes.h"
#include "read.h"
#include "replay.h"
#include "summary.h"
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

/* ---- Its output ---- */

static struct output *open_output(const struct output_file *file, size_t unit)
{
	struct output *output = output_open(file, unit);

	if (!output)
		trace_complain("%s: %s", file->path ? file->path : "standard output", strerror(errno));
	return output;
}

/* stdout prints to an output from here on. */
static int open_outputs(struct trace *trace)
{
	const struct trace_options *options = &trace->options;
	const char *path = options->capture ? options->capture : options->perfetto;
	const struct output_file out = {
		.path = options->output, .lines = true, .reserve = SUMMARY_MOST,
		.most = options->output ? options->max_size : 0, .files = options->files,
	};
	const struct output_file file = {
		.path = path, .most = options->max_size, .files = options->files,
		.reserve = options->perfetto ? PERFETTO_RESERVE : 0,
	};

	if (path)
		trace->file = open_output(&file, PCAPNG_UNIT + options->snap);
	if (path && !trace->file)
		return -1;
	trace->out = open_output(&out, 0);
	if (!trace->out)
		return -1;
	stdout = output_stream(trace->out);
	return 0;
}

static void close_outputs(struct trace *trace, FILE *before)
{
	stdout = before;
	output_close(trace->out);
	output_close(trace->file);
}

/* ---- The processes to watch ---- */

/*
 * Watches the libsluice.so that programs will load: the one beside this command, or the
 * installed one.
 */
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

static void try_file(void *context, const char *path)
{
	processes_try_file(context, path);
}

/* Its own file, and the libraries that it will load. */
static void watch_command(struct processes *processes, const char *name)
{
	char *path = command_path(name);

	if (path)
		processes_try_file(processes, path);
	loader_each(path, try_file, processes);
	free(path);
}

static int watch_pids(struct trace *trace, struct processes *processes)
{
	for (unsigned int i = 0; i < trace->options.pids; i++) {
		if (processes_watch_pid(processes, trace->options.pid[i]) < 0)
			return -1;
		process_ports_learn(trace, trace->options.pid[i]);
	}
	return 0;
}

static int watch(struct trace *trace, struct processes *processes, const struct command *command)
{
	const struct trace_options *options = &trace->options;

	if (options->pids)
		return watch_pids(trace, processes);
	watch_library(processes);
	for (unsigned int i = 0; i < options->files_named; i++)
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

static bool has_shown_all(const struct trace *trace)
{
	return trace->options.limit && trace->shown >= trace->options.limit;
}

/* Further output would be useless; but a command goes on. */
static bool has_failed(const struct trace *trace)
{
	return !trace->options.command && (output_error(trace->out) ||
					   (trace->file && output_error(trace->file)));
}

/* A user or an option wants it to end; or it is in vain. */
static bool is_told(const struct trace *trace, int64_t begun)
{
	const struct trace_options *options = &trace->options;

	return interrupted || has_shown_all(trace) || has_failed(trace) ||
	       (options->duration && trace_now() - begun >= options->duration) ||
	       output_is_at_limit(trace->out) || (trace->file && output_is_at_limit(trace->file));
}

/* The watched processes have ended. */
static bool is_enough(const struct trace *trace, struct command *command)
{
	return trace->options.command ? command_ended(command) : have_ended(&trace->options);
}

/* Handles some records, or waits for some, or for room to print them.  True: there are more. */
static bool take_turn(struct trace *trace, int milliseconds)
{
	bool more = true;

	if (output_is_full(trace->out))
		output_await(trace->out, milliseconds);
	else if (trace->file && output_is_full(trace->file))
		output_await(trace->file, milliseconds);
	else
		more = tracer_poll(trace->tracer, milliseconds);
	output_push(trace->out);
	if (trace->file)
		output_push(trace->file);
	return more;
}

/* True if it was told to end. */
static bool follow(struct trace *trace, struct processes *processes, struct command *command)
{
	int64_t begun = trace_now(), looked = begun;

	while (!is_told(trace, begun)) {
		if (is_enough(trace, command))
			return false;
		take_turn(trace, POLL_MS);
		if (trace->options.pids || trace_now() - looked < LOOK_NS)
			continue;
		looked = trace_now();
		processes_look(processes);
	}
	return true;
}

/*
 * Handles the records that have come, as long as there is time.  How many events there was
 * no time for.
 */
static uint64_t handle_rest(struct trace *trace)
{
	uint64_t rest;

	while (!has_shown_all(trace) && ending_has_time(ENDING_RECORDS) && take_turn(trace, 0))
		;
	rest = tracer_discard(trace->tracer);
	return has_shown_all(trace) ? 0 : rest;
}

static int status_of(const struct trace *trace, const struct command *command)
{
	if (!trace->options.command)
		return 0;
	return WIFEXITED(command->status) ? WEXITSTATUS(command->status) : 1;
}

/* A command that uses the library hits a probe. */
static int check_hits(const struct trace *trace)
{
	if (!trace->options.command || tracer_any_hit(trace->tracer))
		return 0;
	return trace_complain("nothing was watched: neither the command nor its children have run a file with probes that was known in time; --exe names one");
}

static int finish(struct trace *trace, struct command *command, bool told)
{
	struct summary summary = { .trap = trace->trap };
	int r = 0, status;

	ending_begin(told);
	summary_read(&summary, trace);
	if (!command_end(command))
		r = trace_complain("process %d does not end; it is not watched any more", command->pid);
	tracer_stop(trace->tracer);
	summary.unhandled = handle_rest(trace);
	summary_read(&summary, trace);
	output_settle(trace->out, ENDING_EVENTS);
	output_begin_report(trace->out);
	if (trace->mode->end(trace) < 0)
		r = -1;
	if (trace->file)
		output_settle(trace->file, ENDING_REPORT);
	if (trace->options.json)
		summary_print_json(&summary, trace);
	output_settle(trace->out, ENDING_ALL);
	if (summary_print(&summary, trace) < 0)
		r = -1;
	ending_last_words("");
	status = status_of(trace, command);
	return r < 0 || (check_hits(trace) < 0 && !status) ? 1 : status;
}

static int run_with(struct trace *trace, struct processes *processes, struct command *command)
{
	if (watch(trace, processes, command) < 0)
		return 1;
	fprintf(stderr, "sluice trace: watching%s\n", processes_any(processes) ? "" :
		"; nothing that uses Sluice has been found yet");
	if (trace->options.command)
		command_go(command);
	return finish(trace, command, follow(trace, processes, command));
}

static int run(struct trace *trace)
{
	struct command command = { .go = -1 };
	struct processes *processes;
	int status = 1, r;

	trace->tracer = tracer_create(trace);
	if (!trace->tracer || open_outputs(trace) < 0 || trace->mode->begin(trace) < 0)
		return 1;
	trace->trap = cost_of_trap();
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
	FILE *before;
	int r;

	if (argc > 1 && !strcmp(argv[1], "replay"))
		return trace_replay(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "read"))
		return trace_read(argc - 1, argv + 1);
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
	before = stdout;
	complaints_begin();
	trace.ports = ports_create();
	trace.symbols = symbols_create();
	/* A process that ended before it was looked at can have our C library only. */
	symbols_learn_process(trace.symbols, getpid());
	r = trace.ports && trace.symbols ? run(&trace) : 1;
	close_outputs(&trace, before);
	tracer_destroy(trace.tracer);
	symbols_destroy(trace.symbols);
	ports_destroy(trace.ports);
	complaints_end();
	return r;
}
