// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic of known counts, for who shows counters.  "top_test NAME" is a client and a
 * server of that service in one thread.  Each line of its standard input is an order:
 *
 *	trips N		makes N round trips: a request of 100 bytes, a reply of 300
 *	hold		the client loans two requests, and sends three; the server takes
 *			one of them; and all are kept
 *	say N		prints N, and how many round trips there have been
 *
 * It ends in order when its input does.  top_test.sh runs it.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

#include "told_pair.h"

#define REQUEST_SIZE	100
#define REPLY_SIZE	300
#define HELD		3

static struct sluice_client *client;
static struct sluice_server *server;

static struct sluice_request *loaned[HELD];
static struct sluice_pending_response *pending[HELD];
static struct sluice_active_request *taken;

static struct sluice_request *loan(void)
{
	return must(sluice_client_loan(client, REQUEST_SIZE));
}

static void round_trip(void)
{
	struct sluice_pending_response *sent = must(sluice_request_send(loan()));
	struct sluice_active_request *active;

	active = must(sluice_server_receive(server, SLUICE_NOWAIT));
	must_answer(active, REPLY_SIZE);
	sluice_active_request_release(active);
	sluice_response_release(must(sluice_pending_response_receive(sent, SLUICE_NOWAIT)));
	sluice_pending_response_release(sent);
}

static void hold(void)
{
	for (int i = 0; i < HELD; i++)
		pending[i] = must(sluice_request_send(loan()));
	for (int i = 0; i < HELD - 1; i++)
		loaned[i] = loan();
	taken = must(sluice_server_receive(server, SLUICE_NOWAIT));
}

static void give_back(void)
{
	if (taken)
		sluice_active_request_release(taken);
	for (int i = 0; i < HELD; i++) {
		if (loaned[i])
			sluice_request_release(loaned[i]);
		if (pending[i])
			sluice_pending_response_release(pending[i]);
	}
}

/* The server takes the client in its own calls. */
static void meet(void)
{
	while (sluice_client_wait_servers(client, 1, SLUICE_NOWAIT) < 0)
		if (sluice_server_receive(server, SLUICE_NOWAIT))
			errx(1, "a request from nowhere");
	if (sluice_server_receive(server, SLUICE_NOWAIT))
		errx(1, "a request from nowhere");
}

static void obey(const char *line)
{
	static unsigned long made;
	unsigned long number;

	if (!strcmp(line, "hold\n")) {
		hold();
	} else if (sscanf(line, "trips %lu", &number) == 1) {
		for (made += number; number; number--)
			round_trip();
	} else if (sscanf(line, "say %lu", &number) == 1) {
		printf("%lu %lu\n", number, made);
		fflush(stdout);
	} else {
		errx(2, "what is %s", line);
	}
}

int main(int argc, char **argv)
{
	const struct sluice_contract contract = {
		.name = argc == 2 ? argv[1] : NULL,
		.request = SLUICE_SLICE(uint8_t),
		.response = SLUICE_SLICE(uint8_t),
	};
	struct sluice_service *service;
	struct sluice_node *node;
	char line[64];

	if (argc != 2)
		errx(2, "usage: top_test NAME");
	node = sluice_node_create("top", NULL);
	service = sluice_service_open(node, &contract, NULL);
	server = must(sluice_server_create(service, NULL));
	client = must(sluice_client_create(service, NULL));
	meet();
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	give_back();
	sluice_client_destroy(client);
	sluice_server_destroy(server);
	sluice_service_close(service);
	sluice_node_destroy(node);
	return 0;
}
