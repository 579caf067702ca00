/* SPDX-License-Identifier: MIT */
/*
 * growing-slices-server.c - answers slices that grow with slices as long
 *
 * Shows the server's side of an exchange: receive a request, loan a reply for
 * it, send that, release the request.  Serves any number of clients until
 * SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "growing-slices.h"

#define SECOND	INT64_C(1000000000)

static uint64_t printed = UINT64_MAX;	/* rounds up to this one are printed */
static uint32_t strategy = SLUICE_POWER_OF_TWO;

static uint64_t answered, received, sent;
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void check(const struct sluice_active_request *request, uint64_t number)
{
	size_t good;

	if (request->count != round_len(number))
		errx(1, "round %" PRIu64 ": got %zu bytes", number, request->count);
	good = round_check(number, REQUEST, request->data, request->count);
	if (good < request->count)
		errx(1, "round %" PRIu64 ": byte %zu is wrong", number, good);
}

/* Returns 0, or -1: no reply can be had, or the client wants none any more. */
static int answer(struct sluice_active_request *request, uint64_t number)
{
	struct sluice_reply *reply;

	reply = sluice_active_request_loan(request, request->count);
	if (!reply)
		return -1;
	*(struct round *)reply->header = (struct round){ number };
	round_write(number, RESPONSE, reply->data, reply->count);
	return sluice_reply_send(reply) < 0 ? -1 : 0;
}

static void serve(struct sluice_active_request *request)
{
	uint64_t number = ((const struct round *)request->header)->number;

	check(request, number);
	received += request->size;
	if (answer(request, number) < 0) {
		warnx("round %" PRIu64 ": %s", number, sluice_strerror());
		return;
	}
	sent += request->size;
	answered++;
	if (number <= printed)
		printf("round %4" PRIu64 ": %7zu bytes right, as many sent back\n",
		       number, request->size);
}

static uint64_t number_in(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end)
		errx(2, "%s: not a number", text);
	return number;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "print",    required_argument, NULL, 'p' },
		{ "strategy", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			printed = number_in(optarg);
		else if (option != 's' || !strategy_named(optarg, &strategy))
			errx(2, "usage: [--print N] "
			     "[--strategy power-of-two|best-fit|static]");
	}
}

int main(int argc, char **argv)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *request;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.strategy = strategy,
		.initial_max_slice_len = strategy == SLUICE_STATIC ? STATIC_LEN : 0);
	sluice_auto(sluice_node) node = sluice_node_create("growing-slices-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &growing_slices, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, &opts);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A second at most, so that no signal is overlooked for longer. */
		request = sluice_server_receive(server, SECOND);
		if (request) {
			serve(request);
			sluice_active_request_release(request);
		} else if (errno != ETIMEDOUT && errno != EINTR) {
			errx(1, "%s", sluice_strerror());
		}
	}

	if (sluice_server_memory(server, &memory) < 0)
		errx(1, "%s", sluice_strerror());
	printf("%" PRIu64 " requests answered, %" PRIu64 " bytes received, "
	       "%" PRIu64 " sent; %" PRIu64 " growths, largest segment %" PRIu64
	       " bytes\n",
	       answered, received, sent, memory.growths, memory.largest_segment);
	return 0;
}
