// SPDX-License-Identifier: MIT
/*
 * Makes a row for each port from two snapshots.
 *
 *  1. A port is the same in both if its id is; names of files are taken again.
 *  2. A port that was not there before has done everything since: it is counted from 0.
 *     Only where there is no snapshot before, nothing is known.
 *  3. A counter that has fallen, which only a broken process does, has not moved.
 *  4. Rows point into the newer snapshot, and live as long as it.
 */
#include "top.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/domain/counters.h"
#include "tools/text/text.h"

/* ---- The ports of the snapshot before ---- */

struct known {
	const struct snapshot_port **port;	/* by id */
	size_t count;
};

static size_t count_ports(const struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->services; i++)
		count += snapshot->service[i].ports;
	return count;
}

static int compare_ids(const void *a, const void *b)
{
	const struct snapshot_port *left = *(const struct snapshot_port *const *)a;
	const struct snapshot_port *right = *(const struct snapshot_port *const *)b;

	return left->info.id < right->info.id ? -1 : left->info.id > right->info.id;
}

static int list_known(struct known *known, const struct snapshot *snapshot)
{
	size_t count = count_ports(snapshot);

	known->count = 0;
	known->port = calloc(count + 1, sizeof(*known->port));
	if (!known->port)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->services; i++)
		for (size_t j = 0; j < snapshot->service[i].ports; j++)
			known->port[known->count++] = &snapshot->service[i].port[j];
	qsort(known->port, known->count, sizeof(*known->port), compare_ids);
	return 0;
}

/* The counters of the port in the snapshot before. */
static struct sluice_list_counters counted(const struct known *known,
					       const struct snapshot_port *port)
{
	static const struct sluice_list_counters nothing;
	const struct snapshot_port **found;

	found = bsearch(&port, known->port, known->count, sizeof(*known->port), compare_ids);
	return found ? (*found)->counters : nothing;
}

/* ---- Rates ---- */

static double share(double part, double whole)
{
	return part < whole ? part / whole : 1;
}

static void measure(struct top_row *row, double seconds)
{
	const struct sluice_list_counters *before = &row->before;
	const struct sluice_list_counters *now = &row->port->counters;
	double received = counters_rate(before->received, now->received, seconds);
	double woken = counters_rate(before->woken, now->woken, seconds);
	double blocked = counters_rate(before->blocked, now->blocked, seconds);

	row->rate = (struct top_rates){
		.sent = counters_rate(before->sent, now->sent, seconds),
		.sent_bytes = counters_rate(before->sent_bytes, now->sent_bytes, seconds),
		.received = received,
		.received_bytes = counters_rate(before->received_bytes,
						now->received_bytes, seconds),
		.wakes = received > 0 ? woken / received : NAN,
		/* A long wait is counted when it is over. */
		.blocked = share(blocked, (double)SECOND_NS),
	};
	row->trouble = now->overflows > before->overflows ||
		       now->violations > before->violations;
}

static double age(const struct snapshot_port *port, int64_t now)
{
	uint64_t active = port->counters.active;

	if (!active)
		return NAN;
	return active < (uint64_t)now ? (double)((uint64_t)now - active) / (double)SECOND_NS : 0;
}

/* ---- Frames ---- */

static void fill_row(struct top_frame *frame, const struct known *known,
		     const struct snapshot_service *service, const struct snapshot_port *port)
{
	struct top_row *row = &frame->row[frame->rows];

	row->service = service;
	row->port = port;
	row->place = frame->rows++;
	row->before = counted(known, port);
	row->age = age(port, frame->now.time);
	row->rate = (struct top_rates){ NAN, NAN, NAN, NAN, NAN, NAN };
	if (frame->seconds > 0)
		measure(row, frame->seconds);
	if (!port_process_command(row->command, port))
		strcpy(row->command, "-");
}

static void add_up(struct top_totals *totals, const struct top_row *row)
{
	totals->ports += row->port->alive;
	totals->dead += !row->port->alive;
	totals->messages += row->rate.sent;
	totals->bytes += row->rate.sent_bytes;
}

static int fill(struct top_frame *frame)
{
	const struct snapshot *now = &frame->now;
	struct known known;

	free(frame->row);
	frame->rows = 0;
	frame->shown = 0;
	frame->totals = (struct top_totals){ .services = 0 };
	frame->row = calloc(count_ports(now) + 1, sizeof(*frame->row));
	if (!frame->row || list_known(&known, &frame->before) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < now->services; i++) {
		frame->totals.services += now->service[i].alive;
		for (size_t j = 0; j < now->service[i].ports; j++)
			fill_row(frame, &known, &now->service[i], &now->service[i].port[j]);
	}
	free(known.port);
	for (size_t i = 0; i < frame->rows; i++)
		add_up(&frame->totals, &frame->row[i]);
	return 0;
}

int top_frame_next(struct top_frame *frame, const struct snapshot *taken)
{
	snapshot_free(&frame->before);
	frame->before = frame->now;
	frame->now = *taken;
	frame->seconds = 0;
	if (frame->before.time)
		frame->seconds = (double)(taken->time - frame->before.time) / (double)SECOND_NS;
	return fill(frame);
}

void top_frame_free(struct top_frame *frame)
{
	snapshot_free(&frame->before);
	snapshot_free(&frame->now);
	free(frame->row);
	frame->row = NULL;
}

/* ---- Order ---- */

static bool is_shown(const struct top_row *row, const struct top_view *view)
{
	return (row->port->alive || view->dead) &&
	       strcasestr(row->service->info.name, view->filter);
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct top_row *left = a, *right = b;
	const struct top_view *view = context;
	int order = top_compare(&top_columns[view->sort], left, right);

	if (order)
		return view->reverse ? -order : order;
	return left->place < right->place ? -1 : left->place > right->place;
}

void top_frame_arrange(struct top_frame *frame, const struct top_view *view)
{
	struct top_row row;

	frame->shown = 0;
	for (size_t i = 0; i < frame->rows; i++) {
		if (!is_shown(&frame->row[i], view))
			continue;
		row = frame->row[frame->shown];
		frame->row[frame->shown++] = frame->row[i];
		frame->row[i] = row;
	}
	qsort_r(frame->row, frame->shown, sizeof(*frame->row), compare_rows, (void *)view);
}
