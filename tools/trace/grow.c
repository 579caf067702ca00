// SPDX-License-Identifier: MIT
/*
 * sluice trace grow - each growth of a port's memory, and what would have avoided it
 *
 * A growth is printed when it happens.  At the end come the totals of each port, with the
 * initial_max_slice_len that its last growth requires, and the places in the program whose
 * loans did not fit.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "event_text.h"
#include "events.h"
#include "grow.skel.h"
#include "stacks.h"

/* The growths of one port and one stack. */
struct spot {
	uint64_t port;
	int32_t stack;
	uint64_t count, bytes;		/* by which memory grew */
	uint64_t advice;		/* the most; 0: messages are of fixed size */
	struct spot *next;
};

static const void *program(size_t *ret_size)
{
	return grow_bpf__elf_bytes(ret_size);
}

static int begin(struct trace *trace)
{
	(void)trace;
	return 0;
}

static const char *strategy_name(uint64_t strategy)
{
	static const char *const names[] = { "power-of-two", "best-fit", "static" };

	return strategy < sizeof(names) / sizeof(names[0]) ? names[strategy] : "?";
}

/* In the order of the list of probes. */
enum { PORT, STRATEGY, SEGMENT, BEFORE, AFTER, ADVICE };

static struct spot *spot_of(struct spot **spots, uint64_t port, int32_t stack)
{
	struct spot *spot;

	for (spot = *spots; spot; spot = spot->next)
		if (spot->port == port && spot->stack == stack)
			return spot;
	spot = calloc(1, sizeof(*spot));
	if (!spot)
		return NULL;
	spot->port = port;
	spot->stack = stack;
	spot->next = *spots;
	*spots = spot;
	return spot;
}

static void note(struct trace *trace, const struct event_record *event)
{
	const uint64_t *argument = event->argument;
	struct spot *spots = trace->state, *spot;

	spot = spot_of(&spots, argument[PORT], event->stack);
	trace->state = spots;
	if (!spot)
		return;
	spot->count++;
	spot->bytes += argument[AFTER] - argument[BEFORE];
	if (argument[ADVICE] > spot->advice)
		spot->advice = argument[ADVICE];
}

static void print(struct trace *trace, const struct event_record *event,
		  const struct port_known *port)
{
	const uint64_t *argument = event->argument;
	char before[TEXT_NUMBER], after[TEXT_NUMBER];

	(void)trace;
	printf("%s[%u] %s %s %016" PRIx64 " %s: segment %" PRIu64 ", %s to %s\n", port->process,
	       event->pid, port->service, port->role ? "server" : "client", port->id,
	       strategy_name(argument[STRATEGY]), argument[SEGMENT],
	       text_bytes(before, argument[BEFORE]), text_bytes(after, argument[AFTER]));
	fflush(stdout);
}

static void print_json(struct trace *trace, const struct event_record *event,
		       const struct port_known *port)
{
	const uint64_t *argument = event->argument;
	char id[TEXT_NUMBER];
	json_t *line;

	snprintf(id, sizeof(id), "%016" PRIx64, port->id);
	line = json_pack("{s:{s:I,s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:o}}", "growth",
			 "time", (json_int_t)wall_time(event->time), "pid", (json_int_t)event->pid,
			 "comm", port->process, "service", port->service, "port", id,
			 "strategy", strategy_name(argument[STRATEGY]),
			 "segment", (json_int_t)argument[SEGMENT],
			 "before", (json_int_t)argument[BEFORE],
			 "after", (json_int_t)argument[AFTER], "advice", (json_int_t)argument[ADVICE],
			 "stack", stacks_json(trace, event->stack));
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void record(struct trace *trace, const struct event_record *event)
{
	const struct port_known *port = events_learn(trace, event);

	if (event->probe != SLUICE_TRACE_growth || !port)
		return;
	trace->shown++;
	note(trace, event);
	if (trace->options.folded)
		return;
	if (trace->options.json)
		print_json(trace, event, port);
	else
		print(trace, event, port);
}

/* ---- The end ---- */

/* All places of one port together, and then each of them; they are taken off the list. */
static void print_port(struct trace *trace, struct spot *spots)
{
	const struct port_known *port = ports_find(trace->ports, spots->port);
	uint64_t count = 0, bytes = 0, advice = 0;
	char number[TEXT_NUMBER];
	struct spot *spot;

	for (spot = spots; spot; spot = spot->next) {
		if (spot->port != spots->port)
			continue;
		count += spot->count;
		bytes += spot->bytes;
		advice = spot->advice > advice ? spot->advice : advice;
	}
	printf("\n%s %s %016" PRIx64 ", %s[%u]: %" PRIu64 " growths, by %s\n",
	       port ? port->service : "?", port && port->role ? "server" : "client",
	       spots->port, port ? port->process : "?", port ? port->pid : 0, count,
	       text_bytes(number, bytes));
	if (advice)
		printf("  none with initial_max_slice_len of %" PRIu64 "\n", advice);
	else
		printf("  initial_max_slice_len cannot avoid it: messages are of fixed size, or memory_limit forbids it\n");
	for (spot = spots; spot; spot = spot->next) {
		if (spot->port != spots->port)
			continue;
		printf("  %" PRIu64 " of them, by %s, at\n", spot->count,
		       text_bytes(number, spot->bytes));
		stacks_print(trace, spot->stack, "      ");
	}
}

static bool is_first_of_port(const struct spot *spots, const struct spot *spot)
{
	while (spots->port != spot->port)
		spots = spots->next;
	return spots == spot;
}

static int end(struct trace *trace)
{
	const struct trace_options *options = &trace->options;
	struct spot *spots = trace->state, *spot, *next;

	for (spot = spots; spot; spot = spot->next) {
		if (options->folded)
			stacks_print_folded(trace, spot->stack, options->folded == FOLDED_BYTES ?
					    spot->bytes : spot->count);
		else if (!options->json && is_first_of_port(spots, spot))
			print_port(trace, spot);
	}
	if (!spots && !options->folded && !options->json)
		puts("nothing has grown");
	for (spot = spots; spot; spot = next) {
		next = spot->next;
		free(spot);
	}
	trace->state = NULL;
	return 0;
}

const struct trace_mode mode_grow = {
	.name = "grow",
	.program = program,
	.probes = PROBE_BIT(growth),
	.begin = begin,
	.record = record,
	.end = end,
};
