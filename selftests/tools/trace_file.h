/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a trace in the trace event format back, and checks what the viewers ask for:
 *
 *	- the slices of a track are disjoint or lie within each other;
 *	- arrows have two ends, each in a slice, the first before the second, and lead
 *	  from the slice of a message to a slice of the same request;
 *	- requests that begin end.
 */
#ifndef SELFTESTS_TRACE_FILE_H
#define SELFTESTS_TRACE_FILE_H

#include "common.h"

#include <jansson.h>

/* Times in nanoseconds. */
struct slice {
	json_int_t tid;
	int64_t begin, end;
	json_t *element;
};

struct trace {
	json_t *root, *elements;
	struct slice *slices;
	size_t count;
	size_t crossed;		/* arrows between messages of different length */
};

helper const char *text_of(json_t *element, const char *key)
{
	const char *text = json_string_value(json_object_get(element, key));

	return text ? text : "";
}

helper json_int_t number_of(json_t *element, const char *key)
{
	return json_integer_value(json_object_get(element, key));
}

helper json_int_t argument_of(json_t *element, const char *key)
{
	return number_of(json_object_get(element, "args"), key);
}

/* Nanoseconds; -1 if it is none, or lies between two of them. */
helper int64_t time_of(json_t *element, const char *key)
{
	double nanoseconds = json_real_value(json_object_get(element, key)) * 1000;
	int64_t whole = (int64_t)(nanoseconds + 0.5);
	double off = nanoseconds - (double)whole;

	return json_is_real(json_object_get(element, key)) && off < 0.2 && off > -0.2 ?
	       whole : -1;
}

helper bool is(json_t *element, const char *phase, const char *name)
{
	return !strcmp(text_of(element, "ph"), phase) &&
	       (!name || !strcmp(text_of(element, "name"), name));
}

helper size_t count_of(const struct trace *trace, const char *phase, const char *name)
{
	size_t i, count = 0;
	json_t *element;

	json_array_foreach(trace->elements, i, element)
		count += is(element, phase, name);
	return count;
}

/* The last one of them, or NULL. */
helper json_t *find(const struct trace *trace, const char *phase, const char *name)
{
	json_t *element, *found = NULL;
	size_t i;

	json_array_foreach(trace->elements, i, element)
		if (is(element, phase, name))
			found = element;
	return found;
}

/* By track; then in the order in which they contain each other. */
helper int compare_slices(const void *left, const void *right)
{
	const struct slice *a = left, *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end > b->end ? -1 : a->end < b->end;
}

helper void collect_slices(struct __test_metadata *_metadata, struct trace *trace)
{
	json_t *element;
	size_t i;

	trace->slices = calloc(json_array_size(trace->elements) + 1, sizeof(*trace->slices));
	ASSERT_NE(NULL, trace->slices);
	json_array_foreach(trace->elements, i, element) {
		if (!is(element, "X", NULL))
			continue;
		ASSERT_LE(0, time_of(element, "ts"));
		ASSERT_LE(2, time_of(element, "dur"));
		trace->slices[trace->count++] = (struct slice){
			.tid = number_of(element, "tid"),
			.begin = time_of(element, "ts"),
			.end = time_of(element, "ts") + time_of(element, "dur"),
			.element = element,
		};
	}
	qsort(trace->slices, trace->count, sizeof(*trace->slices), compare_slices);
}

/* The innermost slice around the time of an element on its track, or NULL. */
helper const struct slice *slice_around(const struct trace *trace, json_t *element)
{
	json_int_t tid = number_of(element, "tid");
	int64_t time = time_of(element, "ts");
	const struct slice *found = NULL;

	for (size_t i = 0; i < trace->count; i++)
		if (trace->slices[i].tid == tid && trace->slices[i].begin < time &&
		    time < trace->slices[i].end)
			found = &trace->slices[i];
	return found;
}

helper bool well_nested(const struct trace *trace)
{
	const struct slice *slice, *open[256];
	size_t depth = 0;

	for (slice = trace->slices; slice < trace->slices + trace->count; slice++) {
		while (depth && (open[depth - 1]->tid != slice->tid ||
				 open[depth - 1]->end <= slice->begin))
			depth--;
		if (depth && open[depth - 1]->end < slice->end)
			return false;
		if (depth == 256)
			return false;
		open[depth++] = slice;
	}
	return true;
}

