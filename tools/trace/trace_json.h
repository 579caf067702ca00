/* SPDX-License-Identifier: MIT */
/* The elements of a file in the trace event format of Chrome. */
#ifndef TRACE_TRACE_JSON_H
#define TRACE_TRACE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct trace_json;

/* A time on a track, which the format calls a thread. */
struct point {
	uint64_t time;		/* nanoseconds since the trace began */
	uint32_t pid;
	uint32_t tid;		/* unique among all processes; 0 for no point */
};

struct output;

/* Begins a file, in an output that stays the caller's.  NULL with errno. */
struct trace_json *trace_json_open(struct output *output);

/* The elements since the last call describe so many events; they are kept or dropped. */
void trace_json_unit(struct trace_json *file, unsigned int events);

/* From now on each element is a unit, which describes no event. */
void trace_json_begin_last(struct trace_json *file);

/* Ends the file.  0 or -errno of the first failure. */
int trace_json_close(struct trace_json *file);

/* what is "process_name" or "thread_name"; the time does not matter. */
void trace_json_name(struct trace_json *file, const struct point *track, const char *what,
		     const char *name);

/* A slice; those of one track are disjoint or lie within each other. */
void trace_json_slice(struct trace_json *file, const struct point *begin, uint64_t duration,
		      const char *name, json_t *args);

/* A request begins, phase "b", or ends, "e". */
void trace_json_request(struct trace_json *file, const struct point *point, const char *phase,
			const char *id, json_t *args);

/* Both points lie inside of slices, from before to. */
void trace_json_arrow(struct trace_json *file, const struct point *from, const struct point *to,
		      const char *name);

/* Perfetto shows it as name and unit. */
void trace_json_counter(struct trace_json *file, const struct point *point, const char *name,
			const char *unit, uint64_t value);

void trace_json_instant(struct trace_json *file, const struct point *point, const char *name,
			json_t *args);

/* A string of at most so many bytes.  If it is not UTF-8, bytes beyond ASCII become ?. */
json_t *trace_json_text(const char *text, size_t max);

/* An id, as everybody writes it. */
json_t *trace_json_id(uint64_t id);

#endif /* TRACE_TRACE_JSON_H */
