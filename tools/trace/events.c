// SPDX-License-Identifier: MIT
/*
 * sluice trace events - a line for each event, or a file for Perfetto
 *
 * Also the part that all modes do with an event: learning of the port that it is about.
 */
#include "events.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "event_text.h"
#include "events.skel.h"
#include "perfetto.h"
#include "ports.h"
#include "process_ports.h"
#include "processes.h"
#include "symbols.h"
#include "tracer.h"

static const void *program(size_t *ret_size)
{
	return events_bpf__elf_bytes(ret_size);
}

/* The string among its arguments, or NULL. */
static const char *text_of(const struct event_record *event)
{
	return event->kind == RECORD_TEXT ? ((const struct text_record *)event)->text : NULL;
}

static void learn_created(struct trace *trace, const struct event_record *event)
{
	struct port_known port = {
		.id = event->argument[0],
		.role = (uint32_t)event->argument[1],
		.pid = event->pid,
		.request_lead = (uint32_t)event->argument[4],
		.reply_lead = (uint32_t)event->argument[5],
	};

	snprintf(port.service, sizeof(port.service), "%s", text_of(event));
	memcpy(port.process, event->comm, sizeof(port.process));
	ports_add(trace->ports, &port);
	symbols_learn_process(trace->symbols, (pid_t)event->pid);
}

struct port_known *events_learn(struct trace *trace, const struct event_record *event)
{
	struct port_known unknown = { .id = event_port(event), .pid = event->pid, .service = "?" };
	struct port_known *port;

	if (event->probe == SLUICE_TRACE_port_create && event->kind == RECORD_TEXT)
		learn_created(trace, event);
	if (!unknown.id)
		return NULL;
	port = ports_find(trace->ports, unknown.id);
	if (port)
		return port;
	process_ports_learn(trace, (pid_t)event->pid);
	port = ports_find(trace->ports, unknown.id);
	if (port)
		return port;
	/* Asked once, and never again. */
	memcpy(unknown.process, event->comm, sizeof(unknown.process));
	return ports_add(trace->ports, &unknown);
}

/* Ports become known even if their creation is filtered out. */
static bool is_asked_for(const struct trace *trace, const struct event_record *event)
{
	const struct trace_options *options = &trace->options;
	uint64_t probes = options->probes ? options->probes : mode_events.probes;

	if (!(probes >> event->probe & 1))
		return false;
	return event->probe != SLUICE_TRACE_port_create ||
	       (!options->least_bytes && !options->least_ns);
}

static int begin(struct trace *trace)
{
	if (!trace->options.perfetto)
		return 0;
	trace->state = perfetto_open(trace->file);
	return trace->state ? 0 : trace_complain("no memory");
}

static void draw(struct perfetto *perfetto, const struct event_record *event,
		 struct port_known *port)
{
	if (port && port->drawn != perfetto_file(perfetto)) {
		perfetto_port(perfetto, port->id, port->pid, port->process,
			      port->role ? "server" : "client", port->service);
		port->drawn = perfetto_file(perfetto);
	}
	perfetto_event(perfetto, event);
}

static void record(struct trace *trace, const struct event_record *event)
{
	struct port_known *port = events_learn(trace, event);
	const struct trace_options *options = &trace->options;

	if (!is_asked_for(trace, event) || (options->limit && trace->shown >= options->limit))
		return;
	trace->shown++;
	if (options->perfetto)
		draw(trace->state, event, port);
	else if (options->json)
		event_print_json(trace, event, text_of(event));
	else
		event_print(trace, event, text_of(event));
}

static void print_totals(const struct trace *trace)
{
	uint64_t probes = trace->options.probes ? trace->options.probes : mode_events.probes;
	json_t *totals = json_object();
	uint64_t seen;

	for (unsigned int i = 0; i < SLUICE_TRACE_COUNT; i++) {
		seen = tracer_counts(trace->tracer, probes & UINT64_C(1) << i).seen;
		if (!seen)
			continue;
		json_object_set_new(totals, probe_name(i), json_integer((json_int_t)seen));
		if (!trace->options.json)
			printf("%12" PRIu64 "  %s\n", seen, probe_name(i));
	}
	totals = json_pack("{s:o}", "totals", totals);
	if (trace->options.json)
		json_dumpf(totals, stdout, JSON_COMPACT);
	if (trace->options.json)
		putchar('\n');
	json_decref(totals);
}

static int end(struct trace *trace)
{
	int r = trace->state ? perfetto_close(trace->state) : 0;

	if (trace->options.totals)
		print_totals(trace);
	/* The output of the file knows whether it could be written. */
	return r == -ENOMEM ? trace_complain("no memory") : 0;
}

const struct trace_mode mode_events = {
	.name = "events",
	.program = program,
	.probes = PROBES_ALL & ~PROBE_BIT(round_trip),
	.begin = begin,
	.record = record,
	.end = end,
};
