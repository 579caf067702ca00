// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that sleep for every message: a client and servers whose nodes never poll.
 * Run by combined_syscalls_test.sh, which counts what they ask of the kernel.
 *
 *	combined_syscalls_test separate|combined|several ROUNDS
 *
 * makes so many round trips: with a call for each step; with sluice_request_call() and
 * sluice_reply_send_and_receive(); or with each request to SEVERAL servers that sleep.
 * Exit status 4 means that it cannot be measured here, with the reason on stderr.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "counted.h"

#define SEVERAL	4

/* Far longer than anything takes: nobody waits for a peer that has failed. */
#define LONG	INT64_C(10000000000)

static const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
	.wait = SLUICE_WAIT_URING, .spin = -1);

static struct sluice_reply *loan_answer(struct sluice_active_request *request)
{
	const struct number *number = request->data;
	struct sluice_reply *reply = sluice_active_request_loan(request, 1);

	if (!reply)
		errx(1, "server: %s", sluice_strerror());
	((struct number *)reply->data)->value = number->value + 1;
	return reply;
}

/* Answers a request and returns the next. */
static struct sluice_active_request *
next_separate(struct sluice_server *server, struct sluice_active_request *request)
{
	if (sluice_reply_send(loan_answer(request)) < 0 ||
	    sluice_active_request_release(request) < 0)
		errx(1, "server: %s", sluice_strerror());
	return sluice_server_receive(server, LONG);
}

static struct sluice_active_request *
next_combined(struct sluice_server *server, struct sluice_active_request *request)
{
	(void)server;
	return sluice_reply_send_and_receive(loan_answer(request), LONG, NULL);
}

/* The last request is the one that is not answered. */
static void serve(bool combined, unsigned long rounds)
{
	struct sluice_node *node = sluice_node_create("server", &opts);
	struct sluice_service *service = sluice_service_open(node, &numbers, NULL);
	struct sluice_server *server = sluice_server_create(service, NULL);
	struct sluice_active_request *request = sluice_server_receive(server, LONG);
	unsigned long i;

	for (i = 0; i < rounds && request; i++)
		request = combined ? next_combined(server, request) :
				     next_separate(server, request);
	if (!request)
		errx(1, "server: %s", sluice_strerror());
	sluice_active_request_release(request);
	sluice_server_destroy(server);
	sluice_service_close(service);
	sluice_node_destroy(node);
}

static void call(struct sluice_client *client, bool combined, uint64_t value)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	if (!request)
		errx(1, "client: %s", sluice_strerror());
	((struct number *)request->data)->value = value;
	if (combined) {
		response = sluice_request_call(request, &pending, LONG);
	} else {
		pending = sluice_request_send(request);
		response = sluice_pending_response_receive(pending, LONG);
	}
	if (!response)
		errx(1, "client: %s", sluice_strerror());
	if (((const struct number *)response->data)->value != value + 1)
		errx(1, "client: a wrong answer");
	sluice_response_release(response);
	sluice_pending_response_release(pending);
}

/* One request to all servers, which have had time to fall asleep. */
static void call_several(struct sluice_client *client, uint64_t value)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	int answers = 0;

	if (!request)
		errx(1, "client: %s", sluice_strerror());
	((struct number *)request->data)->value = value;
	usleep(2000);
	pending = sluice_request_send(request);
	sluice_for_each_response(response, pending, LONG)
		answers++;
	if (errno != EPIPE || answers != SEVERAL)
		errx(1, "client: %d answers, %s", answers, sluice_strerror());
	sluice_pending_response_release(pending);
}

static void ask(bool combined, unsigned int servers, unsigned long rounds)
{
	struct sluice_node *node = sluice_node_create("client", &opts);
	struct sluice_service *service = sluice_service_open(node, &numbers, NULL);
	struct sluice_client *client = sluice_client_create(service, NULL);
	struct sluice_pending_response *pending;
	unsigned long i;

	if (sluice_client_wait_servers(client, servers, LONG) != (int)servers)
		errx(1, "client: %s", sluice_strerror());
	for (i = 0; i < rounds; i++) {
		if (servers > 1)
			call_several(client, i);
		else
			call(client, combined, i);
	}
	pending = sluice_request_send(sluice_client_loan(client, 1));
	if (sluice_pending_response_receive(pending, LONG) || errno != EPIPE)
		errx(1, "client: %s", sluice_strerror());
	sluice_pending_response_release(pending);
	sluice_client_destroy(client);
	sluice_service_close(service);
	sluice_node_destroy(node);
}

int main(int argc, char **argv)
{
	unsigned int servers, i;
	unsigned long rounds;
	bool combined;
	int status;
	pid_t pid;

	if (argc != 3)
		errx(2, "usage: %s separate|combined|several ROUNDS", argv[0]);
	combined = !strcmp(argv[1], "combined");
	servers = strcmp(argv[1], "several") ? 1 : SEVERAL;
	rounds = strtoul(argv[2], NULL, 0);
	check_node(&opts);
	for (i = 0; i < servers; i++) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(combined, rounds);
			return 0;
		}
	}
	ask(combined, servers, rounds);
	for (i = 0; i < servers; i++)
		if (wait(&status) < 0 || status)
			errx(1, "a server failed");
	return 0;
}
