/* SPDX-License-Identifier: MIT */
/*
 * workers-client.c - has workers count the primes below a million, a range at a time
 *
 * Shows requests that go to one server each, the least busy one, and that the client
 * need not know how many there are.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers.h"
#include "usage.h"

#define LAST		1000000
#define RANGE		10000
#define IN_FLIGHT	16

static struct sluice_pending_response *ask(struct sluice_client *client, uint64_t first)
{
	struct sluice_pending_response *pending;
	struct sluice_request *request;

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	*(struct range *)request->data = (struct range){ first, RANGE };
	sluice_request_set_route(request, SLUICE_ROUTE_ONE);

	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

/* The one answer; if the worker died before it had sent it, that is ECONNRESET. */
static uint64_t collect(struct sluice_pending_response *pending)
{
	struct sluice_response *response;
	uint64_t count;

	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	count = ((const struct primes *)response->data)->count;
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	return count;
}

int main(int argc, char **argv)
{
	unsigned int servers = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 1;
	struct sluice_pending_response *flight[IN_FLIGHT] = { NULL };
	uint64_t primes = 0;

	usage(argc, argv, "[SERVERS]");
	sluice_auto(sluice_node) node = sluice_node_create("workers-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &workers, &workers_opts);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, servers, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	for (uint64_t i = 0; i < LAST / RANGE + IN_FLIGHT; i++) {
		struct sluice_pending_response **place = &flight[i % IN_FLIGHT];

		if (*place)
			primes += collect(*place);
		*place = i < LAST / RANGE ? ask(client, i * RANGE) : NULL;
	}
	printf("%" PRIu64 " primes below %d\n", primes, LAST);
	return 0;
}
