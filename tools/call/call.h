/* SPDX-License-Identifier: MIT */
/*
 * sluice call - shared by its files
 *
 *	call.c		the verb: one request after the other, and their responses
 *	options.c	the command line
 *	data.c		the bytes of the request, or its fields
 *	print.c		a response, in each of its printed forms
 */
#ifndef TOOLS_CALL_H
#define TOOLS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice.h>

#include "tools/chosen_service.h"
#include "tools/contract.h"
#include "tools/payload/service_shapes.h"
#include "tools/text/bytes.h"
#include "tools/text/say.h"

enum call_form { CALL_TEXT, CALL_HEX, CALL_JSON, CALL_RAW };

struct call_options {
	struct chosen_service service;
	const char *file;		/* "-" standard input; NULL: the data is there */
	const char *types;		/* a program; NULL: those of the processes */
	const char *header_fields;	/* JSON; NULL: it was given as bytes, or not at all */
	bool fields, bytes;
	bool hex, json, raw;
	bool with_header;
	bool verbose;
	bool one;			/* each request goes to one server */
	enum call_form form;		/* that comes of these */
	uint64_t count;
	double rate;			/* a second; 0: as fast as it goes */
	int64_t timeout;		/* nanoseconds */
	unsigned int servers;
};

struct call {
	struct call_options options;
	struct bytes data;		/* of each request */
	struct bytes header;
	size_t elements;		/* of the data */

	struct contract contract;
	struct service_shapes shapes;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_client *client;
	struct bytes response;		/* a copy of the one that is printed */

	uint64_t sent, answered, failed;
	struct bytes times;		/* int64_t: round trips of those that were answered */
};

/* The argument of call_print(). */
struct call_response {
	uint64_t request;		/* from 1 */
	uint64_t index;			/* from 1, among those to that request */
	int64_t round_trip;		/* nanoseconds since the request was sent */
	const struct bytes *bytes;	/* the user header, and the elements */
	size_t header;			/* bytes of the user header */
	uint64_t server;		/* its id; 0: not known */
	const struct call *call;
};

#define call_say(...)	say("call", __VA_ARGS__)

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
int call_parse(struct call *call, int argc, char **argv);

/* Reads the data that is not on the command line.  0, or -1 and a sentence was printed. */
int call_read_data(struct call *call);

/*
 * Finds the shapes of the messages, and makes bytes of data and header if they are JSON.  0, or
 * -1 and a sentence was printed.
 */
int call_use_fields(struct call *call);

/* Has the user header the size that the service wants?  0, or -1 and a sentence was printed. */
int call_check_header(const struct call *call);

/* Prints which server has sent a response, on standard error. */
void call_tell_server(const struct call_response *response);

/* Prints a response, and flushes standard output.  0, or -errno. */
int call_print(enum call_form form, const struct call_response *response);

#endif /* TOOLS_CALL_H */
