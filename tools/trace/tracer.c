// SPDX-License-Identifier: MIT
/*
 * The tracer's side of a program in the kernel.  The program is loaded from bytes in this
 * command, gets its settings through the map "settings", is attached to files, and is asked
 * for its records and counts.
 *
 * Links are descriptors.  So the kernel detaches them and lowers the semaphores of the
 * traced processes however this process ends.  Records come in the order in which their
 * room was taken; a record without room was counted as lost.
 *
 * Records may come faster than they can be handled.  So handling stops after a while, and
 * when the output cannot be written, and goes on when the tracer asks again.  The rest is
 * taken out and counted at the end.
 *
 * The tracer stops in two steps: it tells the program that nothing is wanted any more, and
 * then detaches it.  That takes some 20 ms for each file, in which the kernel waits for
 * processes that are in the program.  So threads do it, for all files at a time.
 */
#include "tracer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "ending.h"
#include "output.h"
#include "tools/interrupt.h"

#define LINKS_MAX	4096
#define THREADS		64

#define TURN_NS		(SECOND_NS / 100)	/* handling of records, at a time */
#define LOOK		8	/* records, from one look at the clock to the next */

/* The links that one of the threads closes: each THREADS-th of so many. */
struct closing {
	pthread_t thread;
	const int *link;
	unsigned int count;
};

struct tracer {
	struct trace *trace;
	struct bpf_object *object;
	struct bpf_link *fork;		/* of a traced command */
	struct ring_buffer *ring;
	int program, statistics;
	int ports, pids, counts;
	int link[LINKS_MAX];
	unsigned int links;
	struct closing closing[THREADS];
	unsigned int closers;
	int64_t turn;			/* handling ends then */
	unsigned int handled;
	bool more;			/* not all records that there were have been handled */
	bool discards;
	uint64_t discarded;
};

static int be_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN || !getenv("SLUICE_TRACE_DEBUG"))
		return 0;
	return vfprintf(stderr, format, arguments);
}

int tracer_map(const struct tracer *tracer, const char *name)
{
	return bpf_object__find_map_fd_by_name(tracer->object, name);
}

static uint64_t probes_asked_for(const struct trace *trace)
{
	return trace->options.probes ? trace->options.probes : trace->mode->probes;
}

/* Something else is to be done before the next record. */
static bool turn_is_over(struct tracer *tracer)
{
	const struct trace *trace = tracer->trace;

	if (output_is_full(trace->out) || (trace->file && output_is_full(trace->file)))
		return true;
	if (trace->options.limit && trace->shown >= trace->options.limit)
		return true;
	return ++tracer->handled % LOOK == 0 &&
	       (trace_now() > tracer->turn || !ending_has_time(ENDING_RECORDS));
}

static int handle_record(void *context, void *data, size_t size)
{
	const struct event_record *record = data;
	struct tracer *tracer = context;

	(void)size;
	if (tracer->discards) {
		tracer->discarded += record->kind != RECORD_PAYLOAD &&
				     probes_asked_for(tracer->trace) >> record->probe & 1;
		return 0;
	}
	tracer->trace->mode->record(tracer->trace, record);
	output_unit(tracer->trace->out, 1);
	tracer->more = turn_is_over(tracer);
	return tracer->more ? -EAGAIN : 0;
}

/* ---- Loading ---- */

static bool watches_some_only(const struct trace_options *options)
{
	return options->pids || options->command;
}

static int tell_settings(struct tracer *tracer, bool stopped)
{
	const struct trace_options *options = &tracer->trace->options;
	struct settings settings = {
		.only_pids = watches_some_only(options),
		.port = options->port,
		.least_bytes = tracer->trace->mode == &mode_leaks ? 0 : options->least_bytes,
		.least_ns = options->least_ns,
		.slow_ns = options->slow_ns,
		.totals = options->totals,
		.stopped = stopped,
		.snap = options->snap,
		.ring_bytes = options->buffer,
	};
	const char *service = options->service;
	uint32_t zero = 0;

	probe_shapes(settings.shape);
	if (service) {
		settings.only_services = 1;
		settings.service_length = (uint32_t)strlen(service);
		if (settings.service_length && service[settings.service_length - 1] == '*') {
			settings.service_prefix = 1;
			settings.service_length--;
		}
		memcpy(settings.service, service, settings.service_length);
	}
	return bpf_map_update_elem(tracer_map(tracer, "settings"), &zero, &settings, BPF_ANY);
}

