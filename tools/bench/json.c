// SPDX-License-Identifier: MIT
/*
 * The results of a run, as one JSON object:
 *
 *	version, kernel		of Sluice and of Linux
 *	size, depth		bytes of each message; requests under way when many are
 *	rounds, trips		as asked for; each thing says how many it had
 *	client_cpu, server_cpu
 *	interrupted		whether the run was ended early
 *	things			an array, in the order of measuring, of
 *	  key, name
 *	  size, touched		bytes of each message, and those written and read
 *	  under_way		requests of a client under way at once
 *	  stream		responses to each request
 *	  clients, servers
 *	  rounds, trips		measured rounds; round trips timed in each
 *	  trips_in_all		made in each round, with those before and after
 *	  median_ns		of a message; null if there was none
 *	  p99_ns, p999_ns, max_ns	of a round trip; null if there was none
 *	  messages_per_s, bytes_per_s	each way; bytes that are written and read
 *	  system_calls		of a message, both sides; null if they were not counted
 *	  floor, ratio		key of the thing compared with; null for a floor
 *	  unavailable		why it could not be measured here, or null
 *	idle			null, or an object of
 *	  clients, processes
 *	  sleeping_ratio, spinning_ratio	with idle clients to without
 *	  server_descriptors, client_descriptors	of each client, as are:
 *	  pss_bytes, page_table_bytes, kernel_bytes	of memory, of both sides
 *	  kernel_source		what kernel_bytes were read from
 *	  connect_ns		the time until it was connected
 *	setting_up		null, or an object of
 *	  runs
 *	  NAME_ns		medians of the parts in setting_up.c; null if there was none
 *	  all_ns		node, service, server and connected client
 *	  server_descriptors, client_descriptors	with one connection
 */
#include "bench.h"

#include <sys/utsname.h>

#include <jansson.h>

#include <sluice.h>

#define FORMAT	JSON_REAL_PRECISION(15)

static json_t *text(const char *value)
{
	return *value ? json_string(value) : json_null();
}

/* With three digits, which is more than was measured. */
static json_t *figure(double value)
{
	return json_real((double)(int64_t)(value * 1000) / 1000);
}

/* A measured time is more than 0. */
static json_t *measured(double value)
{
	return value > 0 ? figure(value) : json_null();
}

static void add_times(json_t *object, struct report *report, const struct thing *thing)
{
	const char *key = thing->key;
	double rate = report_rate(report, key);

	json_object_set_new(object, "median_ns", measured(report_median(report, key)));
	json_object_set_new(object, "p99_ns", measured(report_quantile(report, key, 0.99)));
	json_object_set_new(object, "p999_ns", measured(report_quantile(report, key, 0.999)));
	json_object_set_new(object, "max_ns", measured(report_quantile(report, key, 1)));
	json_object_set_new(object, "messages_per_s", measured(rate));
	json_object_set_new(object, "bytes_per_s", measured(rate * (double)thing->touched));
}

static json_t *thing_json(struct report *report, unsigned int i)
{
	const struct thing *thing = &report->things->thing[i];
	const struct result *result = &report->result[i];
	bool crowd = thing->part == WITH_MANY;
	json_t *object = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"key", thing->key, "name", thing->name,
		"size", (json_int_t)thing->size, "touched", (json_int_t)thing->touched,
		"under_way", (json_int_t)(thing->flight ? thing->flight : 1),
		"stream", (json_int_t)things_messages(thing),
		"clients", (json_int_t)(crowd ? thing->clients : 1),
		"servers", (json_int_t)(crowd ? thing->servers : 1),
		"rounds", (json_int_t)result->rounds, "trips", (json_int_t)thing->trips,
		"trips_in_all", (json_int_t)thing->warm + thing->trips + thing->stamped);

	add_times(object, report, thing);
	json_object_set_new(object, "system_calls",
			    result->calls < 0 ? json_null() : figure(result->calls));
	json_object_set_new(object, "floor", text(thing->floor));
	json_object_set_new(object, "ratio",
			    measured(report_ratio(report, thing->key, thing->floor)));
	json_object_set_new(object, "unavailable", text(result->unavailable));
	return object;
}

static json_t *things_json(struct report *report)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < report->things->count; i++)
		json_array_append_new(array, thing_json(report, i));
	return array;
}

static json_t *idle_json(struct report *report)
{
	const struct idle *idle = report->idle;

	if (!idle)
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}",
			 "clients", (json_int_t)idle->clients,
			 "processes", (json_int_t)idle->processes, "sleeping_ratio",
			 measured(report_ratio(report, "sleeping_crowded", "sleeping_alone")),
			 "spinning_ratio",
			 measured(report_ratio(report, "spinning_crowded", "spinning_alone")),
			 "server_descriptors", figure(idle->server_descriptors),
			 "client_descriptors", figure(idle->client_descriptors),
			 "pss_bytes", figure(idle->pss_bytes),
			 "page_table_bytes", figure(idle->page_table_bytes),
			 "kernel_bytes", figure(idle->kernel_bytes),
			 "kernel_source", idle->kernel_source,
			 "connect_ns", figure(idle->connect_ns));
}

static json_t *setting_up_json(struct setting_up *up)
{
	json_t *object;

	if (!up)
		return json_null();
	object = json_pack("{s:I, s:o, s:I, s:I}", "runs", (json_int_t)up->runs,
			   "all_ns", measured(setting_up_all(up)),
			   "server_descriptors", (json_int_t)up->descriptors[SERVER],
			   "client_descriptors", (json_int_t)up->descriptors[CLIENT]);
	for (unsigned int i = 0; i < UP_PARTS; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s_ns", setting_up_keys[i]);
		json_object_set_new(object, key, measured(setting_up_median(up, i)));
	}
	return object;
}

void json_print(struct report *report)
{
	const struct bench_options *options = report->options;
	struct utsname kernel;
	json_t *object;

	uname(&kernel);
	object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:b, s:o, s:o, s:o}",
			   "version", sluice_version(), "kernel", kernel.release,
			   "size", (json_int_t)options->size,
			   "depth", (json_int_t)options->depth,
			   "rounds", (json_int_t)options->rounds,
			   "trips", (json_int_t)options->trips,
			   "client_cpu", report->cpu[CLIENT], "server_cpu", report->cpu[SERVER],
			   "interrupted", (int)report->interrupted,
			   "things", things_json(report), "idle", idle_json(report),
			   "setting_up", setting_up_json(report->up));
	if (!object || json_dumpf(object, stdout, FORMAT) < 0)
		fputs("sluice bench: no memory for JSON\n", stderr);
	putchar('\n');
	json_decref(object);
}
