// SPDX-License-Identifier: MIT
/*
 * sluice trace latency - where the time of round trips goes
 *
 * The program in the kernel has a histogram for each client port and stage; here they are
 * added up to those of services.  Slow round trips are printed as they end.  A service may
 * have thousands of clients: for people each of the slowest has a table, and all together
 * have that of the service.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <jansson.h>

#include "ending.h"
#include "event_text.h"
#include "events.h"
#include "histogram.h"
#include "latency.skel.h"
#include "table.h"
#include "tracer.h"

static const struct {
	const char *name;		/* for people */
	const char *key;		/* in JSON */
} stages[STAGE_COUNT] = {
	[STAGE_BUILD] = { "loan to send", "build" },
	[STAGE_QUEUE] = { "send to receive", "queue" },
	[STAGE_SERVE] = { "receive to reply", "serve" },
	[STAGE_ROUND_TRIP] = { "round trip", "round_trip" },
	[STAGE_HOLD_REQUEST] = { "request held", "hold_request" },
	[STAGE_HOLD_RESPONSE] = { "response held", "hold_response" },
};

/* All stages of one client port, or of a service. */
struct row {
	struct row *next;		/* service */
	uint64_t port;			/* 0: of a service */
	char service[TEXT_SIZE];
	struct histogram stage[STAGE_COUNT];
};

static const void *program(size_t *ret_size)
{
	return latency_bpf__elf_bytes(ret_size);
}

static int begin(struct trace *trace)
{
	(void)trace;
	return 0;
}

/* ---- Slow ones ---- */

static uint64_t between(uint64_t from, uint64_t to)
{
	return from && to > from ? to - from : 0;
}

static void print_stage(const char *name, uint64_t ns)
{
	char number[TEXT_NUMBER];

	printf(", %s %s", name, ns ? text_ns(number, ns) : "?");
}

static void print_slow(struct trace *trace, const struct slow_record *slow)
{
	const struct sluice_trace_stages *s = &slow->stages;
	const uint64_t *argument = slow->event.argument;
	char total[TEXT_NUMBER], size[TEXT_NUMBER];

	text_ns(total, between(s->sent, s->responded ? s->responded : s->ended));
	printf("slow: %s, %s %016" PRIx64 " to %016" PRIx64 " request %" PRIu64 ", %s", total,
	       ports_service(trace->ports, argument[0]), argument[0], argument[1], argument[2],
	       text_bytes(size, s->bytes));
	print_stage("loan to send", between(s->loaned, s->sent));
	print_stage("send to receive", between(s->sent, s->received));
	print_stage("receive to reply", between(s->received, s->replied));
	print_stage("reply to response", between(s->replied, s->responded));
	printf("%s\n", s->responded ? "" : ", no response");
}