static int find_parts(struct tracer *tracer)
{
	struct bpf_program *program = bpf_object__find_program_by_name(tracer->object, "on_probe");

	tracer->program = bpf_program__fd(program);
	tracer->ports = tracer_map(tracer, "ports");
	tracer->pids = tracer_map(tracer, "pids");
	tracer->counts = tracer_map(tracer, "counts");
	tracer->ring = ring_buffer__new(tracer_map(tracer, "ring"), handle_record, tracer, NULL);
	return tracer->ring ? 0 : -errno;
}

static int load(struct tracer *tracer)
{
	const struct trace_options *options = &tracer->trace->options;
	struct bpf_program *program, *fork;
	const void *bytes;
	size_t size;
	int r;

	bytes = tracer->trace->mode->program(&size);
	tracer->object = bpf_object__open_mem(bytes, size, NULL);
	if (!tracer->object)
		return -errno;
	program = bpf_object__find_program_by_name(tracer->object, "on_probe");
	bpf_program__set_expected_attach_type(program,
					      (enum bpf_attach_type)ATTACH_TYPE_UPROBE_MULTI);
	fork = bpf_object__find_program_by_name(tracer->object, "on_fork");
	bpf_program__set_autoload(fork, options->command != NULL);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(tracer->object, "ring"),
				 options->buffer);
	r = bpf_object__load(tracer->object);
	if (r < 0)
		return r;
	if (options->command) {
		tracer->fork = bpf_program__attach(fork);
		if (!tracer->fork)
			return -errno;
	}
	r = tell_settings(tracer, false);
	return r < 0 ? r : find_parts(tracer);
}

/* Bits of the capabilities in /proc/self/status. */
#define CAPABILITY_PERFMON	38
#define CAPABILITY_BPF		39

static bool may_trace(void)
{
	unsigned long long effective = 0;
	char line[256];
	FILE *status;

	if (geteuid() == 0)
		return true;
	status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	if (status)
		fclose(status);
	return effective >> CAPABILITY_PERFMON & effective >> CAPABILITY_BPF & 1;
}

static void say_why(int error)
{
	if (error == EPERM && !may_trace())
		trace_complain("tracing needs root, or the capabilities CAP_BPF and CAP_PERFMON");
	else
		trace_complain("the kernel does not take the program (%s); Linux 6.6 or later is needed",
			 strerror(error));
}

struct tracer *tracer_create(struct trace *trace)
{
	struct tracer *tracer;
	int r;

	if (!may_trace()) {
		say_why(EPERM);
		return NULL;
	}
	tracer = calloc(1, sizeof(*tracer));
	if (!tracer) {
		trace_complain("no memory");
		return NULL;
	}
	tracer->trace = trace;
	libbpf_set_print(be_quiet);
	/* If this fails, the time that the programs take is unknown, and nothing else. */
	tracer->statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	r = load(tracer);
	if (r < 0) {
		say_why(-r);
		tracer_destroy(tracer);
		return NULL;
	}
	return tracer;
}

/* ---- Watching ---- */

