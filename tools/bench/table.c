// SPDX-License-Identifier: MIT
/*
 * The figures of a run, as tables for people.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <sluice.h>

#include "tools/text/text.h"

static void print_time(double ns, int width)
{
	char text[TEXT_NUMBER] = "-";

	if (ns > 0)
		text_ns(text, ns < 1 ? 1 : (uint64_t)(ns + 0.5));
	printf(" %*s", width, text);
}

/* Messages or bytes a second: "1.23 M". */
static void print_rate(double rate, int width, const char *unit)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	char text[TEXT_NUMBER] = "-";
	unsigned int prefix = 0;

	while (rate >= 999.5 && prefix < 4) {
		rate /= 1000;
		prefix++;
	}
	if (rate > 0)
		snprintf(text, sizeof(text), rate < 9.995 ? "%.2f %s%s" : rate < 99.95 ?
			 "%.1f %s%s" : "%.0f %s%s", rate, prefixes[prefix], unit);
	printf(" %*s", width, text);
}

static void print_ratio(double ratio)
{
	if (ratio > 0)
		printf(" %7.2f", ratio);
	else
		printf(" %7s", "-");
}

static void print_calls(double calls)
{
	if (calls >= 0)
		printf(" %6.2f", calls);
	else
		printf(" %6s", "-");
}

static void print_head(const struct report *report)
{
	const struct bench_options *options = report->options;
	struct utsname kernel;

	uname(&kernel);
	printf("sluice %s, Linux %s; %zu B each way, %u x %u round trips\n",
	       sluice_version(), kernel.release, options->size, options->rounds,
	       options->trips);
	if (report->cpu[CLIENT] == report->cpu[SERVER])
		printf("client and server share CPU %d, the only one allowed; "
		       "what polls yields\n", report->cpu[CLIENT]);
	else
		printf("client on CPU %d, server on CPU %d\n", report->cpu[CLIENT],
		       report->cpu[SERVER]);
	if (report->interrupted)
		printf("ended early: medians are over fewer rounds\n");
}

/* Is there anything to say of a part? */
static bool has(const struct report *report, enum part part)
{
	for (unsigned int i = 0; i < report->things->count; i++)
		if (report->things->thing[i].part == part)
			return true;
	return false;
}

static void print_one(struct report *report, const struct thing *thing)
{
	const struct result *result = &report->result[thing - report->things->thing];

	printf("%-33s", thing->name);
	if (result->unavailable[0]) {
		printf(" not here: %s\n", result->unavailable);
		return;
	}
	print_time(report_median(report, thing->key), 8);
	print_time(report_quantile(report, thing->key, 0.99), 8);
	print_time(report_quantile(report, thing->key, 0.999), 8);
	print_time(report_quantile(report, thing->key, 1), 8);
	print_calls(result->calls);
	if (thing->floor[0]) {
		print_ratio(report_ratio(report, thing->key, thing->floor));
		printf("  to %s", thing->floor);
	}
	printf("\n");
}

static void print_standard(struct report *report)
{
	if (!has(report, STANDARD))
		return;
	printf("\n%-33s %8s %8s %8s %8s %6s %7s\n", "a round trip", "median", "p99", "p99.9",
	       "max", "calls", "ratio");
	for (unsigned int i = 0; i < report->things->count; i++)
		if (report->things->thing[i].part == STANDARD)
			print_one(report, &report->things->thing[i]);
}

static void print_at_once(struct report *report)
{
	if (!has(report, AT_ONCE))
		return;
	printf("\n%-33s %8s %10s %12s %6s\n", "many at once", "each", "a second", "bytes",
	       "calls");
	for (unsigned int i = 0; i < report->things->count; i++) {
		const struct thing *thing = &report->things->thing[i];
		double rate = report_rate(report, thing->key);
		char name[sizeof(thing->name) + 16];

		if (thing->part != AT_ONCE)
			continue;
		snprintf(name, sizeof(name), thing->flight ? "%s, %u under way" : "%s of %u",
			 thing->name, thing->flight ? thing->flight : thing->stream);
		printf("%-33s", name);
		print_time(report_median(report, thing->key), 8);
		print_rate(rate, 10, "");
		print_rate(rate * (double)thing->touched, 12, "B/s");
		print_calls(report->result[i].calls);
		printf("\n");
	}
}

static const char *sized(const char *key, size_t size)
{
	static char text[sizeof(((struct thing *)0)->key)];

	snprintf(text, sizeof(text), "%s_%zu", key, size);
	return text;
}