static void print_slow_json(struct trace *trace, const struct slow_record *slow)
{
	const struct sluice_trace_stages *s = &slow->stages;
	const uint64_t *argument = slow->event.argument;
	char port[TEXT_NUMBER], peer[TEXT_NUMBER];
	json_t *line;

	snprintf(port, sizeof(port), "%016" PRIx64, argument[0]);
	snprintf(peer, sizeof(peer), "%016" PRIx64, argument[1]);
	line = json_pack("{s:{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I}}", "slow",
			 "service", ports_service(trace->ports, argument[0]), "port", port,
			 "peer", peer, "request", (json_int_t)argument[2],
			 "bytes", (json_int_t)s->bytes,
			 "build", (json_int_t)between(s->loaned, s->sent),
			 "queue", (json_int_t)between(s->sent, s->received),
			 "serve", (json_int_t)between(s->received, s->replied),
			 "round_trip", (json_int_t)between(s->sent, s->responded),
			 "ended", (json_int_t)between(s->sent, s->ended));
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void record(struct trace *trace, const struct event_record *event)
{
	const struct slow_record *slow = (const struct slow_record *)event;

	events_learn(trace, event);
	if (event->kind != RECORD_SLOW)
		return;
	trace->shown++;
	if (trace->options.json)
		print_slow_json(trace, slow);
	else
		print_slow(trace, slow);
	fflush(stdout);
}

/* ---- The table ---- */

/* The collected histograms: services as a list, clients by their ports. */
struct rows {
	struct row *services;
	struct row **client;
	size_t clients;
	struct table by_port;
};

static struct row *new_row(uint64_t port, const char *service)
{
	struct row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->port = port;
	snprintf(row->service, sizeof(row->service), "%s", service);
	return row;
}

static struct row *row_of_service(struct rows *rows, const char *service)
{
	struct row *row = rows->services;

	while (row && strcmp(row->service, service) != 0)
		row = row->next;
	if (row)
		return row;
	row = new_row(0, service);
	if (!row)
		return NULL;
	row->next = rows->services;
	rows->services = row;
	return row;
}

static struct row *row_of_client(struct rows *rows, uint64_t port, const char *service)
{
	const struct table_key key = { { port, 0, 0 } };
	struct row *row = table_find(&rows->by_port, &key), **grown;

	if (row)
		return row;
	grown = reallocarray(rows->client, rows->clients + 1, sizeof(struct row *));
	if (!grown)
		return NULL;
	rows->client = grown;
	row = new_row(port, service);
	if (!row || table_add(&rows->by_port, &key, row) < 0) {
		free(row);
		return NULL;
	}
	rows->client[rows->clients++] = row;
	return row;
}

static void add_up(struct trace *trace, struct rows *rows, const struct histogram_key *key,
		   const struct histogram *each, int processors)
{
	const char *service = ports_service(trace->ports, key->port);
	struct row *of_service = row_of_service(rows, service);
	struct row *of_client = row_of_client(rows, key->port, service);

	if (key->stage >= STAGE_COUNT || !of_service || !of_client)
		return;
	for (int cpu = 0; cpu < processors; cpu++) {
		histogram_add(&of_service->stage[key->stage], &each[cpu]);
		histogram_add(&of_client->stage[key->stage], &each[cpu]);
	}
}

static uint64_t slowness(const struct row *row)
{
	return histogram_quantile(&row->stage[STAGE_ROUND_TRIP], 0.99);
}

/* The slowest first. */
static int compare(const void *left, const void *right)
{
	uint64_t a = slowness(*(struct row *const *)left), b = slowness(*(struct row *const *)right);

	return a < b ? 1 : a > b ? -1 : 0;
}

static void collect(struct trace *trace, struct rows *rows)
{
	int map = tracer_map(trace->tracer, "histograms"), processors = libbpf_num_possible_cpus();
	struct histogram_key key, *before = NULL;
	struct histogram *each = calloc(processors > 0 ? (size_t)processors : 1, sizeof(*each));

	while (each && bpf_map_get_next_key(map, before, &key) == 0) {
		if (!ending_has_time(ENDING_EVENTS)) {
			ending_leave_out();
			break;
		}
		if (bpf_map_lookup_elem(map, &key, each) == 0)
			add_up(trace, rows, &key, each, processors);
		before = &key;
	}
	free(each);
	if (rows->clients)
		qsort(rows->client, rows->clients, sizeof(struct row *), compare);
}

static void print_row(const struct row *row)
{
	static const double shares[] = { 0.5, 0.9, 0.99, 0.999 };
	const struct histogram *h;
	char number[TEXT_NUMBER];

	printf("  %-16s %9s %9s %9s %9s %9s %9s\n", "", "count", "p50", "p90", "p99", "p99.9",
	       "max");
	for (int i = 0; i < STAGE_COUNT; i++) {
		h = &row->stage[i];
		if (!h->count)
			continue;
		printf("  %-16s %9" PRIu64, stages[i].name, h->count);
		for (size_t j = 0; j < sizeof(shares) / sizeof(shares[0]); j++)
			printf(" %9s", text_ns(number, histogram_quantile(h, shares[j])));
		printf(" %9s\n", text_ns(number, h->most));
	}
}

static void print_client(struct trace *trace, const struct row *row)
{
	const struct port_known *port = ports_find(trace->ports, row->port);

	printf("\n%s, client %016" PRIx64 " %s[%u]\n", row->service, row->port,
	       port ? port->process : "?", port ? port->pid : 0);
	print_row(row);
}

static size_t count_clients(const struct rows *rows, const char *service)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->clients; i++)
		count += !strcmp(rows->client[i]->service, service);
	return count;
}

