// SPDX-License-Identifier: MIT
/*
 * sluice serve - serves a service with a command, or as an echo
 *
 * If the service exists its contract is taken from the registry; else it is made with the
 * types that were given, or slices of bytes.  Types that were given are asked for in
 * either case, so that the library refuses a service that has others.  Between the look
 * and the opening the service may come or go: then the library compares, or makes it.
 *
 * One request is served at a time; meanwhile others are queued:
 *
 *	receive --> echo, or command --+--> replies	answered
 *				       \--> none	failed, and the reason is printed
 *
 *  1. Each request is released before the next is received, whatever its result: its client
 *     learns that this server has finished with it.
 *  2. A request is read in place, and only copied.  Nothing is decided by its contents, which
 *     its client can change at any time.
 *  3. A request that fails is no failure of the server, which goes on.
 *
 * A signal that asks it to end does so after the request that is being served, whose
 * command is ended.
 */
#include "serve.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "environment.h"
#include "tools/configured.h"
#include "tools/interrupt.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

/*
 * Unread replies in a service that is made for replies by line, which may come faster than
 * they are read.
 */
#define LINES_UNREAD	1024u

/* ---- The service ----------------------------------------------------------- */

static void ask_for_types(struct serve *serve)
{
	const struct serve_options *options = &serve->options;

	if (options->request.name)
		serve->contract.contract.request = options->request;
	if (options->response.name)
		serve->contract.contract.response = options->response;
}

/* 1: the contract of an existing service; 0: one for a new service; or -1. */
static int choose_contract(struct serve *serve)
{
	const struct chosen_service *chosen = &serve->options.service;
	const struct sluice_type bytes = SLUICE_SLICE(uint8_t);
	char why[CONTRACT_WHY];
	int r;

	r = contract_find(&serve->contract, chosen->domain, chosen->name, why);
	/* The library knows more about a service of another version. */
	if (r < 0 && r != -ENOENT && r != -EPROTONOSUPPORT)
		return serve_say("%s", why);
	if (r < 0)
		serve->contract.contract = (struct sluice_contract){
			.name = chosen->name,
			.request = bytes,
			.response = bytes,
		};
	if (r < 0 && serve->options.types &&
	    program_contract_read(&serve->of_program, serve->options.types, chosen->name, why) < 0)
		return serve_say("%s", why);
	if (r < 0 && serve->options.types)
		serve->contract.contract = serve->of_program.contract;
	ask_for_types(serve);
	return r == 0;
}

static int check_echo(const struct serve *serve)
{
	const struct sluice_contract *contract = &serve->contract.contract;

	if (serve->options.command || contract->request.kind != SLUICE_KIND_FIXED ||
	    contract->response.kind != SLUICE_KIND_FIXED ||
	    contract->request.size == contract->response.size)
		return 0;
	return serve_say("requests have %" PRIu64 " bytes and responses %" PRIu64
			 ", so there must be a COMMAND to answer them",
			 contract->request.size, contract->response.size);
}

static int open_service(struct serve *serve, bool exists)
{
	const struct chosen_service *chosen = &serve->options.service;
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.domain = chosen->domain);
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.flags = chosen_service_flags(chosen), .refused_flags = chosen->refused,
		.max_response_buffer_size = serve->options.lines && !exists ? LINES_UNREAD : 0);

	serve->node = sluice_node_create("sluice-serve", &node);
	interrupt_catch(serve->node);
	serve->service = sluice_service_open(serve->node, &serve->contract.contract, &service);
	serve->server = sluice_server_create(serve->service, NULL);
	if (!serve->server)
		return serve_say("%s", sluice_strerror());
	serve->environment = environment_create(serve);
	return serve->environment ? 0 : serve_say("there is no memory");
}

/* Everything before the first request.  0, or -1 and a sentence was printed. */
static int prepare(struct serve *serve)
{
	char **command = serve->options.command;
	int exists;

	if (command && !command_exists(command[0]))
		return serve_say("there is no command %s that this user may run", command[0]);
	exists = choose_contract(serve);
	if (exists < 0 || check_echo(serve) < 0 || fields_find(serve) < 0 ||
	    open_service(serve, exists) < 0)
		return -1;
	return 0;
}

static void finish(struct serve *serve)
{
	interrupt_forget();
	sluice_server_destroy(serve->server);
	sluice_service_close(serve->service);
	sluice_node_destroy(serve->node);
	contract_free(&serve->contract);
	program_contract_free(&serve->of_program);
	service_shapes_free(&serve->shapes);
	bytes_free(&serve->copy);
	bytes_free(&serve->fields);
	environment_free(serve->environment);
	bytes_free(&serve->output);
}

/* ---- One request ----------------------------------------------------------- */

int job_failed(struct job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(job->why, sizeof(job->why), format, arguments);
	va_end(arguments);
	return -1;
}

/* An echo has the header of its request, if it is one of the same size. */
static void fill_header(const struct serve *serve, const struct job *job,
			struct sluice_reply *reply)
{
	const struct sluice_contract *contract = &serve->contract.contract;
	size_t size = (size_t)contract->response_header.size;

	if (!size)
		return;
	if (!serve->options.command && contract->request_header.size == size)
		memcpy(reply->header, job->request->header, size);
	else
		memset(reply->header, 0, size);
}

