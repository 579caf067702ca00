// SPDX-License-Identifier: MIT
/*
 * Ports as tracks of a trace, and the open spans of each, which become slices when they
 * end.
 *
 * The viewers want the slices of a track to be disjoint or to lie within each other; but
 * a port may loan A, loan B, send A and send B.  So it has as many tracks as it needs.
 *
 * Invariants:
 * (1) A slice is written when it ends, and then its track is chosen: the first on which
 *     it lies behind all slices, or around those that it does not lie behind.  To tell,
 *     the hull of those that a span still open could overlap is enough.
 * (2) Ids of tracks are used once, and are unique among all processes, as Perfetto takes
 *     them to be.
 * (3) A slice has at least 3 ns, so that there is a time within it that is neither its
 *     beginning nor its end.
 * (4) An arrow is written with the slice that it leads to, both of its ends at once,
 *     each in a slice that is written.  So there is no half of one.
 *
 * Arrows begin and end right behind the beginning of a slice.  Perfetto attaches an arrow
 * to the element that began last on the track, even if that has ended: a slice or an
 * instant within.  It draws the arrow from the end of the one slice to the beginning of the
 * other.
 *
 * Ids, addresses and numbers are claims of a traced process.  They are keys and values and
 * nothing else; an element that finds no room in a table or on a track is not drawn.  A
 * span whose end was missed ends when its memory is used again, or with its port.
 */
#include "tools/trace/tracks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SLICE_MIN	UINT64_C(3)

#define PORT_KEY(id)	(&(struct table_key){ { (id), 0, 0 } })

#define SPAN_KEY(event)	(&(struct table_key){ { (event)->pid, EVENT_PORT(event),	\
						EVENT_SLICE(event) } })

static const char *const kind_name[] = {
	[SPAN_BUILD] = "build",
	[SPAN_HANDLE] = "handle",
	[SPAN_HOLD] = "hold",
};

/* ---- Ports ---- */

void tracks_init(struct tracks *tracks, struct trace_json *file)
{
	*tracks = (struct tracks){ .file = file, .next_tid = 1 };
	TAILQ_INIT(&tracks->all);
}

void tracks_deinit(struct tracks *tracks, uint64_t time)
{
	while (!TAILQ_EMPTY(&tracks->all))
		port_close(tracks, TAILQ_FIRST(&tracks->all), time);
	table_deinit(&tracks->ports);
	table_deinit(&tracks->spans);
}

struct point port_point(const struct port *port, uint64_t time)
{
	return (struct point){ .time = time, .pid = port->pid, .tid = port->tid };
}

static void name_track(struct tracks *tracks, const struct port *port, unsigned int track)
{
	struct point point = port_point(port, 0);

	point.tid += track;
	trace_json_name(tracks->file, &point, "thread_name", port->label);
}

static struct port *add_port(struct tracks *tracks, uint64_t id, uint32_t pid)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	if (table_add(&tracks->ports, PORT_KEY(id), port) < 0) {
		free(port);
		return NULL;
	}
	port->id = id;
	port->pid = pid;
	port->tid = tracks->next_tid;
	port->used = 1;
	tracks->next_tid += TRACKS;
	TAILQ_INIT(&port->spans);
	TAILQ_INSERT_TAIL(&tracks->all, port, link);
	return port;
}

struct port *port_find(const struct tracks *tracks, uint64_t id)
{
	return table_find(&tracks->ports, PORT_KEY(id));
}

struct port *port_name(struct tracks *tracks, uint64_t id, uint32_t pid, const char *role,
		       const char *service)
{
	struct port *port = port_find(tracks, id);

	if (!port)
		port = add_port(tracks, id, pid);
	if (!port)
		return NULL;
	snprintf(port->label, sizeof(port->label), "%.16s %016llx%s%s", role,
		 (unsigned long long)id, *service ? " " : "", service);
	for (unsigned int i = 0; i < port->used; i++)
		name_track(tracks, port, i);
	return port;
}

struct port *port_get(struct tracks *tracks, uint64_t id, uint32_t pid)
{
	struct port *port = port_find(tracks, id);

	return port ? port : port_name(tracks, id, pid, "port", "");
}

