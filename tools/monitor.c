// SPDX-License-Identifier: MIT
/*
 * sluice monitor - what comes and goes in a domain, a line each, as it happens
 *
 * The command makes a node in the domain, and a watch from it (sluice_watch.h).  So it sleeps
 * while nothing happens, and it is one of the nodes of the domain.  First it prints all that is
 * there, then what comes and goes, until ^C or after a number of lines.  With --changes it
 * leaves out what is there already.
 *
 * Each line is written at once, so a pipe gets it when it happens.  As JSON each is an object:
 *
 *	time		when it was told, in nanoseconds since the epoch
 *	change		"is there", "came", "went" or "died"; "all told" once, when all that was
 *			there has been printed: then all keys below are null
 *	kind		"service", "client" or "server"
 *	service		name of the service
 *	port, node	ids, 16 hexadecimal digits; null: it is about the service
 *	entry		name of the port's file; likewise
 *	name		that the port was given; null: none
 *	pid		of the port's process, in its own pid namespace; likewise
 */
#include "tools/text/printable.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sluice_watch.h>

#include "interrupt.h"
#include "look.h"
#include "tools/domain/domain_json.h"
#include "tools/text/text.h"

static const char help_intro[] =
"usage: sluice monitor [SERVICE...] [OPTION]...\n"
"\n"
"Prints a line for each service, client and server that is there, and then for\n"
"each that comes, goes or dies, as it happens: of all services, or of these;\n"
"NAME* stands for all that begin so.\n";

static const char help_rest[] =
"Examples\n"
"  sluice monitor\n"
"  sluice monitor --changes example/adder\n"
"  sluice monitor --json | jq 'select(.change == \"died\")'\n";

enum { CHANGES = LOOK_OWN, COUNT = 'n' };

static const struct verb_option options[] = {
	{ "changes", CHANGES, NULL, "leave out what is there already" },
	{ "count", COUNT, "N", "end after N lines; without it, at ^C" },
	LOOK_DOMAIN_OPTION,
	{ "json", LOOK_JSON, NULL, "a line of JSON for each; man sluice-monitor describes it" },
	HELP_OPTION,
	{ 0 },
};

struct monitor {
	struct look look;
	bool changes;
	uint64_t count;		/* lines to print; 0: without an end */
	uint64_t printed;
	uint32_t left_out;	/* as was said last */
	struct sluice_node *node;
	struct sluice_watch *watch;
};

static bool take(void *context, int option, const char *value)
{
	struct monitor *monitor = context;

	if (option == CHANGES) {
		monitor->changes = true;
		return true;
	}
	return parse_count(value, INT32_MAX, &monitor->count);
}

static const char *kind_text(uint32_t kind)
{
	return kind == SLUICE_WATCH_SERVER ? "server" :
	       kind == SLUICE_WATCH_CLIENT ? "client" : "service";
}

static const char *change_text(uint32_t change)
{
	static const char *const texts[] = {
		[SLUICE_WATCH_IS_THERE] = "is there",
		[SLUICE_WATCH_CAME] = "came",
		[SLUICE_WATCH_WENT] = "went",
		[SLUICE_WATCH_DIED] = "died",
	};

	return change && change < sizeof(texts) / sizeof(texts[0]) ? texts[change] : "all told";
}

static uint64_t wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * (uint64_t)SECOND_NS + (uint64_t)ts.tv_nsec;
}

/* ---- For people ---- */

static void print_line(const struct sluice_watch_event *event, uint64_t time)
{
	char service[TEXT_CLEAN(SNAPSHOT_NAME)], entry[TEXT_CLEAN(SNAPSHOT_ENTRY)];
	char name[TEXT_CLEAN(SNAPSHOT_NAME)], clock[16];
	time_t seconds = (time_t)(time / (uint64_t)SECOND_NS);
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s.%03u  %-8s  %-7s  %s", clock,
	       (unsigned int)(time % (uint64_t)SECOND_NS / 1000000), change_text(event->change),
	       kind_text(event->kind), text_clean(service, sizeof(service), event->service));
	if (event->kind != SLUICE_WATCH_SERVICE)
		printf("  %s  pid %u", text_clean(entry, sizeof(entry), event->entry), event->pid);
	if (*event->name)
		printf("  %s", text_clean(name, sizeof(name), event->name));
	putchar('\n');
}

