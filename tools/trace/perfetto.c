// SPDX-License-Identifier: MIT
/*
 * The events of a run as a file for the Perfetto and Chrome trace viewers:
 *
 *	tracks		one for each port, and more if what is open there at a time does
 *			not lie within each other
 *	slices		build, from the loan to the sending; unsent, if it was given back
 *			instead; handle, while a server has a request; hold, while a
 *			client has a response
 *	requests	asynchronous slices, from the first sending to the release of the
 *			pending response
 *	arrows		"request", from a build to a handle; "response", from a build to
 *			a hold
 *	counters	loans; queued requests and responses, as the port saw them last
 *	instants	see instants[]
 *
 * This file knows what each event means. tracks.c keeps the ports and their open spans,
 * exchanges.c the messages that were sent and not received yet; trace_json.c writes.
 *
 * Tracing begins at some time, and events get lost.  So each handler does what it can with
 * what is known: an unknown port is made, with its id for a name; an end without a
 * beginning is ignored; a beginning without an end ends with its port, or with the trace.
 *
 * A file with a limit must still have room for the ends of all open spans.  When the rest
 * of the file is no more than they may need, it is ended like the trace; and the next, if
 * there may be one, begins like a trace.
 *
 * All arguments are claims of a traced process.  None is used as an address or an index
 * here.
 */
#include "tools/trace/perfetto.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/errno_name.h"
#include "tools/trace/exchanges.h"
#include "tools/trace/output.h"

/* More than any element, or the two or three of an end, with the longest names. */
#define ELEMENTS_MOST	4096u

struct perfetto {
	struct output *output;
	struct trace_json *file;
	unsigned int number;		/* of the file */
	struct tracks tracks;
	struct exchanges exchanges;
	bool begun;
	uint64_t begin;			/* of the trace: time of the first event */
	uint64_t last;			/* the latest time since then */
};

/* ---- Events ---- */

static void count(struct perfetto *perfetto, const struct event_record *event, uint64_t time,
		  const char *what)
{
	struct port *port = port_get(&perfetto->tracks, EVENT_PORT(event), event->pid);

	if (port)
		port_count(&perfetto->tracks, port, time, what, EVENT_DEPTH(event));
}

/* Ends the event's span, if its beginning was seen; a point within it. */
static struct point end_span(struct perfetto *perfetto, const struct event_record *event,
			     const char *name, uint64_t time)
{
	struct span *span = span_find(&perfetto->tracks, event);

	if (!span)
		return (struct point){ .tid = 0 };
	if (span->request != EVENT_REQUEST(event)) {
		/* The end of this one was missed, and the beginning of that one. */
		span_close(&perfetto->tracks, span, name, time);
		return (struct point){ .tid = 0 };
	}
	/* Now it is known: a loan is shortened, and has no receiver yet. */
	span->bytes = EVENT_BYTES(event);
	if (EVENT_PEER(event))
		span->peer = EVENT_PEER(event);
	return span_close(&perfetto->tracks, span, name, time);
}

/* Once for each server; the first time ends the build. */
static void request_sent(struct perfetto *perfetto, const struct event_record *event,
			 uint64_t time)
{
	struct point from = end_span(perfetto, event, "build", time);

	count(perfetto, event, time, "queued requests");
	exchange_sent(&perfetto->exchanges, event, &from, time);
}

static void request_received(struct perfetto *perfetto, const struct event_record *event,
			     uint64_t time)
{
	struct span *span = span_open(&perfetto->tracks, event, SPAN_HANDLE, time);

	count(perfetto, event, time, "queued requests");
	if (span)
		exchange_received(&perfetto->exchanges, span);
}

static void reply_sent(struct perfetto *perfetto, const struct event_record *event, uint64_t time)
{
	struct point from = end_span(perfetto, event, "build", time);

	count(perfetto, event, time, "queued responses");
	exchange_replied(&perfetto->exchanges, event, &from);
}

static void response_received(struct perfetto *perfetto, const struct event_record *event,
			      uint64_t time)
{
	struct span *span = span_open(&perfetto->tracks, event, SPAN_HOLD, time);

	count(perfetto, event, time, "queued responses");
	if (span)
		exchange_responded(&perfetto->exchanges, span);
}

