// SPDX-License-Identifier: MIT
/*
 * sluice stat - what the ports have counted, a line each
 *
 * Without --watch it prints what they have counted since they were made.  With --watch it
 * prints how fast that rises: a sample is taken at intervals, and each but the first is
 * printed, as the difference to the one before, per second.  A port that was not in the
 * sample before was made in between, so its counters have risen from 0.  Values that can
 * also fall, such as the depth, are printed as they are.
 *
 * As JSON each port is a line of its own in each sample, an object as domain_json.c
 * describes it for ports, and also
 *
 *	time		of the sample, in nanoseconds since the epoch
 *	service		name of the service
 *	counters	as counters.c describes them
 *	rates		per second, as counters.c describes them; null without --watch
 */
#include "tools/text/printable.h"
#include "verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "look.h"
#include "tools/domain/counters.h"
#include "tools/domain/domain_json.h"
#include "tools/text/columns.h"
#include "tools/text/text.h"

#define INTERVAL_LEAST	(SECOND_NS / 100)
#define INTERVAL_MOST	(86400 * SECOND_NS)
#define HEADING_EVERY	20	/* lines */
#define ALIGNMENT	"llrrrrrrrrrrrrrrr"

static const char help_intro[] =
"usage: sluice stat [SERVICE...] [OPTION]...\n"
"\n"
"Shows what clients and servers have counted, a line each: of all services, or\n"
"of these; NAME* stands for all that begin so.\n";

static const char help_rest[] =
"DEPTH is requests that are under way now, and at most. WOKEN/POLLED is receives\n"
"that slept before they found something, and that did not have to. BLOCKED is for\n"
"how long sends have waited for room. MEMORY is the segments' size.\n"
"\n"
"Examples\n"
"  sluice stat example/calls\n"
"  sluice stat --watch=5 --count 12\n"
"  sluice stat --json | jq 'select(.counters.violations > 0)'\n";

enum { WATCH = LOOK_OWN, COUNT = 'n' };

static const struct verb_option options[] = {
	{ "watch", WATCH, "[=TIME]",
	  "every second, or TIME (500ms, 10s), how fast it rises, per second, until "
	  "^C" },
	{ "count", COUNT, "N", "with --watch: end after N times" },
	LOOK_DOMAIN_OPTION,
	{ "json", LOOK_JSON, NULL, "a line of JSON for each; man sluice-stat describes it" },
	HELP_OPTION,
	{ 0 },
};

struct stat_options {
	int64_t interval;		/* nanoseconds; 0: once */
	unsigned long count;		/* samples; 0: without an end */
};

/* A sample, and the one before it, or NULL: then there are no rates. */
struct sample {
	const struct look *look;
	const struct snapshot *now, *before;
	double seconds;			/* between them */
	struct columns columns;
	unsigned int lines;		/* since the heading */
};

static bool take_interval(const char *text, int64_t *ret_interval)
{
	uint64_t ns = (uint64_t)SECOND_NS;

	if (text && !parse_ns(text, &ns))
		return false;
	*ret_interval = (int64_t)ns;
	return ns >= (uint64_t)INTERVAL_LEAST && ns <= (uint64_t)INTERVAL_MOST;
}

