// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round trips within one thread, for who counts what they cost: "probes_test 1000" makes
 * 1000 of them.  A client and a server of one node poll each other, so that every round
 * trip runs through the same instructions.  probes_test.sh runs it.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <sluice.h>

static const struct sluice_contract contract = {
	.name = "selftest/probes",
	.request = SLUICE_TYPE(uint64_t),
	.response = SLUICE_TYPE(uint64_t),
};

/*
 * Passes each of the probes on a message's path once; probes_test.sh knows how many.
 * instructions.sh counts what is done in here.
 */
static __attribute__((__noinline__)) void round_trip(struct sluice_client *client, struct sluice_server *server)
{
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	struct sluice_response *response;
	struct sluice_request *request;
	struct sluice_reply *reply;

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	*(uint64_t *)request->data = 1;
	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	active = sluice_server_receive(server, SLUICE_NOWAIT);
	if (!active)
		errx(1, "%s", sluice_strerror());
	reply = sluice_active_request_loan(active, 1);
	if (!reply)
		errx(1, "%s", sluice_strerror());
	*(uint64_t *)reply->data = 2;
	if (sluice_reply_send(reply) < 0)
		errx(1, "%s", sluice_strerror());
	sluice_active_request_release(active);
	response = sluice_pending_response_receive(pending, SLUICE_NOWAIT);
	if (!response)
		errx(1, "%s", sluice_strerror());
	sluice_response_release(response);
	sluice_pending_response_release(pending);
}

/* The server takes the client in its own calls. */
static void meet(struct sluice_client *client, struct sluice_server *server)
{
	struct sluice_active_request *none;

	while (sluice_client_wait_servers(client, 1, SLUICE_NOWAIT) < 0) {
		none = sluice_server_receive(server, SLUICE_NOWAIT);
		if (none)
			errx(1, "a request from nowhere");
	}
	none = sluice_server_receive(server, SLUICE_NOWAIT);
	if (none)
		errx(1, "a request from nowhere");
}

/*
 * A node looks once more at what it has entered, some 100 ms after it.  That is over before
 * anything is counted.
 */
static void settle(struct sluice_client *client)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };

	for (int i = 0; i < 2; i++) {
		nanosleep(&pause, NULL);
		if (sluice_client_wait_servers(client, 1, SLUICE_NOWAIT) < 0)
			errx(1, "%s", sluice_strerror());
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	sluice_auto(sluice_node) node = sluice_node_create("probes", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);

	if (!client || !server)
		errx(1, "%s", sluice_strerror());
	meet(client, server);
	settle(client);
	while (count--)
		round_trip(client, server);
	return 0;
}