/* The ones that began last come first, so that they lie within the others. */
void port_close(struct tracks *tracks, struct port *port, uint64_t time)
{
	struct span *span;

	while ((span = TAILQ_LAST(&port->spans, span_list)))
		span_close(tracks, span, kind_name[span->kind], time);
	table_remove(&tracks->ports, PORT_KEY(port->id));
	TAILQ_REMOVE(&tracks->all, port, link);
	free(port);
}

void port_count(struct tracks *tracks, const struct port *port, uint64_t time,
		const char *what, uint64_t value)
{
	struct point point = port_point(port, time);
	char name[sizeof(port->label) + 32];

	snprintf(name, sizeof(name), "%s %s", port->label, what);
	trace_json_counter(tracks->file, &point, name, "count", value);
}

/* ---- Tracks ---- */

static struct track *track_for(struct tracks *tracks, struct port *port, uint64_t begin)
{
	struct track *track;

	for (unsigned int i = 0; i < TRACKS; i++) {
		track = &port->tracks[i];
		if (begin < track->end && begin >= track->begin)
			continue;
		if (i == port->used) {
			port->used++;
			name_track(tracks, port, i);
		}
		return track;
	}
	return NULL;
}

/*
 * Puts a slice on it, which has been taken from the spans of the port.  If all that are
 * left began when the track's hull had ended, they can overlap the new slice only.
 */
static void track_extend(struct track *track, const struct span *oldest, uint64_t begin,
			 uint64_t end)
{
	bool behind = begin >= track->end && (!oldest || oldest->begin >= track->end);

	if (behind || begin < track->begin)
		track->begin = begin;
	track->end = end;
}

/* ---- Spans ---- */

struct span *span_find(const struct tracks *tracks, const struct event_record *event)
{
	return table_find(&tracks->spans, SPAN_KEY(event));
}

struct span *span_open(struct tracks *tracks, const struct event_record *event,
		       enum span_kind kind, uint64_t time)
{
	struct span *span = span_find(tracks, event);
	struct port *port;

	if (span)
		span_close(tracks, span, kind_name[span->kind], time);
	port = port_get(tracks, EVENT_PORT(event), event->pid);
	span = calloc(1, sizeof(*span));
	if (!port || !span || table_add(&tracks->spans, SPAN_KEY(event), span) < 0) {
		free(span);
		return NULL;
	}
	span->key = *SPAN_KEY(event);
	span->kind = kind;
	span->begin = time;
	span->peer = EVENT_PEER(event);
	span->request = EVENT_REQUEST(event);
	span->bytes = EVENT_BYTES(event);
	span->port = port;
	TAILQ_INSERT_TAIL(&port->spans, span, link);
	if (kind == SPAN_BUILD)
		port_count(tracks, port, time, "loans", ++port->loans);
	return span;
}

/* The tail of an arrow must lie before its head, or Perfetto has none. */
static void draw_arrow(struct tracks *tracks, const struct span *span, const struct point *to)
{
	if (span->from.tid && span->from.time < to->time)
		trace_json_arrow(tracks->file, &span->from, to,
				 span->kind == SPAN_HANDLE ? "request" : "response");
}

static struct point draw(struct tracks *tracks, const struct span *span, const char *name,
			 uint64_t time)
{
	struct point point = port_point(span->port, span->begin);
	struct track *track = track_for(tracks, span->port, span->begin);
	uint64_t end = span->begin + SLICE_MIN;

	if (!track)
		return (struct point){ .tid = 0 };
	end = time > end ? time : end;
	end = track->end > end ? track->end : end;
	track_extend(track, TAILQ_FIRST(&span->port->spans), span->begin, end);
	point.tid += (uint32_t)(track - span->port->tracks);
	trace_json_slice(tracks->file, &point, end - span->begin, name,
			 json_pack("{s:I, s:I, s:o}", "request", (json_int_t)span->request,
				   "bytes", (json_int_t)span->bytes,
				   "peer", trace_json_id(span->peer)));
	point.time++;
	draw_arrow(tracks, span, &point);
	return point;
}

struct point span_close(struct tracks *tracks, struct span *span, const char *name,
			uint64_t time)
{
	struct port *port = span->port;
	struct point point;

	table_remove(&tracks->spans, &span->key);
	TAILQ_REMOVE(&port->spans, span, link);
	if (span->kind == SPAN_BUILD)
		port_count(tracks, port, time, "loans", --port->loans);
	point = draw(tracks, span, name, time);
	free(span);
	return point;
}