static bool take(void *context, int option, const char *value)
{
	struct stat_options *chosen = context;
	char *end;

	if (option == WATCH)
		return take_interval(value, &chosen->interval);
	chosen->count = strtoul(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && chosen->count > 0 &&
	       chosen->count <= INT32_MAX;
}

/* ---- The counters of the sample before ---- */

static const struct snapshot_port *find_port(const struct snapshot_service *service, size_t guess,
					     uint64_t id)
{
	/* Usually no port has come or gone, and it is at the same index. */
	if (guess < service->ports && service->port[guess].info.id == id)
		return &service->port[guess];
	for (size_t i = 0; i < service->ports; i++)
		if (service->port[i].info.id == id)
			return &service->port[i];
	return NULL;
}

/* All 0 if the port was made since, or if there is no sample before. */
static struct sluice_list_counters before(const struct sample *sample,
					      const struct snapshot_service *service, size_t port)
{
	const struct snapshot_service *old = NULL;
	const struct snapshot_port *found = NULL;

	if (sample->before)
		old = snapshot_service(sample->before, service->info.name);
	if (old)
		found = find_port(old, port, service->port[port].info.id);
	return found ? found->counters : (struct sluice_list_counters){ 0 };
}

/* ---- For people ---- */

/* A counter that rises: its value, or its rate. */
static char *count_text(char *buffer, const struct sample *sample, uint64_t old, uint64_t now)
{
	double rate;

	if (!sample->before) {
		snprintf(buffer, TEXT_NUMBER, "%" PRIu64, now);
		return buffer;
	}
	rate = counters_rate(old, now, sample->seconds);
	snprintf(buffer, TEXT_NUMBER, rate > 0 && rate < 99.95 ? "%.1f" : "%.0f", rate);
	return buffer;
}

/* The text for bytes and nanoseconds. */
static uint64_t amount(const struct sample *sample, uint64_t old, uint64_t now)
{
	double rate;

	if (!sample->before)
		return now;
	rate = counters_rate(old, now, sample->seconds);
	return rate < 1e18 ? (uint64_t)rate : (uint64_t)1e18;
}

static void add_heading(struct sample *sample)
{
	columns_add(&sample->columns, STYLE_BOLD, sample->before ?
		    "SERVICE\tPORT\tPID\tSENT/s\tBYTES/s\tRECEIVED/s\tBYTES/s\tLOANED\tDEPTH\t"
		    "GROWTHS/s\tMEMORY\tOVERFLOWS/s\tBLOCKED/s\tWOKEN/POLLED/s\tEXPIRED/s\t"
		    "VIOLATIONS/s\tACTIVE" :
		    "SERVICE\tPORT\tPID\tSENT\tBYTES\tRECEIVED\tBYTES\tLOANED\tDEPTH\t"
		    "GROWTHS\tMEMORY\tOVERFLOWS\tBLOCKED\tWOKEN/POLLED\tEXPIRED\t"
		    "VIOLATIONS\tACTIVE");
	sample->lines = 0;
}

/* The columns from GROWTHS on. */
static void rest_text(char *buffer, size_t size, const struct sample *sample,
		      const struct sluice_list_counters *old,
		      const struct sluice_list_counters *now)
{
	char growths[TEXT_NUMBER], memory[TEXT_NUMBER], overflows[TEXT_NUMBER];
	char blocked[TEXT_NUMBER], woken[TEXT_NUMBER], polled[TEXT_NUMBER];
	char expired[TEXT_NUMBER], violations[TEXT_NUMBER], age[COUNTERS_AGE];

	snprintf(buffer, size, "%s\t%s\t%s\t%s\t%s/%s\t%s\t%s\t%s",
		 count_text(growths, sample, old->growths, now->growths),
		 text_bytes(memory, now->segment_bytes),
		 count_text(overflows, sample, old->overflows, now->overflows),
		 text_ns(blocked, amount(sample, old->blocked, now->blocked)),
		 count_text(woken, sample, old->woken, now->woken),
		 count_text(polled, sample, old->polled, now->polled),
		 count_text(expired, sample, old->expired, now->expired),
		 count_text(violations, sample, old->violations, now->violations),
		 counters_age(age, now, sample->now->time));
}

static void add_port(struct sample *sample, const struct snapshot_service *service, size_t i)
{
	const struct snapshot_port *port = &service->port[i];
	const struct sluice_list_counters old = before(sample, service, i);
	const struct sluice_list_counters *now = &port->counters;
	char name[TEXT_CLEAN(SNAPSHOT_NAME)], rest[10 * TEXT_NUMBER + COUNTERS_AGE];
	char entry[TEXT_CLEAN(SNAPSHOT_ENTRY)], sent[TEXT_NUMBER], sent_bytes[TEXT_NUMBER];
	char received[TEXT_NUMBER], received_bytes[TEXT_NUMBER];

	rest_text(rest, sizeof(rest), sample, &old, now);
	columns_add(&sample->columns, port->alive ? STYLE_PLAIN : STYLE_DIM,
		    "%s\t%s%s\t%u\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "/%" PRIu64 "\t%s",
		    text_clean(name, sizeof(name), service->info.name),
		    text_clean(entry, sizeof(entry), port->info.entry),
		    port->alive ? "" : " dead", port->info.pid,
		    count_text(sent, sample, old.sent, now->sent),
		    text_bytes(sent_bytes, amount(sample, old.sent_bytes, now->sent_bytes)),
		    count_text(received, sample, old.received, now->received),
		    text_bytes(received_bytes,
			       amount(sample, old.received_bytes, now->received_bytes)),
		    now->loaned, now->depth, now->depth_most, rest);
	sample->lines++;
}

/* ---- JSON ---- */

static int print_json(const struct sample *sample, const struct snapshot_service *service, size_t i)
{
	const struct snapshot_port *port = &service->port[i];
	const struct sluice_list_counters old = before(sample, service, i);
	json_t *line, *common = domain_json_port(sample->now, port), *rates;
	int64_t time = sample->now->time;

	line = json_pack("{s:I, s:o}", "time", (json_int_t)wall_time((uint64_t)time),
			 "service", domain_json_text(service->info.name));
	json_object_update(line, common);
	json_decref(common);
	json_object_set_new(line, "counters", counters_json(&port->counters, time));
	rates = sample->before ?
		counters_rates_json(&old, &port->counters, sample->seconds) : json_null();
	json_object_set_new(line, "rates", rates);
	return domain_json_print(line);
}

/* ---- A sample ---- */

/* The ports of the named services. 0 or -ENOMEM. */
static int print_ports(struct sample *sample)
{
	const struct snapshot *now = sample->now;
	int r = 0;

	for (size_t i = 0; i < now->services && !r; i++) {
		const struct snapshot_service *service = &now->service[i];

		if (!look_is_named(sample->look, service->info.name))
			continue;
		for (size_t j = 0; j < service->ports && !r; j++) {
			if (sample->look->json)
				r = print_json(sample, service, j);
			else
				add_port(sample, service, j);
		}
	}
	return r;
}

static bool has_ports(const struct sample *sample)
{
	for (size_t i = 0; i < sample->now->services; i++)
		if (sample->now->service[i].ports &&
		    look_is_named(sample->look, sample->now->service[i].info.name))
			return true;
	return false;
}

static int print(struct sample *sample)
{
	bool json = sample->look->json;
	int r;

	if (!json && sample->lines >= HEADING_EVERY && has_ports(sample))
		add_heading(sample);
	r = print_ports(sample);
	if (!r && !json)
		r = columns_print(&sample->columns);
	return r < 0 ? look_failed(sample->look, "no memory") : look_flush(sample->look);
}

static int print_once(const struct look *look, const struct snapshot *now)
{
	struct sample sample = {
		.look = look, .now = now, .columns.alignment = ALIGNMENT, .lines = HEADING_EVERY,
	};

	if (!look_found(look, now))
		return 0;
	return print(&sample);
}

/* Sleeps until so long after the sample before, takes another and prints it. */
static int print_next(struct sample *sample, int64_t interval, struct snapshot *ret_now)
{
	int64_t at = sample->before->time + interval;
	const struct timespec time = { .tv_sec = at / SECOND_NS, .tv_nsec = at % SECOND_NS };
	int r;

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
	r = look_at(sample->look, ret_now);
	if (r)
		return r;
	sample->now = ret_now;
	sample->seconds = (double)(ret_now->time - sample->before->time) / SECOND_NS;
	return print(sample);
}

/* The first sample is only compared with the second.  Takes it over. */
static int watch(const struct look *look, const struct stat_options *chosen, struct snapshot *first)
{
	struct sample sample = {
		.look = look, .before = first, .columns.alignment = ALIGNMENT,
		.lines = HEADING_EVERY,
	};
	struct snapshot now;
	int r = 0;

	look_found(look, first);
	for (unsigned long i = 0; !r && (!chosen->count || i < chosen->count); i++) {
		r = print_next(&sample, chosen->interval, &now);
		snapshot_free(first);
		*first = now;
	}
	return r;
}

/* ---- The verb ---- */

int verb_stat(int argc, char **argv)
{
	struct stat_options chosen = { 0 };
	struct look look = {
		.verb = "stat", .intro = help_intro, .rest = help_rest, .options = options, .take = take,
		.context = &chosen,
	};
	struct snapshot snapshot;
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	if (chosen.count && !chosen.interval)
		return look_wrong(&look, "--count needs --watch");
	r = look_at(&look, &snapshot);
	if (r)
		return r;
	look_tell_unreadable(&look, &snapshot);
	r = chosen.interval ? watch(&look, &chosen, &snapshot) : print_once(&look, &snapshot);
	snapshot_free(&snapshot);
	return r;
}
