// SPDX-License-Identifier: MIT
/*
 * Requests and replies of sluice serve by their fields.  With --fields the command reads a line
 * of JSON and writes one; with --json the report of a request has its fields.
 *
 * A request is copied before it is printed: its client can still write where it lies.
 */
#include "serve.h"

#include <errno.h>
#include <string.h>

int fields_find(struct serve *serve)
{
	const struct serve_options *options = &serve->options;
	const struct sluice_contract *contract = &serve->contract.contract;
	int r = 0;

	if (options->fields || options->types || options->json)
		r = service_shapes_find(&serve->shapes, contract, serve->contract.service,
					options->types);
	if (r < 0 && (options->fields || options->types))
		return serve_say("%s", serve->shapes.why);
	if (options->fields && !serve->shapes.request && !serve->shapes.response)
		return serve_say("messages of %s are bytes, and have no fields",
				 options->service.name);
	return 0;
}

static int print(struct serve *serve, struct job *job)
{
	const struct sluice_active_request *request = job->request;

	serve->copy.count = 0;
	if (bytes_add(&serve->copy, request->size ? request->data : "", request->size) < 0)
		return -ENOMEM;
	return service_shapes_print(&serve->fields, serve->shapes.request,
				    &serve->contract.contract.request, serve->copy.at,
				    serve->copy.count);
}

int fields_of_request(struct serve *serve, struct job *job)
{
	int r;

	serve->fields.count = 0;
	if (!serve->shapes.request)
		return 0;
	r = print(serve, job);
	if (r < 0 && serve->options.fields)
		return job_failed(job, "its fields cannot be printed: %s", strerror(-r));
	if (r < 0 || !serve->options.fields)
		return 0;
	if (bytes_add(&serve->fields, "\n", 1) < 0)
		return job_failed(job, "there is no memory");
	job->input = serve->fields.at;
	job->input_bytes = serve->fields.count;
	return 0;
}

int fields_of_reply(struct serve *serve, struct job *job, const void *text, size_t length,
		    struct bytes *ret_bytes)
{
	char why[SERVICE_SHAPES_WHY];

	if (service_shapes_read(ret_bytes, serve->shapes.response,
				&serve->contract.contract.response, text, length, why) < 0)
		return job_failed(job, "the reply: %s", why);
	return 0;
}
