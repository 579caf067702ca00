// SPDX-License-Identifier: MIT
/*
 * A file in the trace event format, the JSON of chrome://tracing, which Perfetto reads
 * too: an object with an array of elements, one on each line.  They need not be in the
 * order of time.
 *
 * A caller that adds an element gives its args away, even if the call fails.
 *
 * Times are written as microseconds with three digits.  15 digits of a double are exact,
 * so for eleven days from the beginning of the trace on no nanosecond is lost.
 *
 * The elements of an event are a unit of the output, which keeps or drops it as a whole.
 * So the file can always be read.  The first failure is remembered, and closing returns it.
 *
 * Names come from traced processes: a command's name may be any bytes, and a string that
 * was cut may end within a character.  JSON is UTF-8, so other bytes are replaced.
 */
#include "tools/trace/trace_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/trace/output.h"

#define FORMAT	(JSON_COMPACT | JSON_REAL_PRECISION(15))

struct trace_json {
	struct output *output;
	json_int_t arrows;
	bool more;		/* there is an element already, in a unit that may be dropped */
	bool kept;		/* in one that was not */
	bool last;
	int error;		/* of the first failure, or 0 */
};

/* ---- The file ---- */

/* Takes the element; NULL if there was no memory for it. */
static void put(struct trace_json *file, json_t *element)
{
	FILE *stream = output_stream(file->output);

	if (!element) {
		file->error = ENOMEM;
		return;
	}
	fputs(file->more ? ",\n" : "\n", stream);
	file->more = true;
	if (json_dumpf(element, stream, FORMAT) < 0)
		file->error = ENOMEM;
	json_decref(element);
	if (file->last)
		trace_json_unit(file, 0);
}

void trace_json_unit(struct trace_json *file, unsigned int events)
{
	if (output_unit(file->output, events))
		file->kept = file->more;
	else
		file->more = file->kept;
}

void trace_json_begin_last(struct trace_json *file)
{
	file->last = true;
	output_begin_last(file->output);
}

struct trace_json *trace_json_open(struct output *output)
{
	struct trace_json *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->output = output;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", output_stream(output));
	trace_json_unit(file, 0);
	return file;
}

int trace_json_close(struct trace_json *file)
{
	int r = -file->error;

	fputs("\n]}\n", output_stream(file->output));
	trace_json_unit(file, 0);
	if (output_error(file->output))
		r = output_error(file->output);
	free(file);
	return r;
}

/* ---- Values ---- */

json_t *trace_json_text(const char *text, size_t max)
{
	size_t size = strnlen(text, max), i;
	json_t *string = json_stringn(text, size);
	char *copy;

	if (string)
		return string;
	copy = strndup(text, size);
	if (!copy)
		return NULL;
	for (i = 0; i < size; i++)
		if ((unsigned char)copy[i] >= 0x80)
			copy[i] = '?';
	string = json_stringn(copy, size);
	free(copy);
	return string;
}

json_t *trace_json_id(uint64_t id)
{
	return json_sprintf("%016llx", (unsigned long long)id);
}

static double microseconds(uint64_t nanoseconds)
{
	return (double)nanoseconds / 1000;
}

/* ---- Elements ---- */

/* The part that all elements have; args is taken, and may be NULL. */
static json_t *element(const char *phase, const struct point *point, const char *name,
		       json_t *args)
{
	return json_pack("{s:s, s:o, s:f, s:I, s:I, s:o*}",
			 "ph", phase,
			 "name", trace_json_text(name, SIZE_MAX),
			 "ts", microseconds(point->time),
			 "pid", (json_int_t)point->pid,
			 "tid", (json_int_t)point->tid,
			 "args", args);
}

/* Adds the part that only its kind has; NULL stays NULL. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
	if (!object) {
		json_decref(value);
		return NULL;
	}
	if (json_object_set_new(object, key, value) == 0)
		return object;
	json_decref(object);
	return NULL;
}

void trace_json_name(struct trace_json *file, const struct point *track, const char *what,
		     const char *name)
{
	put(file, element("M", track, what,
			  json_pack("{s:o}", "name", trace_json_text(name, SIZE_MAX))));
}

void trace_json_slice(struct trace_json *file, const struct point *begin, uint64_t duration,
		      const char *name, json_t *args)
{
	put(file, with(element("X", begin, name, args), "dur",
		       json_real(microseconds(duration))));
}

void trace_json_request(struct trace_json *file, const struct point *point, const char *phase,
			const char *id, json_t *args)
{
	put(file, with(with(element(phase, point, "request", args),
			    "cat", json_string("request")),
		       "id", json_string(id)));
}

void trace_json_arrow(struct trace_json *file, const struct point *from, const struct point *to,
		      const char *name)
{
	json_int_t id = ++file->arrows;

	put(file, with(with(element("s", from, name, NULL), "cat", json_string("message")),
		       "id", json_integer(id)));
	/* It ends in the slice around this time, not in the next that begins. */
	put(file, with(with(with(element("f", to, name, NULL), "cat", json_string("message")),
			    "id", json_integer(id)),
		       "bp", json_string("e")));
}

void trace_json_counter(struct trace_json *file, const struct point *point, const char *name,
			const char *unit, uint64_t value)
{
	put(file, element("C", point, name, json_pack("{s:I}", unit, (json_int_t)value)));
}

void trace_json_instant(struct trace_json *file, const struct point *point, const char *name,
			json_t *args)
{
	put(file, with(element("i", point, name, args), "s", json_string("t")));
}