int job_reply(struct serve *serve, struct job *job, const void *data, size_t bytes)
{
	char why[CONTRACT_WHY];
	struct sluice_reply *reply;
	size_t elements;
	int r;

	if (contract_elements(&serve->contract.contract.response, bytes, &elements, why) < 0)
		return job_failed(job, "the reply %s", why);
	reply = sluice_active_request_loan(job->request, elements);
	if (!reply)
		return job_failed(job, "%s", sluice_strerror());
	fill_header(serve, job, reply);
	if (bytes)
		memcpy(reply->data, data, bytes);
	/* This waits if responses do not overflow. */
	do
		r = sluice_reply_send(reply);
	while (r == -EINTR && !interrupted);
	if (r < 0) {
		job_failed(job, "%s", sluice_strerror());
		(void)sluice_reply_release(reply);	/* if it is still there */
		return -1;
	}
	job->replies++;
	job->reply_bytes += bytes;
	return 0;
}

int job_reply_output(struct serve *serve, struct job *job, const void *data, size_t bytes)
{
	struct bytes made = { 0 };
	int r;

	if (!serve->options.fields || !serve->shapes.response)
		return job_reply(serve, job, data, bytes);
	r = fields_of_reply(serve, job, data, bytes, &made);
	if (r == 0)
		r = job_reply(serve, job, made.at, made.count);
	bytes_free(&made);
	return r;
}

/* ---- Reports ---- */

static void tell(const struct job *job, int64_t took)
{
	char time[TEXT_NUMBER];

	fprintf(stderr, "request %" PRIu64 ": %zu bytes, replies: %" PRIu64 " of %" PRIu64
		" bytes, %s\n", job->number, job->bytes, job->replies, job->reply_bytes,
		text_ns(time, (uint64_t)took));
}

/* 0, or -1: it cannot be written. */
static int tell_json(const struct serve *serve, const struct job *job, int64_t took)
{
	char why[TEXT_CLEAN(CONTRACT_WHY)];
	json_t *line = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s*}",
				 "request", (json_int_t)job->number,
				 "bytes", (json_int_t)job->bytes,
				 "elements", (json_int_t)job->elements,
				 "replies", (json_int_t)job->replies,
				 "reply_bytes", (json_int_t)job->reply_bytes,
				 "ns", (json_int_t)took,
				 "error", job->why[0] ? text_utf8(why, sizeof(why), job->why) :
							NULL);
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	const struct bytes *fields = &serve->fields;

	json_decref(line);
	if (!text)
		return serve_say("request %" PRIu64 ": no JSON can be made of it", job->number);
	errno = 0;
	/* The fields are JSON already, and come last. */
	printf("%.*s", (int)strlen(text) - 1, text);
	if (fields->count)
		printf(",\"fields\":%.*s", (int)strcspn((const char *)fields->at, "\n"), fields->at);
	printf("}\n");
	free(text);
	if (fflush(stdout) || ferror(stdout))
		return serve_say("cannot write: %s", strerror(errno));
	return 0;
}

static void summarise(const struct serve *serve)
{
	int64_t late = sluice_server_expired(serve->server);

	fprintf(stderr, "%" PRIu64 " requests, %" PRIu64 " answered, %" PRIu64 " failed; %" PRIu64
		" replies", serve->requests, serve->answered, serve->failed, serve->replies);
	if (late > 0)
		fprintf(stderr, "; %" PRId64 " more requests came too late", late);
	fputc('\n', stderr);
}

/* ---- The course of it ------------------------------------------------------ */

static int answer(struct serve *serve, struct job *job)
{
	if (serve->options.command)
		return command_run(serve, job);
	return job_reply(serve, job, job->request->data, job->request->size);
}

static void count(struct serve *serve, const struct job *job)
{
	serve->replies += job->replies;
	if (job->why[0])
		serve->failed++;
	else
		serve->answered++;
}

/* 0, or -1: the report cannot be written. */
static int serve_one(struct serve *serve, struct sluice_active_request *request)
{
	struct job job = {
		.request = request,
		.number = ++serve->requests,
		.bytes = request->size,
		.elements = request->count,
		.input = request->data,
		.input_bytes = request->size,
	};
	int64_t begin = sluice_deadline(0), took;
	int r = 0;

	if (fields_of_request(serve, &job) < 0 || answer(serve, &job) < 0)
		serve_say("request %" PRIu64 ": %s", job.number, job.why);
	/* The client need not wait for the report. */
	(void)sluice_active_request_release(request);
	took = sluice_deadline(0) - begin;
	count(serve, &job);
	if (serve->options.json)
		r = tell_json(serve, &job, took);
	else if (serve->options.verbose && !job.why[0])
		tell(&job, took);
	return r;
}

static int serve_all(struct serve *serve)
{
	struct sluice_active_request *request;
	uint64_t most = serve->options.count;
	int r = 0;

	while (r == 0 && !interrupted && (!most || serve->requests < most)) {
		request = sluice_server_receive(serve->server, SLUICE_FOREVER);
		if (request)
			r = serve_one(serve, request);
		else if (errno != EINTR)
			r = serve_say("%s", sluice_strerror());
	}
	return r;
}

static int run(struct serve *serve)
{
	int r;

	setvbuf(stderr, NULL, _IOLBF, 0);	/* others write there, too */
	signal(SIGPIPE, SIG_IGN);	/* a command need not read its input */
	signal(SIGCHLD, SIG_DFL);	/* and is reaped here */
	if (prepare(serve) < 0)
		return -1;
	serve_say("serves %s in the domain %s; ^C ends it", serve->options.service.name,
		  configured_domain(serve->options.service.domain));
	r = serve_all(serve);
	summarise(serve);
	return r;
}

int verb_serve(int argc, char **argv)
{
	static struct serve serve;
	int r = serve_parse(&serve.options, argc, argv);

	if (r > 0)
		return r;
	if (r < 0)
		return 0;
	r = run(&serve);
	finish(&serve);
	return r < 0;
}
