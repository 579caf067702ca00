// SPDX-License-Identifier: MIT
/*
 * A frame as lines of JSON: each port is an object as domain_json.c describes it for
 * ports, and also
 *
 *	frame		number of the frame, from 1
 *	time		of the frame, in nanoseconds since the epoch
 *	interval	seconds since the frame before, over which rates are
 *	domain		name of the domain
 *	service		name of the service
 *	counters	as counters.c describes them
 *	rates		per second, as counters.c describes them
 *	wakes_per_message	sleeps for each message that was received; null: none was
 *	blocked_share	of the interval, from 0 to 1: sends waited for room
 */
#include <errno.h>
#include <math.h>

#include "tools/domain/counters.h"
#include "tools/domain/domain_json.h"
#include "tools/text/text.h"
#include "top.h"

static json_t *number(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *port_json(const struct top_frame *frame, const struct top_row *row)
{
	const struct sluice_list_counters *counters = &row->port->counters;

	return json_pack("{s:f, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "interval", frame->seconds,
			 "domain", domain_json_text(frame->now.domain),
			 "service", domain_json_text(row->service->info.name),
			 "counters", counters_json(counters, frame->now.time),
			 "rates", counters_rates_json(&row->before, counters, frame->seconds),
			 "wakes_per_message", number(row->rate.wakes),
			 "blocked_share", number(row->rate.blocked));
}

/* 0 or -ENOMEM. */
static int print_port(const struct top_frame *frame, uint64_t frame_number,
		      const struct top_row *row)
{
	uint64_t time = wall_time((uint64_t)frame->now.time);
	json_t *object = json_pack("{s:I, s:I}", "frame", (json_int_t)frame_number,
				   "time", (json_int_t)time);
	json_t *whose = domain_json_port(&frame->now, row->port);
	json_t *what = port_json(frame, row);
	int r = object && whose && what ? 0 : -ENOMEM;

	if (!r && (json_object_update(object, whose) < 0 || json_object_update(object, what) < 0))
		r = -ENOMEM;
	if (!r)
		r = domain_json_print(json_incref(object));
	json_decref(what);
	json_decref(whose);
	json_decref(object);
	return r;
}

int top_json(const struct top_frame *frame, uint64_t number_of_frame)
{
	int r = 0;

	for (size_t i = 0; !r && i < frame->shown; i++)
		r = print_port(frame, number_of_frame, &frame->row[i]);
	return r;
}
