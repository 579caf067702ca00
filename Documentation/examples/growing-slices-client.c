/* SPDX-License-Identifier: MIT */
/*
 * growing-slices-client.c - sends slices that grow, and looks at every byte
 *
 * Shows the client's side of an exchange (loan, send, receive, release), how a
 * request is answered by every server there is, and what the three strategies
 * do with slices that become longer and longer.  Servers may come, go and come
 * back while it runs.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "growing-slices.h"
#include "usage.h"

#define ARGUMENTS	"[--interval SECONDS] [-n N|--rounds N] [--print N] [--servers N] " \
			"[--hint ELEMENTS] [--strategy power-of-two|best-fit|static]"

#define SECOND	INT64_C(1000000000)

static double interval = 1;		/* seconds between two rounds */
static uint64_t rounds;			/* how many; 0: until told to stop */
static uint64_t printed = UINT64_MAX;	/* how many of them are printed */
static unsigned int servers = 1;	/* how many to wait for at the start */
static uint64_t hint = DEFAULT_HINT;	/* elements there is room for from the start */
static uint32_t strategy = SLUICE_POWER_OF_TWO;

static uint64_t sent, received, missing;
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* A wait of a second at most, so that no signal is overlooked for longer. */
static void wait_servers(struct sluice_client *client, unsigned int count)
{
	while (!stop && sluice_client_wait_servers(client, count, SECOND) < 0)
		if (errno != ETIMEDOUT && errno != EINTR)
			errx(1, "%s", sluice_strerror());
}

/* The response's length follows from the server's counter, and not from our round. */
static void check(const struct sluice_response *response, uint64_t number)
{
	uint64_t counter = ((const struct round *)response->header)->number;
	size_t good;

	if (response->count != round_len(counter))
		errx(1, "round %" PRIu64 ": got %zu bytes, and response %" PRIu64 " has %zu",
		     number, response->count, counter, round_len(counter));
	good = round_check(counter, RESPONSE, response->data, response->count);
	if (good < response->count)
		errx(1, "round %" PRIu64 ": byte %zu is wrong", number, good);
	if (number <= printed)
		printf("round %4" PRIu64 ": received %7zu bytes\n", number, response->count);
}

/* Has the request answered by everyone it reached; returns how many that were. */
static int collect(struct sluice_pending_response *pending, uint64_t number)
{
	struct sluice_response *response;
	int answers = 0;

	do {
		sluice_for_each_response(response, pending, SECOND) {
			check(response, number);
			received += response->size;
			answers++;
		}
	} while (!stop && (errno == ETIMEDOUT || errno == EINTR));

	if (!stop && errno != EPIPE)	/* EPIPE: that was all, as it should be */
		warnx("round %" PRIu64 ": %s", number, sluice_strerror());
	return answers;
}

/*
 * One round.  Returns 1 if it took place, 0 if it did not (nobody was there, or
 * we were told to stop), or -1 with errno.
 */
static int exchange(struct sluice_client *client, uint64_t number)
{
	sluice_auto(sluice_pending_response) pending = NULL;
	struct sluice_request *request;
	int reached, answers;

	request = sluice_client_loan(client, round_len(number));
	if (!request)
		return -1;
	*(struct round *)request->header = (struct round){ number };
	round_write(number, REQUEST, request->data, request->count);

	pending = sluice_request_send(request);
	if (!pending)
		return -1;
	reached = sluice_pending_response_servers(pending);
	if (reached <= 0)
		return reached;
	if (number <= printed)
		printf("round %4" PRIu64 ": sent     %7zu bytes\n", number, pending->size);

	answers = collect(pending, number);
	if (stop && answers < reached)
		return 0;
	sent += pending->size;
	missing += (unsigned int)(reached - answers);
	return 1;
}

/* Says why a round cannot be; with the static strategy that had to come. */
static void explain(uint64_t number)
{
	int expected = strategy == SLUICE_STATIC && errno == EMSGSIZE;

	printf("round %4" PRIu64 ": %s\n", number, sluice_strerror());
	if (!expected)
		exit(1);
	printf("this is how the static strategy is expected to end\n");
}

static void pause_between_rounds(void)
{
	struct timespec time = { .tv_sec = (time_t)interval };

	time.tv_nsec = (long)((interval - (double)time.tv_sec) * 1e9);
	if (!stop)
		nanosleep(&time, NULL);
}

static uint64_t number_in(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end)
		errx(2, "%s: not a number", text);
	return number;
}

static double seconds_in(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds < 1e6))
		errx(2, "%s: not a number of seconds", text);
	return seconds;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "rounds",   required_argument, NULL, 'n' },
		{ "print",    required_argument, NULL, 'p' },
		{ "servers",  required_argument, NULL, 'c' },
		{ "hint",     required_argument, NULL, 'h' },
		{ "strategy", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
		if (option == 'i')
			interval = seconds_in(optarg);
		else if (option == 'n')
			rounds = number_in(optarg);
		else if (option == 'p')
			printed = number_in(optarg);
		else if (option == 'c')
			servers = (unsigned int)number_in(optarg);
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
	uint64_t number = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	usage(argc, argv, ARGUMENTS);
	parse(argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .strategy = strategy, .initial_max_slice_len = hint });
	sluice_auto(sluice_node) node = sluice_node_create("growing-slices-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &growing_slices, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, &opts);
	if (!client)
		errx(1, "%s", sluice_strerror());
	printf("ready to send requests\n");

	wait_servers(client, servers);
	while (!stop && (!rounds || number <= rounds)) {
		int done = exchange(client, number);

		if (done < 0) {
			explain(number);
			break;
		}
		if (done == 0)
			wait_servers(client, 1);
		else if (number++ != rounds)
			pause_between_rounds();
	}

	if (sluice_client_memory(client, &memory) < 0)
		errx(1, "%s", sluice_strerror());
	printf("%" PRIu64 " rounds, %" PRIu64 " bytes sent, %" PRIu64 " received; "
	       "%" PRIu64 " growths, largest segment %" PRIu64 " bytes\n",
	       number - 1, sent, received, memory.growths, memory.largest_segment);
	if (missing)
		errx(1, "%" PRIu64 " answers are missing", missing);
	return 0;
}