/* The build is open still if the request has reached no server. */
static void request_ended(struct perfetto *perfetto, const struct event_record *event,
			  const char *name, uint64_t time)
{
	end_span(perfetto, event, name, time);
	exchange_end(&perfetto->exchanges, event, time);
}

static void port_destroyed(struct perfetto *perfetto, const struct event_record *event,
			   uint64_t time)
{
	struct port *port = port_find(&perfetto->tracks, EVENT_PORT(event));

	exchange_end_all(&perfetto->exchanges, EVENT_PORT(event), time);
	if (port)
		port_close(&perfetto->tracks, port, time);
}

static void change(struct perfetto *perfetto, const struct event_record *event, uint64_t time)
{
	switch (event->probe) {
	case SLUICE_TRACE_port_destroy:
		port_destroyed(perfetto, event, time);
		break;
	case SLUICE_TRACE_request_loan:
	case SLUICE_TRACE_reply_loan:
		span_open(&perfetto->tracks, event, SPAN_BUILD, time);
		break;
	case SLUICE_TRACE_request_send:
		request_sent(perfetto, event, time);
		break;
	case SLUICE_TRACE_request_release:
		request_ended(perfetto, event, "unsent", time);
		break;
	case SLUICE_TRACE_pending_response_release:
		request_ended(perfetto, event, "build", time);
		break;
	case SLUICE_TRACE_active_request_receive:
		request_received(perfetto, event, time);
		break;
	case SLUICE_TRACE_active_request_release:
		end_span(perfetto, event, "handle", time);
		break;
	case SLUICE_TRACE_reply_send:
		reply_sent(perfetto, event, time);
		break;
	case SLUICE_TRACE_reply_release:
		end_span(perfetto, event, "unsent", time);
		break;
	case SLUICE_TRACE_response_receive:
		response_received(perfetto, event, time);
		break;
	case SLUICE_TRACE_response_release:
		end_span(perfetto, event, "hold", time);
		break;
	case SLUICE_TRACE_reply_overflow:
		exchange_reply_lost(&perfetto->exchanges, event);
		break;
	default:
		break;
	}
}

/* ---- Instants ---- */

static const struct instant {
	uint16_t probe;
	const char *name;
	const char *argument[SLUICE_TRACE_ARGUMENTS];	/* those behind the port */
} instants[] = {
	{ SLUICE_TRACE_channel_connect, "channel_connect", { "peer" } },
	{ SLUICE_TRACE_channel_refuse, "channel_refuse", { "peer", "error" } },
	{ SLUICE_TRACE_channel_gone, "channel_gone", { "peer", "error" } },
	{ SLUICE_TRACE_growth, "growth",
	  { "strategy", "segment", "old", "new", "advice" } },
	{ SLUICE_TRACE_request_overflow, "request_overflow", { "peer", "request" } },
	{ SLUICE_TRACE_reply_overflow, "reply_overflow", { "peer", "request" } },
	{ SLUICE_TRACE_request_block, "request_block", { "request" } },
	{ SLUICE_TRACE_request_unblock, "request_unblock", { "request", "waited", "error" } },
	{ SLUICE_TRACE_deadline_miss, "deadline_miss", { "peer", "request", "late" } },
	{ SLUICE_TRACE_protocol_violation, "protocol_violation", { "peer", "reason" } },
};

static json_t *argument_value(const struct event_record *event, const char *name, uint64_t value)
{
	if (!strcmp(name, "peer"))
		return trace_json_id(value);
	if (!strcmp(name, "error") && value && errno_name(value))
		return json_string(errno_name(value));
	if (!strcmp(name, "reason") && event->kind == RECORD_TEXT)
		return trace_json_text(((const struct text_record *)event)->text, TEXT_SIZE);
	return json_integer((json_int_t)value);
}

