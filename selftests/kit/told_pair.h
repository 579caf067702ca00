/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client and a server in one thread, for programs that obey a test script: the program
 * does what it is told, says so, and waits, so that the script can look at it.
 */
#ifndef SELFTESTS_TOLD_PAIR_H
#define SELFTESTS_TOLD_PAIR_H

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

#define told static __attribute__((__unused__))

struct pair {
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_client *client;
};

/* A failed call ends the program. */
told void *must(void *result)
{
	if (!result)
		errx(1, "%s", sluice_strerror());
	return result;
}

/* The server takes the client in its own calls. */
told void pair_connect(const struct pair *pair)
{
	while (sluice_client_wait_servers(pair->client, 1, SLUICE_NOWAIT) < 0)
		if (sluice_server_receive(pair->server, SLUICE_NOWAIT))
			errx(1, "a request from nowhere");
}

/* Names of ports are what tools show; NULL for none. */
told struct pair pair_make_named(const char *node, const struct sluice_contract *contract,
				 const struct sluice_service_opts *opts, const char *client,
				 const char *server)
{
	const struct sluice_client_opts client_opts = SLUICE_CLIENT_OPTS(
		.port = { .name = client });
	const struct sluice_server_opts server_opts = SLUICE_SERVER_OPTS(
		.port = { .name = server });
	struct pair pair;

	pair.node = must(sluice_node_create(node, NULL));
	pair.service = must(sluice_service_open(pair.node, contract, opts));
	pair.server = must(sluice_server_create(pair.service, &server_opts));
	pair.client = must(sluice_client_create(pair.service, &client_opts));
	pair_connect(&pair);
	return pair;
}

told struct pair pair_make(const char *node, const struct sluice_contract *contract,
			   const struct sluice_service_opts *opts)
{
	return pair_make_named(node, contract, opts, NULL, NULL);
}

told void pair_drop(const struct pair *pair)
{
	sluice_client_destroy(pair->client);
	sluice_server_destroy(pair->server);
	sluice_service_close(pair->service);
	sluice_node_destroy(pair->node);
}

/* A reply of so many elements. */
told void must_answer(struct sluice_active_request *request, size_t count)
{
	struct sluice_reply *reply = must(sluice_active_request_loan(request, count));

	memset(reply->data, 2, reply->size);
	if (sluice_reply_send(reply) < 0)
		errx(1, "%s", sluice_strerror());
}

/* A request of so many elements, and a reply of as many. */
told void pair_trip(const struct pair *pair, size_t count)
{
	struct sluice_request *request = must(sluice_client_loan(pair->client, count));
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;

	memset(request->data, 1, request->size);
	pending = must(sluice_request_send(request));
	active = must(sluice_server_receive(pair->server, SLUICE_FOREVER));
	must_answer(active, count);
	sluice_active_request_release(active);
	sluice_response_release(must(sluice_pending_response_receive(pending, SLUICE_FOREVER)));
	sluice_pending_response_release(pending);
}

/* The script waits for this. */
told void say_done(void)
{
	puts("done");
	fflush(stdout);
}

/* Until the script closes our standard input. */
told void wait_to_be_let_go(void)
{
	while (getchar() != EOF)
		;
}

#endif /* SELFTESTS_TOLD_PAIR_H */