helper void check_elements(struct __test_metadata *_metadata, const struct trace *trace)
{
	json_t *element;
	size_t i;

	json_array_foreach(trace->elements, i, element) {
		ASSERT_EQ(1, strlen(text_of(element, "ph")));
		ASSERT_NE(NULL, strchr("XMsfbeCi", text_of(element, "ph")[0]));
		ASSERT_NE(0, text_of(element, "name")[0]);
		ASSERT_LE(0, time_of(element, "ts"));
		ASSERT_LT(0, number_of(element, "pid"));
		ASSERT_LT(0, number_of(element, "tid"));
	}
}

/* Arrows are told apart by their number; its end stands anywhere. */
helper void check_arrows(struct __test_metadata *_metadata, struct trace *trace)
{
	size_t i, count = count_of(trace, "s", NULL);
	json_t **starts = calloc(count + 1, sizeof(json_t *)), *element, *start;
	const struct slice *from, *to;

	ASSERT_NE(NULL, starts);
	EXPECT_EQ(count, count_of(trace, "f", NULL));
	json_array_foreach(trace->elements, i, element) {
		if (!is(element, "s", NULL))
			continue;
		ASSERT_LT(0, number_of(element, "id"));
		ASSERT_GE((json_int_t)count, number_of(element, "id"));
		ASSERT_EQ(NULL, starts[number_of(element, "id")]);
		starts[number_of(element, "id")] = element;
	}
	json_array_foreach(trace->elements, i, element) {
		if (!is(element, "f", NULL))
			continue;
		ASSERT_LT(0, number_of(element, "id"));
		ASSERT_GE((json_int_t)count, number_of(element, "id"));
		start = starts[number_of(element, "id")];
		ASSERT_NE(NULL, start);
		starts[number_of(element, "id")] = NULL;
		from = slice_around(trace, start);
		to = slice_around(trace, element);
		ASSERT_NE(NULL, from);
		ASSERT_NE(NULL, to);
		EXPECT_LT(time_of(start, "ts"), time_of(element, "ts"));
		EXPECT_STREQ("e", text_of(element, "bp"));
		EXPECT_STREQ(text_of(start, "name"), text_of(element, "name"));
		EXPECT_STREQ(text_of(start, "cat"), text_of(element, "cat"));
		EXPECT_STREQ("build", text_of(from->element, "name"));
		EXPECT_EQ(argument_of(from->element, "request"),
			  argument_of(to->element, "request"));
		EXPECT_STREQ(is(start, "s", "request") ? "handle" : "hold",
			     text_of(to->element, "name"));
		trace->crossed += argument_of(from->element, "bytes") !=
				  argument_of(to->element, "bytes");
	}
	free(starts);
}

helper void check_requests(struct __test_metadata *_metadata, const struct trace *trace)
{
	json_t *open = json_object(), *element, *begin;
	size_t i;

	json_array_foreach(trace->elements, i, element) {
		const char *id = text_of(element, "id");

		if (is(element, "b", NULL)) {
			EXPECT_STREQ("request", text_of(element, "cat"));
			EXPECT_EQ(NULL, json_object_get(open, id));
			json_object_set(open, id, element);
		} else if (is(element, "e", NULL)) {
			begin = json_object_get(open, id);
			ASSERT_NE(NULL, begin);
			EXPECT_LE(time_of(begin, "ts"), time_of(element, "ts"));
			EXPECT_EQ(number_of(begin, "tid"), number_of(element, "tid"));
			EXPECT_STREQ(text_of(begin, "cat"), text_of(element, "cat"));
			EXPECT_STREQ(text_of(begin, "name"), text_of(element, "name"));
			json_object_del(open, id);
		}
	}
	EXPECT_EQ(0, json_object_size(open));
	json_decref(open);
}

helper size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t lines = 0;
	int c;

	if (!file)
		return 0;
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

helper void trace_read(struct __test_metadata *_metadata, struct trace *trace, const char *path)
{
	json_error_t error = { .text = "" };

	*trace = (struct trace){ .root = json_load_file(path, 0, &error) };
	ASSERT_NE(NULL, trace->root)
		TH_LOG("line %d: %s", error.line, error.text);
	trace->elements = json_object_get(trace->root, "traceEvents");
	ASSERT_TRUE(json_is_array(trace->elements));
	EXPECT_STREQ("ns", text_of(trace->root, "displayTimeUnit"));
	EXPECT_EQ(json_array_size(trace->elements) + 2, count_lines(path));
	check_elements(_metadata, trace);
	collect_slices(_metadata, trace);
	EXPECT_TRUE(well_nested(trace));
	check_arrows(_metadata, trace);
	check_requests(_metadata, trace);
}

helper void trace_drop(struct trace *trace)
{
	json_decref(trace->root);
	free(trace->slices);
	*trace = (struct trace){ .root = NULL };
}

#endif /* SELFTESTS_TRACE_FILE_H */
