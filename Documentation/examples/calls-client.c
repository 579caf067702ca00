/* SPDX-License-Identifier: MIT */
/*
 * calls-client.c - many small calls, several under way at once
 *
 * Shows fixed-size structs, and that a client need not wait for one answer
 * before it asks the next question.  Every server answers every call; run as
 * many of either as you like.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls.h"
#include "usage.h"

#define ARGUMENTS "[-n N|--calls N] [--servers N]"

static struct sluice_pending_response *call(struct sluice_client *client,
					    uint64_t number)
{
	struct sluice_pending_response *pending;
	struct sluice_request *request;

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	*(struct call *)request->data = (struct call){ number };

	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

static void check(uint64_t number, const struct root *answer)
{
	if (answer->root > UINT32_MAX || answer->remainder > 2 * answer->root ||
	    answer->root * answer->root + answer->remainder != number)
		errx(1, "the root of %" PRIu64 " is not %" PRIu64,
		     number, answer->root);
}

/* Every answer to one call; returns how many there were. */
static uint64_t collect(struct sluice_pending_response *pending)
{
	const struct call *asked = pending->data;
	struct sluice_response *response;
	uint64_t answers = 0;

	sluice_for_each_response(response, pending, SLUICE_FOREVER) {
		check(asked->number, response->data);
		answers++;
	}
	if (errno != EPIPE)	/* EPIPE: nobody has more to say */
		errx(1, "%s", sluice_strerror());
	if (answers != (uint64_t)sluice_pending_response_servers(pending))
		errx(1, "a server left without an answer to %" PRIu64, asked->number);
	sluice_pending_response_release(pending);
	return answers;
}

static uint64_t number_in(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end)
		errx(2, "%s: not a number", text);
	return number;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "calls",   required_argument, NULL, 'n' },
		{ "servers", required_argument, NULL, 's' },
		{ 0 },
	};
	struct sluice_pending_response *flight[IN_FLIGHT] = { NULL };
	uint64_t count = 100000, answers = 0;
	unsigned int servers = 1;
	int option;

	usage(argc, argv, ARGUMENTS);
	while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
		if (option == 'n')
			count = number_in(optarg);
		else if (option == 's')
			servers = (unsigned int)number_in(optarg);
		else
			errx(2, "usage: " ARGUMENTS);
	}

	sluice_auto(sluice_node) node = sluice_node_create("calls-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &calls, &calls_opts);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, servers, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	/* The answers to one call are collected when its place is needed again. */
	for (uint64_t i = 0; i < count + IN_FLIGHT; i++) {
		struct sluice_pending_response **place = &flight[i % IN_FLIGHT];

		if (*place)
			answers += collect(*place);
		*place = i < count ? call(client, i * i * i) : NULL;
	}

	printf("%" PRIu64 " calls, %d under way at once: %" PRIu64 " answers, all right\n",
	       count, IN_FLIGHT, answers);
	return 0;
}
