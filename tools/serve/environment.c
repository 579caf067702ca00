// SPDX-License-Identifier: MIT
/*
 * The environment of a command, which describes its request.
 *
 * It is this process's own environment, without the variables that are set here: those
 * of the service once, and those of a request for each, in buffers that are used again.
 *
 *	SLUICE_SERVICE	 name of the service
 *	SLUICE_DOMAIN	 where it is; of this process's own, if no --domain was given
 *	SLUICE_REQUEST	 number of the request, from 1
 *	SLUICE_BYTES	 of its elements
 *	SLUICE_ELEMENTS	 how many these are
 *	SLUICE_HEADER	 its user header as hex digits, if it has one that is not too long
 */
#include "environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_MOST	4096u
#define TEXT_SIZE	(2 * HEADER_MOST + 32)	/* holds names of services and domains, too */

enum { SERVICE, REQUEST, BYTES, ELEMENTS, DOMAIN, HEADER, VARIABLES };

static const char *const names[VARIABLES] = {
	[SERVICE]  = "SLUICE_SERVICE=",
	[REQUEST]  = "SLUICE_REQUEST=",
	[BYTES]	   = "SLUICE_BYTES=",
	[ELEMENTS] = "SLUICE_ELEMENTS=",
	[DOMAIN]   = "SLUICE_DOMAIN=",
	[HEADER]   = "SLUICE_HEADER=",
};

struct environment {
	char text[VARIABLES][TEXT_SIZE];
	char *at[];			/* ours, those of this process, NULL */
};

static bool is_set_here(const char *variable, bool with_domain)
{
	for (unsigned int i = 0; i < VARIABLES; i++)
		if ((i != DOMAIN || with_domain) &&
		    strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void set_text(struct environment *environment, unsigned int which, const char *value)
{
	snprintf(environment->text[which], TEXT_SIZE, "%s%s", names[which], value);
}

static void set_number(struct environment *environment, unsigned int which, uint64_t value)
{
	snprintf(environment->text[which], TEXT_SIZE, "%s%" PRIu64, names[which], value);
}

struct environment *environment_create(const struct serve *serve)
{
	const char *domain = serve->options.service.domain;
	struct environment *environment;
	size_t inherited = 0, n = 0;

	while (environ[inherited])
		inherited++;
	environment = calloc(1, sizeof(*environment) +
			     (VARIABLES + inherited + 1) * sizeof(environment->at[0]));
	if (!environment)
		return NULL;
	set_text(environment, SERVICE, serve->options.service.name);
	if (domain)
		set_text(environment, DOMAIN, domain);
	for (unsigned int i = 0; i < VARIABLES; i++)
		if ((i != DOMAIN || domain) &&
		    (i != HEADER || serve->contract.contract.request_header.size))
			environment->at[n++] = environment->text[i];
	for (size_t i = 0; i < inherited; i++)
		if (!is_set_here(environ[i], domain))
			environment->at[n++] = environ[i];
	return environment;
}

static void set_header(struct environment *environment, const struct serve *serve,
		       const struct job *job)
{
	size_t size = (size_t)serve->contract.contract.request_header.size;
	char *text = environment->text[HEADER];
	size_t name = strlen(names[HEADER]);

	if (size > HEADER_MOST)
		size = 0;
	memcpy(text, names[HEADER], name);
	if (size)
		bytes_to_hex(text + name, job->request->header, size);
	text[name + 2 * size] = 0;
}

char **environment_for(struct environment *environment, const struct serve *serve,
		       const struct job *job)
{
	set_number(environment, REQUEST, job->number);
	set_number(environment, BYTES, job->bytes);
	set_number(environment, ELEMENTS, job->elements);
	set_header(environment, serve, job);
	return environment->at;
}

void environment_free(struct environment *environment)
{
	free(environment);
}
