// SPDX-License-Identifier: MIT
/*
 * A captured message as a line of JSON, an object of:
 *
 *	time		nanoseconds since 1970
 *	service		its name
 *	kind		"request" or "reply"
 *	client, server	ids of their ports
 *	request		number of the request
 *	pid		of the sender
 *	count		of the elements; null: their type is not known
 *	bytes		of the elements
 *	captured	how many bytes are in the file, of all that is in front of the elements
 *			and of the elements
 *	header_fields	the user header by its fields; or
 *	header		the captured bytes in front of the elements, if there are such: hex digits
 *	fields		the elements by their fields; or
 *	hex		the captured bytes of the elements: hex digits
 *
 * It is written by hand, since jansson has no integers of all sizes.  The message and the name
 * of its service may be anything: the reader holds that no more is captured than there is, and
 * the layout was given only if the sizes fit.  Fields are printed only of what is there whole.
 */
#include "message_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/text/printable.h"

#define TEXT	256	/* several numbers and their names */

/* A part of a message: what there is of it. */
struct part {
	const unsigned char *at;
	size_t captured;
};

__attribute__((__format__(__printf__, 2, 3)))
static int put(struct bytes *line, const char *format, ...)
{
	char text[TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return bytes_add(line, text, strlen(text));
}

static int put_name(struct bytes *line, const char *name)
{
	size_t size = TEXT_CLEAN(strlen(name) + 1);
	char *clean = malloc(size), *text;
	json_t *string = clean ? json_string(text_utf8(clean, size, name)) : NULL;
	int r;

	text = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
	r = text ? bytes_add(line, text, strlen(text)) : -ENOMEM;
	free(text);
	json_decref(string);
	free(clean);
	return r;
}

static int put_hex(struct bytes *line, const char *name, const struct part *part)
{
	int r = put(line, ",\"%s\":\"", name);

	if (part->captured > SIZE_MAX / 2)
		return -ENOMEM;
	if (r == 0)
		r = bytes_reserve(line, 2 * part->captured);
	if (r < 0)
		return r;
	bytes_to_hex((char *)line->at + line->count, part->at, part->captured);
	line->count += 2 * part->captured;
	return put(line, "\"");
}

/* 1: it was put; 0: it has no fields, or not all of it is there, or they are too many. */
static int put_fields(struct bytes *line, const char *name, const struct shape *shape,
		      const struct sluice_type *type, const struct part *part, uint64_t size)
{
	size_t before = line->count;
	int r;

	if (!shape || part->captured < size)
		return 0;
	r = put(line, ",\"%s\":", name);
	if (r == 0)
		r = service_shapes_print(line, shape, type, part->at, (size_t)size);
	if (r == 0)
		return 1;
	line->count = before;
	return r == -ENOMEM ? r : 0;
}

static int put_header(struct bytes *line, const struct message_layout *layout,
		      const struct part *part)
{
	int r = 0;

	if (layout->header)
		r = put_fields(line, "header_fields", layout->header_shape, layout->header, part,
			       layout->header->size);
	return r ? (r > 0 ? 0 : r) : put_hex(line, "header", part);
}

static int put_elements(struct bytes *line, const struct message_layout *layout,
			const struct part *part, uint64_t bytes)
{
	int r = put_fields(line, "fields", layout->shape, layout->type, part, bytes);

	return r ? (r > 0 ? 0 : r) : put_hex(line, "hex", part);
}

/* The part that every message has. */
static int put_head(struct bytes *line, const struct capture_packet *packet,
		    const struct message_layout *layout)
{
	const struct capture_header *header = &packet->header;
	int r = put(line, "{\"time\":%" PRIu64 ",\"service\":", packet->time);

	if (r == 0)
		r = put_name(line, packet->service);
	if (r == 0)
		r = put(line, ",\"kind\":\"%s\",\"client\":\"%016" PRIx64 "\",\"server\":\"%016" PRIx64
			"\",\"request\":%" PRIu64 ",\"pid\":%" PRIu32 ",\"count\":",
			header->probe ? "reply" : "request",
			header->probe ? header->peer : header->port,
			header->probe ? header->port : header->peer, header->request, header->pid);
	if (r == 0)
		r = layout->type ? put(line, "%" PRIu64, header->bytes / layout->type->size) :
				   put(line, "null");
	if (r == 0)
		r = put(line, ",\"bytes\":%" PRIu64 ",\"captured\":%zu", header->bytes,
			packet->captured);
	return r;
}

int message_json(struct bytes *line, const struct capture_packet *packet,
		 const struct message_layout *layout)
{
	const uint32_t lead = packet->header.lead;
	const struct part front = {
		packet->payload, packet->captured < lead ? packet->captured : lead,
	};
	const struct part elements = {
		front.at + front.captured, packet->captured - front.captured,
	};
	int r = put_head(line, packet, layout);

	if (r == 0 && lead)
		r = put_header(line, layout, &front);
	if (r == 0)
		r = put_elements(line, layout, &elements, packet->header.bytes);
	return r < 0 ? r : bytes_add(line, "}\n", 2);
}
