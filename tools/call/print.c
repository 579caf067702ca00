// SPDX-License-Identifier: MIT
/*
 * A response, in each of the forms in which it is printed: by its fields, as text or a dump,
 * as hex digits, as JSON, or unchanged.
 *
 * A server may send anything.  It is shown as text only if all of it is UTF-8 that a
 * terminal shows and does not obey: no control characters but tabs and ends of lines.  Any
 * other byte makes it a dump, in which all such bytes are dots.
 *
 * Each response is written at once, since the next one may come much later.
 */
#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/domain/port_title.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"

#define LINE	16u	/* bytes of a line of a dump */

/* ---- Is it text? ---- */

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

static bool is_text(const unsigned char *at, size_t count)
{
	size_t length;

	for (size_t i = 0; i < count; i += length) {
		length = 1;
		if (!is_plain(at[i]) && at[i] != '\t' && at[i] != '\n')
			length = utf8_wide(at + i, count - i);
		if (!length)
			return false;
	}
	return true;
}

/* ---- The forms ---- */

/* Ends with the end of a line, so that the next begins one. */
static void print_text(const unsigned char *at, size_t count)
{
	fwrite(at, 1, count, stdout);
	if (!count || at[count - 1] != '\n')
		putchar('\n');
}

static void print_dump_line(const unsigned char *at, size_t count)
{
	for (size_t i = 0; i < LINE; i++) {
		printf(i == LINE / 2 ? "  " : " ");
		if (i < count)
			printf("%02x", at[i]);
		else
			printf("  ");
	}
	printf("  |");
	for (size_t i = 0; i < count; i++)
		putchar(is_plain(at[i]) ? at[i] : '.');
	printf("|\n");
}

static void print_dump(const unsigned char *at, size_t count)
{
	for (size_t i = 0; i < count; i += LINE) {
		printf("%08zx ", i);
		print_dump_line(at + i, count - i < LINE ? count - i : LINE);
	}
}

/* NULL: there was no memory for it. */
static char *hex_of(const unsigned char *at, size_t count)
{
	char *digits = malloc(2 * count + 1);

	if (digits) {
		bytes_to_hex(digits, at, count);
		digits[2 * count] = 0;
	}
	return digits;
}

static int print_hex(const unsigned char *at, size_t count)
{
	char *digits = hex_of(at, count);

	if (!digits)
		return -ENOMEM;
	puts(digits);
	free(digits);
	return 0;
}

static json_t *json_hex(const unsigned char *at, size_t count)
{
	char *digits = hex_of(at, count);
	json_t *string = digits ? json_string(digits) : NULL;

	free(digits);
	return string;
}

/* The fields of a response or its header; false: they are not known, or too many. */
static bool add_fields(struct bytes *text, const struct shape *shape,
		       const struct sluice_type *type, const unsigned char *at, size_t count)
{
	return shape && service_shapes_print(text, shape, type, at, count) == 0;
}

static bool print_fields(const struct call *call, const unsigned char *at, size_t count)
{
	struct bytes text = { 0 };
	bool done = add_fields(&text, call->shapes.response, &call->contract.contract.response, at,
			       count);

	if (done) {
		fwrite(text.at, 1, text.count, stdout);
		putchar('\n');
	}
	bytes_free(&text);
	return done;
}

/* Adds a member whose value is JSON already: jansson has no integers of all sizes. */
static void append_fields(struct bytes *line, const char *name, const struct shape *shape,
			  const struct sluice_type *type, const unsigned char *at, size_t count)
{
	size_t before = line->count;

	if (bytes_add(line, name, strlen(name)) < 0 || !add_fields(line, shape, type, at, count))
		line->count = before;
}

/* The line of JSON of a response, and the fields as its last members. */
static int write_line(const struct call_response *response, const char *json)
{
	const struct sluice_contract *contract = &response->call->contract.contract;
	const struct service_shapes *shapes = &response->call->shapes;
	const unsigned char *at = response->bytes->at;
	struct bytes line = { 0 };
	int r = bytes_add(&line, json, strlen(json) - 1);

	if (r == 0) {
		append_fields(&line, ",\"fields\":", shapes->response, &contract->response,
			      at + response->header, response->bytes->count - response->header);
		if (response->header)
			append_fields(&line, ",\"header_fields\":", shapes->response_header,
				      &contract->response_header, at, response->header);
		fwrite(line.at, 1, line.count, stdout);
		fputs("}\n", stdout);
	}
	bytes_free(&line);
	return r;
}

static int print_json(const struct call_response *response)
{
	const unsigned char *header = response->bytes->at, *at = header + response->header;
	size_t count = response->bytes->count - response->header;
	json_t *line;
	char *text, server[TEXT_NUMBER];
	int r;

	/* NULL is left out: no header, or bytes that are no UTF-8. */
	line = json_pack("{s:I, s:I, s:I, s:o, s:o*, s:o*, s:s, s:I}",
			 "request", (json_int_t)response->request,
			 "index", (json_int_t)response->index,
			 "bytes", (json_int_t)count,
			 "hex", json_hex(at, count),
			 "text", json_stringn((const char *)at, count),
			 "header", response->header ? json_hex(header, response->header) : NULL,
			 "server", text_id(server, response->server),
			 "round_trip_ns", (json_int_t)response->round_trip);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	r = text ? write_line(response, text) : -ENOMEM;
	free(text);
	return r;
}

/* ---- Servers ---- */

/* The server as sluice ls has it; NULL: it has come since the service was looked up. */
static const struct snapshot_port *find_server(const struct call *call, uint64_t id)
{
	const struct snapshot_service *service = call->contract.service;

	for (size_t i = 0; i < service->ports; i++)
		if (service->port[i].info.id == id)
			return &service->port[i];
	return NULL;
}

void call_tell_server(const struct call_response *response)
{
	const struct snapshot_port *port = find_server(response->call, response->server);
	char id[TEXT_NUMBER], title[PORT_TITLE], time[TEXT_NUMBER];

	fprintf(stderr, "request %" PRIu64 ", response %" PRIu64 ": %s %s", response->request,
		response->index, port ? port_title(title, port) : "server",
		text_id(id, response->server));
	if (port)
		fprintf(stderr, ", pid %" PRIu32, port->info.pid);
	fprintf(stderr, ", %s\n", text_ns(time, (uint64_t)response->round_trip));
}

/* ---- All ---- */

static int print(enum call_form form, const struct call_response *response)
{
	const unsigned char *at = response->bytes->at + response->header;
	size_t count = response->bytes->count - response->header;

	switch (form) {
	case CALL_JSON:
		return print_json(response);
	case CALL_HEX:
		return print_hex(at, count);
	case CALL_RAW:
		fwrite(at, 1, count, stdout);
		return 0;
	default:
		if (print_fields(response->call, at, count))
			return 0;
		if (is_text(at, count))
			print_text(at, count);
		else
			print_dump(at, count);
		return 0;
	}
}

int call_print(enum call_form form, const struct call_response *response)
{
	int r;

	errno = 0;
	r = print(form, response);
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = errno ? -errno : -EIO;
	return r;
}
