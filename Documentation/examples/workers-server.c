/* SPDX-License-Identifier: MIT */
/*
 * workers-server.c - threads that share the work, each a node and a server of its own
 *
 * Shows that threads need nothing from each other: what is sent to one of the service's
 * servers reaches the one that has least to do, in whatever thread or process it is.
 * Works until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers.h"
#include "usage.h"

#define WORKERS_MAX	64

struct worker {
	pthread_t thread;
	uint32_t number;
	uint64_t ranges;
};

static volatile bool stop;

static bool is_prime(uint64_t number)
{
	for (uint64_t divisor = 2; divisor * divisor <= number; divisor++)
		if (number % divisor == 0)
			return false;
	return number > 1;
}

static struct primes count_primes(const struct range *range, uint32_t worker)
{
	struct primes primes = { .worker = worker };

	for (uint64_t i = 0; i < range->count; i++)
		primes.count += is_prime(range->first + i);
	return primes;
}

/* A node belongs to the thread that uses it, so each thread makes its own. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	struct sluice_active_request *request;
	struct sluice_reply *reply;

	sluice_auto(sluice_node) node = sluice_node_create("worker", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &workers, &workers_opts);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A tenth of a second at most, so that the end is noticed. */
		request = sluice_server_receive(server, INT64_C(100000000));
		if (!request && errno != ETIMEDOUT)
			errx(1, "%s", sluice_strerror());
		if (!request)
			continue;
		reply = sluice_active_request_loan(request, 1);
		if (reply) {
			*(struct primes *)reply->data = count_primes(request->data, worker->number);
			if (sluice_reply_send(reply) == 0)
				worker->ranges++;
		}
		sluice_active_request_release(request);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 4;
	struct worker worker[WORKERS_MAX] = { 0 };
	sigset_t signals;
	int signal;

	usage(argc, argv, "[WORKERS]");
	if (!count || count > WORKERS_MAX)
		errx(2, "usage: workers-server [1 to %d]", WORKERS_MAX);
	/* The threads inherit this: signals come to sigwait() alone. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	for (unsigned long i = 0; i < count; i++) {
		worker[i].number = (uint32_t)i;
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			errx(1, "cannot start a thread");
	}
	sigwait(&signals, &signal);
	stop = true;
	for (unsigned long i = 0; i < count; i++) {
		pthread_join(worker[i].thread, NULL);
		printf("worker %lu: %" PRIu64 " ranges\n", i, worker[i].ranges);
	}
	return 0;
}
