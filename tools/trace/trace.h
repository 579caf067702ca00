/* SPDX-License-Identifier: MIT */
/*
 * sluice trace - shared by its files
 *
 *	trace.c		the verb: which mode, and the course of a run
 *	options.c	the command line
 *	probes.c	the list of probes, as data
 *	tracer.c	a program in the kernel, its maps, and the records that come from it
 *	attach.c	attaching a program in the kernel to a file
 *	places.c	the places of the probes in a file
 *	processes.c	the processes that use the library, and the files that they run
 *	process_ports.c	the ports of a process
 *	mapped_file.c	opening the files that others run or name
 *	ports.c		the known ports: service, role, process
 *	command.c	the command that is traced from its beginning
 *	loader.c	the libraries that it will load
 *	cost.c		the cost of a hit, measured
 *	output.c	printed text until it is written, or is lost and counted
 *	output_file.c	the file behind it, and those before it
 *	complaints.c	standard error, which is not waited for either
 *	ending.c	how long it may take to end
 *	summary.c	how many events were seen and lost, and their cost
 *
 * and a file for each mode: events.c, latency.c, leaks.c, grow.c, capture.c, replay.c;
 * and files that write for them: event_text.c and histogram.c for people, perfetto.c for viewers,
 * pcapng_writer.c for captures, symbols.c, elf_names.c and stacks.c for stacks.
 * syscalls.c counts for sluice bench.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bpf/records.h"
#include "tools/text/say.h"
#include "tools/text/text.h"

#define PIDS_WATCHED_MAX	64
#define FILES_NAMED_MAX		64

struct ports;
struct symbols;
struct output;
struct tracer;
struct trace;

int64_t trace_now(void);

/* ---- options.c ---- */

enum folded { FOLDED_NOT, FOLDED_BYTES, FOLDED_COUNT };

struct trace_options {
	/* The processes to watch: all that use the library, or these. */
	pid_t pid[PIDS_WATCHED_MAX];
	unsigned int pids;
	const char *file[FILES_NAMED_MAX];
	unsigned int files_named;
	char **command;			/* ends with NULL; or NULL */

	/* Filters. */
	const char *service;
	uint64_t port;
	uint64_t probes;		/* a bit each; 0: those of the mode */
	uint64_t least_bytes;
	uint64_t least_ns;

	int64_t duration;		/* nanoseconds; 0: until interrupted */
	uint64_t limit;			/* events; 0: none */
	uint32_t buffer;		/* bytes of the ring buffer */
	bool json;
	bool strict;

	/* Options of some modes. */
	uint64_t slow_ns;
	int64_t older_ns;
	uint32_t snap;
	enum folded folded;
	bool totals;
	const char *perfetto;		/* a file */
	const char *capture;		/* a file */
	unsigned int top;		/* clients; UINT_MAX: all */

	/* Options of files. */
	const char *output;		/* instead of standard output */
	uint64_t max_size;
	unsigned int files;
};

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
int options_parse(struct trace_options *options, const char *mode, int argc, char **argv);

/* ---- probes.c ---- */

const char *probe_name(unsigned int probe);
unsigned int probe_arguments(unsigned int probe);
const char *probe_argument(unsigned int probe, unsigned int index);
int probe_argument_index(unsigned int probe, const char *name);
bool probe_numbered(const char *name, size_t length, unsigned int *ret_probe);
void probe_shapes(struct probe_shape shapes[PROBES_MAX]);

#define PROBE_BIT(name)	(UINT64_C(1) << SLUICE_TRACE_##name)
#define PROBES_ALL	((UINT64_C(1) << SLUICE_TRACE_COUNT) - 1)
/* By which ports become known; watched in every mode. */
#define PROBES_OF_PORTS	(PROBE_BIT(port_create) | PROBE_BIT(port_destroy))

/* ---- The modes ---- */

struct trace_mode {
	const char *name;
	const void *(*program)(size_t *ret_size);	/* ELF */
	uint64_t probes;
	int (*begin)(struct trace *trace);
	void (*record)(struct trace *trace, const struct event_record *record);
	int (*end)(struct trace *trace);		/* 0, or -1 and it was said why */
};

extern const struct trace_mode mode_events, mode_latency, mode_leaks, mode_grow, mode_capture;

struct trace {
	struct trace_options options;
	const struct trace_mode *mode;
	struct tracer *tracer;
	struct ports *ports;
	struct symbols *symbols;	/* of modes that take stacks */
	struct output *out;		/* standard output; stdout prints to it */
	struct output *file;		/* of the mode, beside that; or NULL */
	void *state;			/* of the mode */
	uint64_t shown;			/* events, against the limit */
	double trap;			/* nanoseconds that the trap of a probe takes */
};

#define trace_complain(...)	say("trace", __VA_ARGS__)

#endif /* TRACE_TRACE_H */
