/* SPDX-License-Identifier: MIT */
/*
 * calls-client.c - many small calls, several under way at once
 *
 * Shows fixed-size structs, that a client need not wait for one answer before it asks the
 * next question, and that one call receives all answers that are there, to whichever
 * questions.  Every server answers every call; run as many of either as you like.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "usage.h"

#define ARGUMENTS "[-n N|--calls N] [--servers N]"

static void call(struct sluice_client *client, uint64_t number)
{
	struct sluice_request *request;

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	*(struct call *)request->data = (struct call){ number };

	/* The client knows it from here on, and its arrivals name it. */
	if (!sluice_request_send(request))
		errx(1, "%s", sluice_strerror());
}

static void check(uint64_t number, const struct root *answer)
{
	if (answer->root > UINT32_MAX || answer->remainder > 2 * answer->root ||
	    answer->root * answer->root + answer->remainder != number)
		errx(1, "the root of %" PRIu64 " is not %" PRIu64,
		     number, answer->root);
}

/* What has been asked, and what came of it. */
struct tally {
	uint64_t under_way;	/* calls whose last answer has not come */
	uint64_t wanted;	/* answers to the others: one of each server */
	uint64_t answers;
};

/* An answer to a call, or the end of its answers. */
static void take(const struct sluice_arrival *arrival, struct tally *tally)
{
	const struct call *asked = arrival->pending->data;

	if (arrival->response) {
		check(asked->number, arrival->response->data);
		sluice_response_release(arrival->response);
		tally->answers++;
		return;
	}
	if (arrival->error != EPIPE)	/* EPIPE: nobody has more to say */
		errx(1, "the root of %" PRIu64 ": %s", asked->number, strerror(arrival->error));
	tally->wanted += (uint64_t)sluice_pending_response_servers(arrival->pending);
	tally->under_way--;
	sluice_pending_response_release(arrival->pending);
}

/* All that is there, and at least one arrival. */
static void collect(struct sluice_client *client, struct tally *tally)
{
	struct sluice_arrival arrivals[IN_FLIGHT];
	int count, i;

	count = sluice_client_receive_batch(client, arrivals, IN_FLIGHT, SLUICE_FOREVER);
	if (count < 0)
		errx(1, "%s", sluice_strerror());
	for (i = 0; i < count; i++)
		take(&arrivals[i], tally);
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
	struct tally tally = { 0 };
	uint64_t count = 100000;
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

	for (uint64_t i = 0; i < count || tally.under_way; ) {
		if (i < count && tally.under_way < IN_FLIGHT) {
			call(client, i * i * i);
			tally.under_way++;
			i++;
		} else {
			collect(client, &tally);
		}
	}
	if (tally.answers != tally.wanted)
		errx(1, "a server left without an answer");

	printf("%" PRIu64 " calls, %d under way at once: %" PRIu64 " answers, all right\n",
	       count, IN_FLIGHT, tally.answers);
	return 0;
}