/* The table of a single client would be that of the service. */
static void print_clients(struct trace *trace, const struct rows *rows, const char *service)
{
	size_t count = count_clients(rows, service), left = trace->options.top;

	for (size_t i = 0; count > 1 && i < rows->clients && left; i++) {
		if (strcmp(rows->client[i]->service, service) != 0)
			continue;
		print_client(trace, rows->client[i]);
		left--;
	}
	if (count > 1 && count > trace->options.top)
		printf("\n%s has %zu more clients, whose round trips were quicker: --top\n", service,
		       count - trace->options.top);
}

static void print_rows(struct trace *trace, const struct rows *rows)
{
	for (const struct row *row = rows->services; row; row = row->next) {
		printf("\n%s\n", row->service);
		print_row(row);
		if (row->stage[STAGE_ROUND_TRIP].count) {
			printf("\n  round trip, from send to the first response\n");
			histogram_print(&row->stage[STAGE_ROUND_TRIP]);
		}
		print_clients(trace, rows, row->service);
	}
}

static void print_row_json(const struct row *row)
{
	char port[TEXT_NUMBER];
	const struct histogram *h;
	json_t *line;

	snprintf(port, sizeof(port), "%016" PRIx64, row->port);
	for (int i = 0; i < STAGE_COUNT; i++) {
		h = &row->stage[i];
		if (!h->count)
			continue;
		line = json_pack("{s:{s:s,s:o,s:s,s:I,s:I,s:I,s:I,s:I,s:I}}", "latency",
				 "service", row->service,
				 "port", row->port ? json_string(port) : json_null(),
				 "stage", stages[i].key, "count", (json_int_t)h->count,
				 "p50", (json_int_t)histogram_quantile(h, 0.5),
				 "p90", (json_int_t)histogram_quantile(h, 0.9),
				 "p99", (json_int_t)histogram_quantile(h, 0.99),
				 "p999", (json_int_t)histogram_quantile(h, 0.999),
				 "max", (json_int_t)h->most);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	}
}

/* The slowest of each service, however many these have. */
static void print_rows_json(const struct trace *trace, const struct rows *rows)
{
	const struct row *row;
	size_t left;

	for (row = rows->services; row; row = row->next)
		print_row_json(row);
	for (row = rows->services; row; row = row->next) {
		left = trace->options.top;
		for (size_t i = 0; i < rows->clients && left; i++) {
			if (strcmp(rows->client[i]->service, row->service) != 0)
				continue;
			print_row_json(rows->client[i]);
			left--;
		}
	}
}

static void free_rows(struct rows *rows)
{
	struct row *next;

	for (; rows->services; rows->services = next) {
		next = rows->services->next;
		free(rows->services);
	}
	for (size_t i = 0; i < rows->clients; i++)
		free(rows->client[i]);
	free(rows->client);
	table_deinit(&rows->by_port);
}

static int end(struct trace *trace)
{
	struct rows rows = { .services = NULL };

	collect(trace, &rows);
	if (trace->options.json)
		print_rows_json(trace, &rows);
	else if (rows.services)
		print_rows(trace, &rows);
	else
		puts("no round trip has ended");
	free_rows(&rows);
	return 0;
}

const struct trace_mode mode_latency = {
	.name = "latency",
	.program = program,
	.probes = PROBE_BIT(round_trip) | PROBE_BIT(response_release),
	.begin = begin,
	.record = record,
	.end = end,
};
