/* SPDX-License-Identifier: MIT */
/*
 * sluice serve - shared by its files
 *
 *	serve.c		the verb: one request after the other, and its replies
 *	options.c	the command line
 *	command.c	a request's command, from its start to its end
 *	environment.c	the environment of the command
 *	fields.c	requests and replies by their fields
 */
#ifndef TOOLS_SERVE_H
#define TOOLS_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice.h>

#include "tools/chosen_service.h"
#include "tools/contract.h"
#include "tools/payload/program_contract.h"
#include "tools/payload/service_shapes.h"
#include "tools/text/bytes.h"
#include "tools/text/say.h"

struct environment;

struct serve_options {
	struct chosen_service service;
	char **command;			/* ends with NULL; or NULL: echo */
	struct sluice_type request;	/* without a name: not given */
	struct sluice_type response;
	uint64_t count;			/* requests; 0: until interrupted */
	int64_t timeout;		/* of a command, in nanoseconds; 0: none */
	const char *types;		/* a program; NULL: those of the processes */
	bool lines;
	bool fields;			/* the command reads and writes JSON */
	bool json;
	bool verbose;
};

struct serve {
	struct serve_options options;
	struct contract contract;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;
	struct environment *environment;	/* of commands */
	struct program_contract of_program;	/* with --types, if there was no service */
	struct service_shapes shapes;
	struct bytes copy;			/* of the request, for its fields */
	struct bytes fields;			/* of the request; empty: not known */
	struct bytes output;			/* of the command */

	uint64_t requests, answered, failed, replies;
};

/* A request, from its receipt to its release. */
struct job {
	struct sluice_active_request *request;
	uint64_t number;		/* from 1 */
	size_t bytes, elements;		/* of the request */
	const void *input;		/* of the command */
	size_t input_bytes;
	uint64_t replies;
	uint64_t reply_bytes;
	char why[CONTRACT_WHY];		/* it failed: a sentence; else empty */
};

#define serve_say(...)	say("serve", __VA_ARGS__)

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
int serve_parse(struct serve_options *options, int argc, char **argv);

/* Writes down why a job has failed.  -1. */
__attribute__((__format__(__printf__, 2, 3)))
int job_failed(struct job *job, const char *format, ...);

/* Sends a reply of these bytes.  0, or -1 and job->why. */
int job_reply(struct serve *serve, struct job *job, const void *data, size_t bytes);

/* The same for what the command has written, which may be JSON. */
int job_reply_output(struct serve *serve, struct job *job, const void *data, size_t bytes);

/* Finds the shapes that the options need.  0, or -1 and a sentence was printed. */
int fields_find(struct serve *serve);

/* Makes the fields of a request, if they are needed.  0, or -1 and job->why. */
int fields_of_request(struct serve *serve, struct job *job);

/* Appends the bytes of a reply that is JSON.  0, or -1 and job->why. */
int fields_of_reply(struct serve *serve, struct job *job, const void *text, size_t length,
		    struct bytes *ret_bytes);

/* Is there a command of this name, and may this user run it? */
bool command_exists(const char *name);

/* Runs the command for a job and sends its output as replies.  0, or -1 and job->why. */
int command_run(struct serve *serve, struct job *job);

#endif /* TOOLS_SERVE_H */