int tracer_watch(struct tracer *tracer, int file, const struct places *places, pid_t pid)
{
	const struct trace *trace = tracer->trace;
	uint64_t probes = probes_asked_for(trace) | PROBES_OF_PORTS;
	char path[64];
	int fd;

	/* The kernel wants a name; by this one it gets the very file, whatever its own is. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (tracer->links == LINKS_MAX)
		return -ENOSPC;
	fd = attach(tracer->program, path, places, probes, pid);
	if (fd < 0)
		return fd;
	tracer->link[tracer->links++] = fd;
	return 0;
}


static void *close_some(void *context)
{
	const struct closing *closing = context;

	for (unsigned int i = 0; i < closing->count; i += THREADS)
		close(closing->link[i]);
	return NULL;
}

void tracer_stop(struct tracer *tracer)
{
	struct closing *closing;

	tell_settings(tracer, true);
	for (unsigned int i = 0; i < THREADS && i < tracer->links; i++) {
		closing = &tracer->closing[tracer->closers];
		*closing = (struct closing){ .link = &tracer->link[i], .count = tracer->links - i };
		if (pthread_create(&closing->thread, NULL, close_some, closing))
			close_some(closing);
		else
			tracer->closers++;
	}
	tracer->links = 0;
}


void tracer_destroy(struct tracer *tracer)
{
	if (!tracer)
		return;
	if (tracer->ring)
		tracer_stop(tracer);
	while (tracer->closers)
		pthread_join(tracer->closing[--tracer->closers].thread, NULL);
	bpf_link__destroy(tracer->fork);
	ring_buffer__free(tracer->ring);
	bpf_object__close(tracer->object);
	if (tracer->statistics >= 0)
		close(tracer->statistics);
	free(tracer);
}

int tracer_admit(struct tracer *tracer, pid_t pid)
{
	uint32_t key = (uint32_t)pid;

	return bpf_map_update_elem(tracer->pids, &key, &key, BPF_ANY);
}

bool tracer_admitted(const struct tracer *tracer, pid_t pid)
{
	uint32_t key = (uint32_t)pid, value;

	return bpf_map_lookup_elem(tracer->pids, &key, &value) == 0;
}

bool tracer_any_hit(const struct tracer *tracer)
{
	uint32_t pid, *before = NULL, value;

	while (bpf_map_get_next_key(tracer->pids, before, &pid) == 0) {
		if (bpf_map_lookup_elem(tracer->pids, &pid, &value) == 0 && value == PID_HIT)
			return true;
		before = &pid;
	}
	return false;
}

void tracer_tell_port(struct tracer *tracer, uint64_t port, const struct port_entry *entry)
{
	/* An entry that the program has made itself is newer. */
	bpf_map_update_elem(tracer->ports, &port, entry, BPF_NOEXIST);
}

bool tracer_poll(struct tracer *tracer, int milliseconds)
{
	bool had_more = tracer->more;

	tracer->turn = trace_now() + TURN_NS;
	tracer->more = false;
	if (!had_more)
		ring_buffer__poll(tracer->ring, milliseconds);
	if (!tracer->more)
		ring_buffer__consume(tracer->ring);
	return tracer->more;
}

uint64_t tracer_discard(struct tracer *tracer)
{
	tracer->discards = true;
	ring_buffer__consume(tracer->ring);
	return tracer->discarded;
}

/* ---- Costs and losses ---- */

struct counts tracer_counts(const struct tracer *tracer, uint64_t probes)
{
	int processors = libbpf_num_possible_cpus();
	struct counts sum = { 0 };
	struct counts *each;

	each = processors > 0 ? calloc((size_t)processors, sizeof(*each)) : NULL;
	for (uint32_t i = 0; each && i < SLUICE_TRACE_COUNT; i++) {
		if (!(probes >> i & 1) || bpf_map_lookup_elem(tracer->counts, &i, each) < 0)
			continue;
		for (int cpu = 0; cpu < processors; cpu++) {
			sum.seen += each[cpu].seen;
			sum.lost += each[cpu].lost;
		}
	}
	free(each);
	return sum;
}

void tracer_time(const struct tracer *tracer, uint64_t *ret_ns, uint64_t *ret_runs)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	*ret_ns = *ret_runs = 0;
	if (bpf_obj_get_info_by_fd(tracer->program, &info, &size) < 0)
		return;
	*ret_ns = info.run_time_ns;
	*ret_runs = info.run_cnt;
}
