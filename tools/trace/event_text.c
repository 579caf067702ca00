// SPDX-License-Identifier: MIT
/*
 * An event as a line: the time, the process, the port and its service, the event, and its
 * arguments.  The name of an argument says how it is shown.  The data of a traced process
 * is numbers and one string, of which only printable characters are shown.
 */
#include "event_text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "ports.h"
#include "tools/text/printable.h"

enum kind { AN_ID, A_SIZE, A_TIME, AN_ERROR, A_STRING, AN_ADDRESS, A_ROLE, A_NUMBER };

static enum kind kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
		{ "node", AN_ID }, { "port", AN_ID }, { "peer", AN_ID },
		{ "bytes", A_SIZE }, { "before", A_SIZE }, { "after", A_SIZE },
		{ "held", A_TIME }, { "waited", A_TIME }, { "late", A_TIME },
		{ "error", AN_ERROR }, { "name", A_STRING }, { "service", A_STRING },
		{ "reason", A_STRING }, { "slice", AN_ADDRESS }, { "stages", AN_ADDRESS },
		{ "role", A_ROLE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return kinds[i].kind;
	return A_NUMBER;
}

uint64_t event_port(const struct event_record *event)
{
	int index = probe_argument_index(event->probe, "port");

	return index < 0 ? 0 : event->argument[index];
}

static void print_time(uint64_t time)
{
	uint64_t wall = wall_time(time);
	time_t seconds = (time_t)(wall / SECOND_NS);
	struct tm local;

	localtime_r(&seconds, &local);
	printf("%02d:%02d:%02d.%06" PRIu64, local.tm_hour, local.tm_min, local.tm_sec,
	       wall % SECOND_NS / 1000);
}

static void print_plain(const char *text)
{
	char clean[TEXT_CLEAN(TEXT_SIZE)];

	fputs(text_clean(clean, sizeof(clean), text ? text : ""), stdout);
}

static void print_text(const char *text)
{
	putchar('"');
	print_plain(text);
	putchar('"');
}

static void print_argument(const char *name, uint64_t value, const char *text)
{
	char number[TEXT_NUMBER];

	printf(" %s=", name);
	switch (kind_of(name)) {
	case AN_ID:
		printf("%016" PRIx64, value);
		break;
	case AN_ADDRESS:
		printf("0x%" PRIx64, value);
		break;
	case A_TIME:
		fputs(value ? text_ns(number, value) : "?", stdout);
		break;
	case AN_ERROR:
		fputs(text_errno(value), stdout);
		break;
	case A_STRING:
		print_text(text);
		break;
	case A_ROLE:
		fputs(value ? "server" : "client", stdout);
		break;
	default:
		printf("%" PRIu64, value);
	}
}

void event_print(struct trace *trace, const struct event_record *event, const char *text)
{
	uint64_t port = event_port(event);

	print_time(event->time);
	putchar(' ');
	print_plain(event->comm);
	printf("[%u]", event->pid);
	if (port)
		printf(" %s %016" PRIx64, ports_service(trace->ports, port), port);
	printf(" %s", probe_name(event->probe));
	for (unsigned int i = 0; i < probe_arguments(event->probe); i++) {
		const char *name = probe_argument(event->probe, i);

		/* Arguments that are shown elsewhere, or have no meaning. */
		if (!strcmp(name, "port") || (!strcmp(name, "peer") && !event->argument[i]))
			continue;
		print_argument(name, event->argument[i], text);
	}
	putchar('\n');
}

/* ---- JSON ---- */

static json_t *json_text(const char *text)
{
	char clean[TEXT_CLEAN(TEXT_SIZE)];

	return json_string(text_utf8(clean, sizeof(clean), text ? text : ""));
}

static json_t *json_argument(const char *name, uint64_t value, const char *text)
{
	char hex[TEXT_NUMBER];

	switch (kind_of(name)) {
	case AN_ID:
		snprintf(hex, sizeof(hex), "%016" PRIx64, value);
		return json_string(hex);
	case AN_ADDRESS:
		snprintf(hex, sizeof(hex), "0x%" PRIx64, value);
		return json_string(hex);
	case AN_ERROR:
		return json_string(text_errno(value));
	case A_STRING:
		return json_text(text);
	case A_ROLE:
		return json_string(value ? "server" : "client");
	default:
		return json_integer((json_int_t)value);
	}
}

void event_print_json(struct trace *trace, const struct event_record *event, const char *text)
{
	uint64_t port = event_port(event);
	json_t *line;

	line = json_pack("{s:I, s:I, s:I, s:o, s:s}", "time", (json_int_t)wall_time(event->time),
			 "pid", (json_int_t)event->pid, "tid", (json_int_t)event->tid,
			 "comm", json_text(event->comm),
			 "event", probe_name(event->probe));
	if (port)
		json_object_set_new(line, "service", json_text(ports_service(trace->ports, port)));
	for (unsigned int i = 0; i < probe_arguments(event->probe); i++) {
		const char *name = probe_argument(event->probe, i);

		json_object_set_new(line, name, json_argument(name, event->argument[i], text));
	}
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}