static void print_size(struct report *report, size_t size)
{
	double floor = report_median(report, sized("payload", size));
	double touched = report_median(report, sized("touched", size));
	double rate = report_rate(report, sized("pipelined", size));

	printf("%-9zu", size);
	print_time(floor, 8);
	print_time(touched, 8);
	print_ratio(floor > 0 ? touched / floor : 0);
	print_time(report_median(report, sized("untouched", size)), 10);
	print_rate(rate, 11, "");
	print_rate(rate * (double)size, 10, "B/s");
	print_rate(report_rate(report, sized("pipelined_untouched", size)), 11, "");
	printf("\n");
}

static void print_sizes(struct report *report)
{
	printf("\npolling; \"untouched\" has the first %d B written and read, the rest all\n"
	       "          one at a time                       %u at once, a second\n"
	       "%-9s %8s %8s %7s %10s %11s %10s %11s\n", LINE, report->options->depth,
	       "size", "floor", "sluice", "ratio", "untouched", "messages", "bytes", "untouched");
	for (unsigned int i = 0; i < bench_sizes_count; i++)
		print_size(report, bench_sizes[i]);
}

static void print_many(struct report *report)
{
	printf("\nall clients active, each with one request under way, sleeping\n"
	       "%-9s %8s %10s %10s %6s\n", "clients", "servers", "each", "a second", "calls");
	for (unsigned int i = 0; i < report->things->count; i++) {
		const struct thing *thing = &report->things->thing[i];

		if (thing->part != WITH_MANY)
			continue;
		printf("%-9u %8u", thing->clients, thing->servers);
		if (report->result[i].unavailable[0]) {
			printf("   not here: %s\n", report->result[i].unavailable);
			continue;
		}
		print_time(report_median(report, thing->key), 10);
		print_rate(report_rate(report, thing->key), 10, "");
		print_calls(report->result[i].calls);
		printf("\n");
	}
}

static void print_against_idle(struct report *report, const char *name, const char *alone,
			       const char *crowded)
{
	printf("%-12s", name);
	print_time(report_median(report, alone), 14);
	print_time(report_median(report, crowded), 22);
	print_ratio(report_ratio(report, crowded, alone));
	printf("\n");
}

static void print_idle(struct report *report)
{
	const struct idle *idle = report->idle;

	printf("\n%-12s %14s %9u idle clients   ratio\n", "", "none", idle->clients);
	print_against_idle(report, "sleeping", "sleeping_alone", "sleeping_crowded");
	print_against_idle(report, "polling", "spinning_alone", "spinning_crowded");
	printf("\neach idle client, in %u process%s:\n", idle->processes,
	       idle->processes == 1 ? "" : "es");
	printf("  descriptors      %8.2f at the server, %.2f at the client\n",
	       idle->server_descriptors, idle->client_descriptors);
	printf("  memory           %8.2f KiB (Pss %.2f, page tables %.2f; both sides)\n",
	       (idle->pss_bytes + idle->page_table_bytes) / 1024, idle->pss_bytes / 1024,
	       idle->page_table_bytes / 1024);
	printf("  kernel memory    %8.2f KiB (%s)\n", idle->kernel_bytes / 1024,
	       idle->kernel_source);
	printf("  connecting       %8.2f ms\n", idle->connect_ns / 1e6);
}

static void print_setting_up(struct setting_up *up)
{
	double ring = setting_up_median(up, UP_RING), all = setting_up_all(up);

	printf("\nsetting up, each in a process that was just forked: medians of %u\n", up->runs);
	for (unsigned int i = 0; i < UP_PARTS; i++) {
		printf("%-33s", setting_up_names[i]);
		print_time(setting_up_median(up, i), 8);
		printf("\n");
	}
	printf("%-33s", "node, service, server, connected");
	print_time(all, 8);
	if (ring > 0 && all > ring) {
		printf("; without the kernel's first io_uring");
		print_time(all - ring, 0);
	}
	printf("\n%-33s %8u at the server, %u at the client\n", "descriptors, one connection",
	       up->descriptors[SERVER], up->descriptors[CLIENT]);
}

static void print_how_counted(const struct report *report)
{
	const char *why = "";

	if (report->interrupted)
		why = ";\nthe run was ended before that";
	else if (!report->counted)
		why = ";\nthat needs root, or CAP_BPF with CAP_PERFMON: see sluice bench --help";
	printf("\ncalls: system calls of both sides, counted in a round that is not timed%s\n", why);
}

void table_print(struct report *report)
{
	print_head(report);
	print_standard(report);
	print_at_once(report);
	if (report->options->sizes)
		print_sizes(report);
	if (has(report, WITH_MANY))
		print_many(report);
	if (report->idle)
		print_idle(report);
	if (report->up)
		print_setting_up(report->up);
	print_how_counted(report);
}
