// SPDX-License-Identifier: MIT
/*
 * Waiting until a client has servers.
 *
 * A letter announces a server (api/node.c), and a socket says that one has gone, so a wait arms
 * nothing.  It wakes at the end of a pause, too, after which the client looks again
 * (api/client_connect.c).  The wait also starts a server, if somebody listens for one: each time
 * it wakes and there is none.  A server that has gone before its WELCOME is followed by a pause,
 * so a hostile or broken one cannot make the wait a busy one.
 */
#include "api/client.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

struct gathering {
	struct blocking blocking;
	struct sluice_client *client;
	unsigned int wanted;
};

static int attempt(struct blocking *blocking)
{
	struct gathering *gathering = container_of(blocking, struct gathering, blocking);

	client_glance(gathering->client);
	if (gathering->wanted)
		client_start_server(gathering->client);
	return client_servers(gathering->client) >= gathering->wanted;
}

/* Letters announce servers, and their sockets say that they have gone: nothing to arm. */
static int arm(struct blocking *blocking)
{
	struct gathering *gathering = container_of(blocking, struct gathering, blocking);

	blocking->alarm = client_alarm(gathering->client);
	return 0;
}

static COLD int too_few(const struct sluice_client *client, unsigned int wanted, int error)
{
	char sentence[80];

	snprintf(sentence, sizeof(sentence), "%u servers are connected, and %u are waited for",
		 client_servers(client), wanted);
	return client_fail(client, error, sentence);
}

int sluice_client_wait_servers(struct sluice_client *client, unsigned int servers,
			       int64_t timeout)
{
	struct gathering gathering = {
		.blocking = { .attempt = attempt, .arm = arm },
		.client = client,
		.wanted = servers,
	};
	uint32_t most;
	int r;

	if (!client)
		return fail_parent("client");
	r = client_enter(client);
	if (r < 0)
		return r;
	most = client->service->contract.settings.max_servers;
	if (servers > most)
		return fail(EUSERS, "%u servers are waited for, and the service has max_servers %u",
			    servers, most);
	gathering.blocking.node = client->service->node;
	/* Some may have left, and still be counted. */
	wait_want_look(&client->service->node->wait);
	r = block(&gathering.blocking, timeout, attempt(&gathering.blocking));
	if (r == -EAGAIN || r == -ETIMEDOUT)
		return too_few(client, servers, -r);
	return r < 0 ? r : (int)client_servers(client);
}
