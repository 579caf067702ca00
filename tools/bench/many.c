// SPDX-License-Identifier: MIT
/*
 * Many clients and many servers.
 *
 * All clients are made from one node, in the client's process, and all servers from one
 * node in the server's.  Each client has one request under way, which goes to one server,
 * the least busy.  A step sends the request of the next client, after it has taken the
 * response to this client's request before.  So all clients are active, in turn, and as many
 * requests are under way as there are clients.  The last step of a round takes all responses
 * that are left.
 *
 * Servers are asked for requests in the order in which the node reports them.
 */
#include "port.h"

#include <errno.h>
#include <stdlib.h>

struct asker {
	struct sluice_client *client;
	struct sluice_pending_response *pending;	/* or NULL */
	uint64_t value;
};

struct crowd {
	const struct thing *thing;
	struct port port;
	struct asker *askers;		/* thing->clients of them; client's side */
	struct sluice_server **servers;	/* thing->servers of them; server's side */
	unsigned int next;		/* asker */
	struct sluice_server *ready;	/* has requests, as far as is known; or NULL */
};

/* ---- Beginning and end --------------------------------------------------- */

static int make_servers(struct crowd *crowd)
{
	const struct thing *thing = crowd->thing;

	crowd->servers = calloc(thing->servers, sizeof(struct sluice_server *));
	if (!crowd->servers)
		return complain("no memory");
	for (unsigned int i = 0; i < thing->servers; i++) {
		crowd->servers[i] = port_make_server(&crowd->port, thing);
		if (!crowd->servers[i])
			return -1;
	}
	return 0;
}

static int make_askers(struct crowd *crowd)
{
	const struct thing *thing = crowd->thing;

	crowd->askers = calloc(thing->clients, sizeof(*crowd->askers));
	if (!crowd->askers)
		return complain("no memory");
	for (unsigned int i = 0; i < thing->clients; i++) {
		crowd->askers[i].client = port_make_client(&crowd->port, thing, thing->servers);
		if (!crowd->askers[i].client)
			return -1;
	}
	return 0;
}

static int setup(const struct thing *thing, enum side side, void **ret_state)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd)
		return complain("no memory");
	*ret_state = crowd;
	crowd->thing = thing;
	if (port_open_service(&crowd->port, thing) < 0)
		return -1;
	return side == SERVER ? make_servers(crowd) : make_askers(crowd);
}

static int admit(void *state, unsigned int clients)
{
	struct crowd *crowd = state;

	return port_admit(crowd->port.node, clients);
}

static void teardown(void *state)
{
	struct crowd *crowd = state;

	for (unsigned int i = 0; crowd->askers && i < crowd->thing->clients; i++)
		sluice_client_destroy(crowd->askers[i].client);
	for (unsigned int i = 0; crowd->servers && i < crowd->thing->servers; i++)
		sluice_server_destroy(crowd->servers[i]);
	sluice_service_close(crowd->port.service);
	sluice_node_destroy(crowd->port.node);
	free(crowd->askers);
	free(crowd->servers);
	free(crowd);
}

/* ---- Clients ------------------------------------------------------------- */

static int hear(struct crowd *crowd, struct asker *asker)
{
	struct sluice_pending_response *pending = asker->pending;

	asker->pending = NULL;
	if (!pending)
		return 0;
	return end_hear(crowd->thing, pending,
			sluice_pending_response_receive(pending, crowd->thing->timeout),
			asker->value);
}

static int ask(struct crowd *crowd, struct asker *asker)
{
	struct sluice_request *request = end_loan(crowd->thing, asker->client, ++asker->value);

	if (!request)
		return -1;
	sluice_request_set_route(request, SLUICE_ROUTE_ONE);
	asker->pending = sluice_request_send(request);
	return asker->pending ? 0 : because_of_sluice("cannot send a request");
}

static int call(void *state, bool last)
{
	struct crowd *crowd = state;
	struct asker *asker = &crowd->askers[crowd->next];
	int r = hear(crowd, asker);

	crowd->next = (crowd->next + 1) % crowd->thing->clients;
	if (r == 0)
		r = ask(crowd, asker);
	for (unsigned int i = 0; last && r == 0 && i < crowd->thing->clients; i++)
		r = hear(crowd, &crowd->askers[i]);
	return r;
}

/* ---- Servers ------------------------------------------------------------- */

/* A server that has a request; or NULL after a complaint. */
static struct sluice_server *ready_server(struct crowd *crowd)
{
	struct sluice_event event = SLUICE_EVENT();
	int r;

	for (;;) {
		while (sluice_node_next(crowd->port.node, &event) == 1)
			if (event.kind == SLUICE_EVENT_REQUEST)
				return event.server;
		r = sluice_node_wait(crowd->port.node, crowd->thing->timeout);
		if (r < 0 && !end_not_yet())
			break;
	}
	because_of_sluice("cannot wait for requests");
	return NULL;
}

static struct sluice_active_request *receive(struct crowd *crowd)
{
	struct sluice_active_request *request = NULL;

	if (crowd->thing->servers == 1)
		return end_receive(crowd->thing, crowd->servers[0]);
	while (!request) {
		if (!crowd->ready)
			crowd->ready = ready_server(crowd);
		if (!crowd->ready)
			return NULL;
		request = sluice_server_receive(crowd->ready, SLUICE_NOWAIT);
		if (request)
			break;
		if (errno != EAGAIN && errno != EINTR) {
			because_of_sluice("cannot receive a request");
			return NULL;
		}
		crowd->ready = NULL;
	}
	return request;
}

static int serve(void *state, bool last)
{
	struct crowd *crowd = state;
	struct sluice_active_request *request = receive(crowd);

	(void)last;
	return request ? end_serve(crowd->thing, request) : -1;
}

const struct method many[2] = {
	[SERVER] = { setup, serve, teardown, admit },
	[CLIENT] = { setup, call, teardown, NULL },
};