static void write_instant(struct perfetto *perfetto, const struct event_record *event,
			  uint64_t time, const struct instant *instant)
{
	struct port *port = port_get(&perfetto->tracks, EVENT_PORT(event), event->pid);
	struct point point;
	json_t *args;

	if (!port)
		return;
	args = json_object();
	for (unsigned int i = 0; i + 1 < SLUICE_TRACE_ARGUMENTS && instant->argument[i]; i++)
		json_object_set_new(args, instant->argument[i],
				    argument_value(event, instant->argument[i],
						   event->argument[i + 1]));
	point = port_point(port, time);
	trace_json_instant(perfetto->file, &point, instant->name, args);
}

static void look_for_instant(struct perfetto *perfetto, const struct event_record *event,
			     uint64_t time)
{
	for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++)
		if (instants[i].probe == event->probe)
			write_instant(perfetto, event, time, &instants[i]);
}

/* ---- The whole ---- */

static int begin_file(struct perfetto *perfetto)
{
	perfetto->file = trace_json_open(perfetto->output);
	if (!perfetto->file)
		return -ENOMEM;
	perfetto->number++;
	perfetto->begun = false;
	perfetto->last = 0;
	tracks_init(&perfetto->tracks, perfetto->file);
	exchanges_init(&perfetto->exchanges, &perfetto->tracks);
	return 0;
}

static int end_file(struct perfetto *perfetto)
{
	int r;

	if (!perfetto->file)
		return -ENOMEM;
	trace_json_begin_last(perfetto->file);
	exchanges_deinit(&perfetto->exchanges, perfetto->last);
	tracks_deinit(&perfetto->tracks, perfetto->last);
	r = trace_json_close(perfetto->file);
	perfetto->file = NULL;
	return r;
}

/* The bytes that the ends of all open spans may need. */
static uint64_t size_of_end(const struct perfetto *perfetto)
{
	uint64_t under_way = perfetto->tracks.spans.count + perfetto->exchanges.requests.count;

	return ELEMENTS_MOST * (under_way + 2);
}

/* False if there is no place for an event, in this file or the next. */
static bool find_place(struct perfetto *perfetto)
{
	if (!perfetto->file)
		return false;
	if (output_fits(perfetto->output, size_of_end(perfetto)))
		return true;
	return output_has_next(perfetto->output, 4 * ELEMENTS_MOST) && end_file(perfetto) == 0 &&
	       output_next(perfetto->output) == 0 && begin_file(perfetto) == 0;
}

struct perfetto *perfetto_open(struct output *output)
{
	struct perfetto *perfetto = calloc(1, sizeof(*perfetto));

	if (!perfetto)
		return NULL;
	perfetto->output = output;
	if (begin_file(perfetto) == 0)
		return perfetto;
	free(perfetto);
	return NULL;
}

unsigned int perfetto_file(const struct perfetto *perfetto)
{
	return perfetto->number;
}

void perfetto_port(struct perfetto *perfetto, uint64_t id, uint32_t pid, const char *process,
		   const char *role, const char *service)
{
	struct port *port;
	struct point point;

	if (!find_place(perfetto))
		return;
	port = port_name(&perfetto->tracks, id, pid, role, service);
	if (!port)
		return;
	point = port_point(port, 0);
	trace_json_name(perfetto->file, &point, "process_name", process);
	trace_json_unit(perfetto->file, 0);
}

/* Records of different processors may be a little out of order, the first one too. */
void perfetto_event(struct perfetto *perfetto, const struct event_record *event)
{
	uint64_t time;

	if (event->kind != RECORD_EVENT && event->kind != RECORD_TEXT)
		return;
	if (!find_place(perfetto)) {
		output_refuse(perfetto->output, 1);
		return;
	}
	if (!perfetto->begun)
		perfetto->begin = event->time;
	perfetto->begun = true;
	time = event->time > perfetto->begin ? event->time - perfetto->begin : 0;
	perfetto->last = time > perfetto->last ? time : perfetto->last;
	look_for_instant(perfetto, event, time);
	change(perfetto, event, time);
	trace_json_unit(perfetto->file, 1);
}

int perfetto_close(struct perfetto *perfetto)
{
	int r = end_file(perfetto);

	free(perfetto);
	return r;
}
