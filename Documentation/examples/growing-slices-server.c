/* SPDX-License-Identifier: MIT */
/*
 * growing-slices-server.c - answers slices that grow with slices that grow
 *
 * Shows the server's side of an exchange: receive a request, loan a reply for
 * it, send that, release the request.  Each reply is longer than the one before,
 * whoever it is for.  Serves any number of clients until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "growing-slices.h"
#include "usage.h"

#define ARGUMENTS	"[--print N] [--hint ELEMENTS] " \
			"[--strategy power-of-two|best-fit|static]"

#define SECOND	INT64_C(1000000000)

static uint64_t printed = UINT64_MAX;	/* so many requests and responses are printed */
static uint64_t hint = DEFAULT_HINT;	/* elements there is room for from the start */
static uint32_t strategy = SLUICE_POWER_OF_TWO;

static uint64_t counter = 1;		/* of the next response */
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

/* The next reply.  A static port has room up to its hint: there the counter begins again. */
static struct sluice_reply *loan(struct sluice_active_request *request)
{
	struct sluice_reply *reply = sluice_active_request_loan(request, round_len(counter));

	if (reply || strategy != SLUICE_STATIC || errno != EMSGSIZE || counter == 1)
		return reply;
	printf("response %" PRIu64 ": %s\n"
	       "this is how the static strategy is expected to end; begins again with 1\n",
	       counter, sluice_strerror());
	counter = 1;
	return sluice_active_request_loan(request, round_len(counter));
}

/* Returns the bytes sent, or -1: no reply can be had, or the client wants none any more. */
static int64_t answer(struct sluice_active_request *request)
{
	struct sluice_reply *reply = loan(request);
	size_t size;

	if (!reply)
		return -1;
	size = reply->size;
	*(struct round *)reply->header = (struct round){ counter };
	round_write(counter, RESPONSE, reply->data, reply->count);
	if (sluice_reply_send(reply) < 0)
		return -1;
	counter++;
	return (int64_t)size;
}

static void serve(struct sluice_active_request *request)
{
	uint64_t number = ((const struct round *)request->header)->number;
	int64_t size;

	check(request, number);
	received += request->size;
	if (answered < printed)
		printf("received %7zu bytes\n", request->size);
	size = answer(request);
	if (size < 0) {
		warnx("round %" PRIu64 ": %s", number, sluice_strerror());
		return;
	}
	sent += (uint64_t)size;
	if (answered++ < printed)
		printf("sent     %7" PRId64 " bytes\n", size);
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
		{ "hint",     required_argument, NULL, 'h' },
		{ "strategy", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			printed = number_in(optarg);
		else if (option == 'h')
			hint = number_in(optarg);
		else if (option != 's' || !strategy_named(optarg, &strategy))
			errx(2, "usage: " ARGUMENTS);
	}
}

int main(int argc, char **argv)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *request;

	setvbuf(stdout, NULL, _IOLBF, 0);
	usage(argc, argv, ARGUMENTS);
	parse(argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .strategy = strategy, .initial_max_slice_len = hint });
	sluice_auto(sluice_node) node = sluice_node_create("growing-slices-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &growing_slices, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, &opts);
	if (!server)
		errx(1, "%s", sluice_strerror());
	printf("ready to receive requests\n");

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