/* ---- JSON ---- */

static int print_json(const struct sluice_watch_event *event, uint64_t time)
{
	bool port = event->kind == SLUICE_WATCH_CLIENT || event->kind == SLUICE_WATCH_SERVER;
	bool any = event->kind != SLUICE_WATCH_ALL_TOLD;
	char id[TEXT_NUMBER], node[TEXT_NUMBER];

	return domain_json_print(json_pack("{s:I, s:s, s:s?, s:o, s:s?, s:s?, s:o, s:o, s:o}",
		"time", (json_int_t)time, "change", change_text(event->change),
		"kind", any ? kind_text(event->kind) : NULL,
		"service", any ? domain_json_text(event->service) : json_null(),
		"port", port ? text_id(id, event->id) : NULL,
		"node", port ? text_id(node, event->node) : NULL,
		"entry", port ? domain_json_text(event->entry) : json_null(),
		"name", *event->name ? domain_json_text(event->name) : json_null(),
		"pid", port ? json_integer(event->pid) : json_null()));
}

/* ---- The verb ---- */

static bool is_wanted(const struct monitor *monitor, const struct sluice_watch_event *event)
{
	if (event->kind == SLUICE_WATCH_ALL_TOLD)
		return monitor->look.json;
	return !(monitor->changes && event->change == SLUICE_WATCH_IS_THERE) &&
	       look_is_named(&monitor->look, event->service);
}

static int print(struct monitor *monitor, const struct sluice_watch_event *event)
{
	if (event->left_out > monitor->left_out)
		look_failed(&monitor->look, "%u services, clients and servers are left out: there are more than can be watched",
			    event->left_out);
	monitor->left_out = event->left_out;
	if (!is_wanted(monitor, event))
		return 0;
	if (!monitor->look.json)
		print_line(event, wall_now());
	else if (print_json(event, wall_now()) < 0)
		return look_failed(&monitor->look, "no memory");
	monitor->printed += event->kind != SLUICE_WATCH_ALL_TOLD;
	return look_flush(&monitor->look);
}

static int follow(struct monitor *monitor)
{
	struct sluice_watch_event event = SLUICE_WATCH_EVENT();
	int r = 0;

	while (!r && !interrupted && (!monitor->count || monitor->printed < monitor->count)) {
		r = sluice_watch_next(monitor->watch, &event, SLUICE_FOREVER);
		if (r > 0)
			r = print(monitor, &event);
		else if (r == -EINTR)
			r = 0;
		else
			r = look_failed(&monitor->look, "%s", sluice_strerror());
	}
	return r;
}

int verb_monitor(int argc, char **argv)
{
	struct monitor monitor = {
		.look = {
			.verb = "monitor", .intro = help_intro, .options = options,
			.rest = help_rest, .take = take, .context = &monitor,
		},
	};
	struct sluice_node_opts opts = SLUICE_NODE_OPTS();
	int r = look_parse(&monitor.look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	opts.domain = monitor.look.domain;
	monitor.node = sluice_node_create("sluice-monitor", &opts);
	if (!monitor.node && errno == EINVAL && opts.domain)
		return look_wrong(&monitor.look, "%s", sluice_strerror());
	interrupt_catch(monitor.node);
	monitor.watch = sluice_watch_open(monitor.node, NULL);
	r = monitor.watch ? follow(&monitor) : look_failed(&monitor.look, "%s", sluice_strerror());
	sluice_watch_close(monitor.watch);
	interrupt_forget();
	sluice_node_destroy(monitor.node);
	return r;
}
