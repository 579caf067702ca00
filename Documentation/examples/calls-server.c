/* SPDX-License-Identifier: MIT */
/*
 * calls-server.c - takes square roots, for any number of clients
 *
 * Shows a server of fixed-size structs that takes all requests that are there with one call,
 * and ends in good order: it serves until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "calls.h"
#include "usage.h"

#define SECOND	INT64_C(1000000000)

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* One bit of the root after the other, from the top. */
static struct root square_root(uint64_t number)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= number)
			root += bit;
	return (struct root){ root, number - root * root };
}

/*
 * Returns 0, or -1: no reply can be had, or the client wants none any more.  There is one
 * reply to each call, so it is the last.
 */
static int answer(struct sluice_active_request *request)
{
	const struct call *call = request->data;
	struct sluice_reply *reply;

	reply = sluice_active_request_loan(request, 1);
	if (!reply)
		return -1;
	*(struct root *)reply->data = square_root(call->number);
	sluice_reply_set_last(reply);
	return sluice_reply_send(reply) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *requests[IN_FLIGHT];
	uint64_t answered = 0;
	int count, i;

	usage(argc, argv, "");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	sluice_auto(sluice_node) node = sluice_node_create("calls-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &calls, &calls_opts);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A second at most, so that no signal is overlooked for longer. */
		count = sluice_server_receive_batch(server, requests, IN_FLIGHT, SECOND);
		if (count < 0 && errno != ETIMEDOUT && errno != EINTR)
			errx(1, "%s", sluice_strerror());
		for (i = 0; i < count; i++) {
			if (answer(requests[i]) < 0)
				warnx("%s", sluice_strerror());
			else
				answered++;
			sluice_active_request_release(requests[i]);
		}
	}

	printf("%" PRIu64 " calls answered\n", answered);
	return 0;
}
