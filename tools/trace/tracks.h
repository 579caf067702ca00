/* SPDX-License-Identifier: MIT */
/* Ports as tracks of a trace, and the open spans of each. */
#ifndef TRACE_TRACKS_H
#define TRACE_TRACKS_H

#include <sys/queue.h>

#include "bpf/records.h"
#include "tools/trace/table.h"
#include "tools/trace/trace_json.h"

/* The arguments of those events that are about a message. */
#define EVENT_PORT(event)	((event)->argument[0])
#define EVENT_PEER(event)	((event)->argument[1])
#define EVENT_REQUEST(event)	((event)->argument[2])
#define EVENT_SLICE(event)	((event)->argument[3])
#define EVENT_BYTES(event)	((event)->argument[4])
#define EVENT_DEPTH(event)	((event)->argument[5])

/* Open spans of a port; further ones are not drawn. */
#define TRACKS		32u

enum span_kind {
	SPAN_BUILD,		/* loaned and not sent yet */
	SPAN_HANDLE,		/* a request that a server has */
	SPAN_HOLD,		/* a response that a client has */
};

struct port;

struct span {
	struct table_key key;	/* process, port, address */
	enum span_kind kind;
	uint64_t begin;
	uint64_t peer, request, bytes;
	struct port *port;
	struct point from;	/* where the arrow to it begins, or no point */
	TAILQ_ENTRY(span) link;
};

TAILQ_HEAD(span_list, span);

/* The hull of a track's latest slices: none of them begins earlier or ends later. */
struct track {
	uint64_t begin, end;
};

struct port {
	uint64_t id;
	uint32_t pid;
	uint32_t tid;		/* of its first track; the others follow */
	char label[TEXT_SIZE + 64];
	uint64_t loans;		/* that are out */
	unsigned int used;	/* tracks */
	struct track tracks[TRACKS];
	struct span_list spans;	/* in the order in which they began */
	TAILQ_ENTRY(port) link;
};

struct tracks {
	struct trace_json *file;
	uint32_t next_tid;
	struct table ports, spans;
	TAILQ_HEAD(, port) all;
};

void tracks_init(struct tracks *tracks, struct trace_json *file);

/* Closes all ports. */
void tracks_deinit(struct tracks *tracks, uint64_t time);

struct port *port_find(const struct tracks *tracks, uint64_t id);

/* Both make it if there is none of this id.  NULL if there is no room for it. */
struct port *port_get(struct tracks *tracks, uint64_t id, uint32_t pid);
struct port *port_name(struct tracks *tracks, uint64_t id, uint32_t pid, const char *role,
		       const char *service);

/* Closes its spans. */
void port_close(struct tracks *tracks, struct port *port, uint64_t time);

/* A time on its first track. */
struct point port_point(const struct port *port, uint64_t time);

/* The counter is shown as the label and what. */
void port_count(struct tracks *tracks, const struct port *port, uint64_t time,
		const char *what, uint64_t value);

/* The span that an event is about, or NULL; it has process, port and address. */
struct span *span_find(const struct tracks *tracks, const struct event_record *event);

/* NULL if there is no room for it. */
struct span *span_open(struct tracks *tracks, const struct event_record *event,
		       enum span_kind kind, uint64_t time);

/*
 * Writes the slice, and the arrow that leads to it.  Returns a point within it for arrows
 * that begin there; no point if it was not drawn.
 */
struct point span_close(struct tracks *tracks, struct span *span, const char *name,
			uint64_t time);

#endif /* TRACE_TRACKS_H */
