// SPDX-License-Identifier: MIT
/*
 * The columns: what is shown of a row, and the keys for sorting.
 *
 * The order is that of the screen.  On a narrow screen the columns on the right are left
 * out first, so the most important ones are on the left.
 */
#include "tools/text/printable.h"
#include "top.h"

#include <math.h>
#include <string.h>

#include "tools/text/text.h"

/* ---- Names ---- */

static const char *service_of(const struct top_row *row)
{
	return row->service->info.name;
}

/* Dead processes are marked without colours too. */
static const char *role_of(const struct top_row *row)
{
	static const char *const roles[2][2] = {
		{ "client!", "client" },
		{ "server!", "server" },
	};

	return roles[row->port->info.kind == SLUICE_LIST_SERVER][row->port->alive];
}

static const char *command_of(const struct top_row *row)
{
	return row->port->alive ? row->command : "(dead)";
}

/* ---- Values ---- */

static double pid_of(const struct top_row *row)
{
	return row->port->info.pid;
}

static double rate_of(const struct top_row *row)
{
	return row->rate.sent + row->rate.received;
}

static double sent_of(const struct top_row *row)
{
	return row->rate.sent;
}

static double received_of(const struct top_row *row)
{
	return row->rate.received;
}

static double bytes_of(const struct top_row *row)
{
	return row->rate.sent_bytes + row->rate.received_bytes;
}

static double loans_of(const struct top_row *row)
{
	return (double)row->port->counters.loaned;
}

static double depth_of(const struct top_row *row)
{
	return (double)row->port->counters.depth;
}

static double most_of(const struct top_row *row)
{
	return (double)row->port->counters.depth_most;
}

static double memory_of(const struct top_row *row)
{
	return (double)row->port->counters.segment_bytes;
}

static double growths_of(const struct top_row *row)
{
	return (double)row->port->counters.growths;
}

static double overflows_of(const struct top_row *row)
{
	return (double)row->port->counters.overflows;
}

static double wakes_of(const struct top_row *row)
{
	return row->rate.wakes;
}

static double blocked_of(const struct top_row *row)
{
	return row->rate.blocked;
}

static double age_of(const struct top_row *row)
{
	return row->age;
}

/* ---- The table ---- */

const struct top_column top_columns[] = {
	{ "service", "SERVICE", "name of the service",
	  .name = service_of },
	{ "role", "ROLE", "client or server; with a !, its process is dead",
	  .name = role_of },
	{ "pid", "PID", "process, in its own pid namespace",
	  .value = pid_of, .format = top_text_whole, .rising = true },
	{ "rate", NULL, "messages sent and received, a second",
	  .value = rate_of, .format = top_text_rate },
	{ "out", "OUT/s", "messages sent, a second",
	  .value = sent_of, .format = top_text_rate, .width = 5 },
	{ "in", "IN/s", "messages received, a second",
	  .value = received_of, .format = top_text_rate, .width = 5 },
	{ "bytes", "MB/s", "sent and received, millions of bytes a second",
	  .value = bytes_of, .format = top_text_megabytes, .width = 5 },
	{ "loans", "LOANS", "messages loaned and not sent yet",
	  .value = loans_of, .format = top_text_count, .width = 5 },
	{ "depth", "DEPTH", "requests: pending (client), or held (server)",
	  .value = depth_of, .format = top_text_count, .width = 5 },
	{ "most", "MOST", "the most of them there ever were",
	  .value = most_of, .format = top_text_count, .width = 4 },
	{ "memory", "MEM", "bytes of its segments",
	  .value = memory_of, .format = top_text_bytes, .width = 4 },
	{ "growths", "GROW", "how often memory was extended for a loan",
	  .value = growths_of, .format = top_text_count, .width = 4 },
	{ "overflows", "OVER", "messages taken back out of a full queue",
	  .value = overflows_of, .format = top_text_count, .width = 4 },
	{ "wakes", "WAKE", "sleeps for each message received",
	  .value = wakes_of, .format = top_text_ratio, .width = 4 },
	{ "blocked", "BLK%", "of the time it waited for room to send",
	  .value = blocked_of, .format = top_text_percent, .width = 4 },
	{ "age", "AGE", "time since it last sent or received",
	  .value = age_of, .format = top_text_age, .width = 4 },
	{ "command", "COMMAND", "program of the process",
	  .name = command_of },
};

const unsigned int top_columns_count = sizeof(top_columns) / sizeof(top_columns[0]);

_Static_assert(sizeof(top_columns) / sizeof(top_columns[0]) <= TOP_COLUMNS_MAX,
	       "a layout has room for all");

int top_column_named(const char *key)
{
	for (unsigned int i = 0; i < top_columns_count; i++)
		if (!strcmp(top_columns[i].key, key))
			return (int)i;
	return -1;
}

char *top_cell(const struct top_column *column, const struct top_row *row, char *buffer)
{
	if (column->name)
		return text_clean(buffer, TOP_CELL, column->name(row));
	return column->format(buffer, column->value(row));
}

/* An unknown value is less than all known ones. */
static int compare_values(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return a < b ? -1 : a > b;
}

int top_compare(const struct top_column *column, const struct top_row *a,
		const struct top_row *b)
{
	int order;

	if (column->name)
		return strcmp(column->name(a), column->name(b));
	order = compare_values(column->value(a), column->value(b));
	return column->rising ? order : -order;
}
