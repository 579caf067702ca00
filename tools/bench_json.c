// SPDX-License-Identifier: MIT
/*
 * What a run has found out, as one JSON object:
 *
 *	version, kernel		of Sluice and of Linux
 *	size			bytes of each message
 *	rounds, trips		as asked for; each thing says how many it had
 *	client_cpu, server_cpu
 *	interrupted		whether the run was ended early
 *	things			an array, in the order of measuring, of
 *	  key, name
 *	  size, touched		bytes of each message, and those written and read
 *	  rounds, trips		measured rounds; round trips timed in each
 *	  trips_in_all		made in each round, with those before and after
 *	  median_ns, p99_ns	of a round trip; null if there was none
 *	  floor, ratio		key of the thing compared with; null for a floor
 *	  unavailable		why it could not be measured here, or null
 *	idle			null, or an object of
 *	  clients, processes
 *	  sleeping_ratio, spinning_ratio	with idle clients to without
 *	  server_descriptors, client_descriptors	of each client, as are:
 *	  pss_bytes, page_table_bytes, kernel_bytes	of memory, of both sides
 *	  kernel_source		what kernel_bytes were read from
 *	  connect_ns		the time until it was connected
 */
#include "bench.h"

#include <stdio.h>
#include <sys/utsname.h>

#include <sluice.h>

static void put_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned int)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void name(const char *before, const char *key)
{
	printf("%s", before);
	put_string(key);
	printf(": ");
}

static void text(const char *before, const char *key, const char *value)
{
	name(before, key);
	if (value && *value)
		put_string(value);
	else
		printf("null");
}

static void whole(const char *before, const char *key, unsigned long long value)
{
	name(before, key);
	printf("%llu", value);
}

/* What was measured is more than 0. */
static void measured(const char *before, const char *key, double value)
{
	name(before, key);
	if (value > 0)
		printf("%.3f", value);
	else
		printf("null");
}

static void difference(const char *before, const char *key, double value)
{
	name(before, key);
	printf("%.3f", value);
}

static void put_thing(struct report *report, unsigned int i)
{
	const struct thing *thing = &report->things->thing[i];
	const struct result *result = &report->result[i];

	text(i ? ",\n    {" : "\n    {", "key", thing->key);
	text(", ", "name", thing->name);
	whole(", ", "size", thing->size);
	whole(", ", "touched", thing->touched);
	whole(",\n     ", "rounds", result->rounds);
	whole(", ", "trips", thing->trips);
	whole(", ", "trips_in_all", thing->warm + thing->trips + thing->stamped);
	measured(", ", "median_ns", report_median(report, thing->key));
	measured(", ", "p99_ns", report_late(report, thing->key));
	text(",\n     ", "floor", thing->floor);
	measured(", ", "ratio", report_ratio(report, thing->key, thing->floor));
	text(", ", "unavailable", result->unavailable);
	printf("}");
}

static void put_idle(struct report *report)
{
	const struct idle *idle = report->idle;

	if (!idle) {
		printf("null");
		return;
	}
	whole("{", "clients", idle->clients);
	whole(", ", "processes", idle->processes);
	measured(",\n    ", "sleeping_ratio",
		 report_ratio(report, "sleeping_crowded", "sleeping_alone"));
	measured(", ", "spinning_ratio",
		 report_ratio(report, "spinning_crowded", "spinning_alone"));
	difference(",\n    ", "server_descriptors", idle->server_descriptors);
	difference(", ", "client_descriptors", idle->client_descriptors);
	difference(",\n    ", "pss_bytes", idle->pss_bytes);
	difference(", ", "page_table_bytes", idle->page_table_bytes);
	difference(", ", "kernel_bytes", idle->kernel_bytes);
	text(",\n    ", "kernel_source", idle->kernel_source);
	difference(", ", "connect_ns", idle->connect_ns);
	printf("}");
}

void report_print_json(struct report *report)
{
	struct utsname kernel;

	uname(&kernel);
	text("{", "version", sluice_version());
	text(", ", "kernel", kernel.release);
	whole(",\n  ", "size", report->options->size);
	whole(", ", "rounds", report->options->rounds);
	whole(", ", "trips", report->options->trips);
	whole(",\n  ", "client_cpu", (unsigned int)report->cpu[CLIENT]);
	whole(", ", "server_cpu", (unsigned int)report->cpu[SERVER]);
	name(", ", "interrupted");
	printf(report->interrupted ? "true" : "false");
	name(",\n  ", "things");
	printf("[");
	for (unsigned int i = 0; i < report->things->count; i++)
		put_thing(report, i);
	printf("]");
	name(",\n  ", "idle");
	put_idle(report);
	printf("}\n");
}
