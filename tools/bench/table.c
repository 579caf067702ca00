// SPDX-License-Identifier: MIT
/*
 * The figures of a run, as tables for people.
 */
#include "bench.h"

#include <stdio.h>
#include <sys/utsname.h>

#include <sluice.h>

static const char *time_text(double ns, char *text, size_t size)
{
	if (ns <= 0)
		snprintf(text, size, "-");
	else if (ns < 10000)
		snprintf(text, size, "%.0f ns", ns);
	else
		snprintf(text, size, "%.2f us", ns / 1000);
	return text;
}

static void print_time(double ns, int width)
{
	char text[32];

	printf(" %*s", width, time_text(ns, text, sizeof(text)));
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
		       "what spins yields\n\n", report->cpu[CLIENT]);
	else
		printf("client on CPU %d, server on CPU %d\n\n", report->cpu[CLIENT],
		       report->cpu[SERVER]);
}

static void print_things(struct report *report)
{
	printf("%-38s %10s %10s %6s %7s\n", "a round trip", "median", "p99", "calls", "ratio");
	for (unsigned int i = 0; i < report->things->count; i++) {
		const struct thing *thing = &report->things->thing[i];

		if (thing->part != STANDARD)
			continue;
		printf("%-38s", thing->name);
		if (report->result[i].unavailable[0]) {
			printf(" not here: %s\n", report->result[i].unavailable);
			continue;
		}
		print_time(report_median(report, thing->key), 10);
		print_time(report_late(report, thing->key), 10);
		print_calls(report->result[i].calls);
		if (thing->floor[0]) {
			print_ratio(report_ratio(report, thing->key, thing->floor));
			printf("  to %s", thing->floor);
		}
		printf("\n");
	}
}

static void print_sizes(struct report *report)
{
	printf("\nspinning: all bytes written and read\n%-10s %12s %12s %7s"
	       "   first %d B only\n", "size", "floor", "sluice", "ratio", LINE);
	for (unsigned int i = 0; i < bench_sizes_count; i++) {
		char floor[32], touched[32], untouched[32];

		snprintf(floor, sizeof(floor), "cache_line_%zu", bench_sizes[i]);
		snprintf(touched, sizeof(touched), "touched_%zu", bench_sizes[i]);
		snprintf(untouched, sizeof(untouched), "untouched_%zu", bench_sizes[i]);
		printf("%-10zu", bench_sizes[i]);
		print_time(report_median(report, floor), 12);
		print_time(report_median(report, touched), 12);
		print_ratio(report_ratio(report, touched, floor));
		print_time(report_median(report, untouched), 16);
		printf("\n");
	}
}

static void print_idle(struct report *report)
{
	const struct idle *idle = report->idle;

	printf("\n%-12s %14s %9u idle clients   ratio\n", "", "none", idle->clients);
	printf("%-12s", "sleeping");
	print_time(report_median(report, "sleeping_alone"), 14);
	print_time(report_median(report, "sleeping_crowded"), 22);
	print_ratio(report_ratio(report, "sleeping_crowded", "sleeping_alone"));
	printf("\n%-12s", "spinning");
	print_time(report_median(report, "spinning_alone"), 14);
	print_time(report_median(report, "spinning_crowded"), 22);
	print_ratio(report_ratio(report, "spinning_crowded", "spinning_alone"));
	printf("\n\neach idle client, in %u process%s:\n", idle->processes,
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

void table_print(struct report *report)
{
	print_head(report);
	if (report->interrupted)
		printf("ended early: medians are over fewer rounds\n\n");
	print_things(report);
	if (report->options->sizes)
		print_sizes(report);
	if (report->idle)
		print_idle(report);
	printf("\ncalls: system calls of both sides, counted in a round that is not timed%s\n",
	       report->counted ? "" : ";\nthat needs root, or CAP_BPF with CAP_PERFMON: see sluice bench --help");
}
