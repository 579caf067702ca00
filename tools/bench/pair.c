// SPDX-License-Identifier: MIT
/*
 * A client and a server of Sluice.
 *
 * A port is the node, the service and the client or the server of one side.  Things that
 * name the same service share its ports: those of --idle, which are measured sleeping and
 * spinning with the same clients connected.  A message is a slice of lines.  The timeout of
 * a receive says whether the receiver sleeps or polls all the time.
 *
 *	separate	the client sends and receives; the server sends, releases and
 *			receives
 *	combined	each sends and receives in one call, so that a side that has to
 *			sleep makes one system call
 *
 * A combined server holds the next request when a step ends, except at the end of a
 * round, when the client would not send one.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sluice.h>

#define PORTS_MAX	(THINGS_MAX + SERVICE_FIRST)

struct line {
	_Alignas(LINE) unsigned char bytes[LINE];
};

struct port {
	unsigned int users;		/* things */
	char name[32];
	struct sluice_contract contract;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;	/* one of the two */
	struct sluice_client *client;
};

struct end {
	const struct thing *thing;
	struct port *port;
	uint64_t value;				/* client: of the last request */
	struct sluice_active_request *request;	/* server: received already */
};

static struct port ports[PORTS_MAX];

static int open_service(struct port *port, const struct thing *thing)
{
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.spin = thing->spin);
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.max_clients = thing->clients);

	snprintf(port->name, sizeof(port->name), "bench/%u", thing->service);
	port->contract = (struct sluice_contract){
		.name = port->name,
		.request = SLUICE_SLICE(struct line),
		.response = SLUICE_SLICE(struct line),
	};
	port->node = sluice_node_create("bench", &node);
	port->service = sluice_service_open(port->node, &port->contract, &service);
	return port->service ? 0 : because_of_sluice("cannot open a service");
}

static void close_port(struct port *port)
{
	if (--port->users)
		return;
	sluice_client_destroy(port->client);
	sluice_server_destroy(port->server);
	sluice_service_close(port->service);
	sluice_node_destroy(port->node);
	*port = (struct port){ 0 };
}

static int open_port(struct port *port, const struct thing *thing, enum side side)
{
	const struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = thing->size / LINE });
	const struct sluice_server_opts server = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = thing->size / LINE });

	if (port->users++)
		return 0;
	if (open_service(port, thing) < 0)
		return -1;
	if (side == SERVER) {
		port->server = sluice_server_create(port->service, &server);
		return port->server ? 0 : because_of_sluice("cannot make a server");
	}
	port->client = sluice_client_create(port->service, &client);
	if (!port->client)
		return because_of_sluice("cannot make a client");
	if (sluice_client_wait_servers(port->client, 1, WAIT_LIMIT_NS) < 0)
		return because_of_sluice("the client does not meet its server");
	return 0;
}

static int setup(const struct thing *thing, enum side side, void **ret_state)
{
	struct end *end = calloc(1, sizeof(*end));

	if (!end)
		return complain("no memory");
	end->thing = thing;
	end->port = &ports[thing->service];
	if (open_port(end->port, thing, side) < 0) {
		close_port(end->port);
		free(end);
		return -1;
	}
	*ret_state = end;
	return 0;
}

static void teardown(void *state)
{
	struct end *end = state;

	close_port(end->port);
	free(end);
}

/* ---- Client -------------------------------------------------------------- */

static struct sluice_request *ask(struct end *end)
{
	struct sluice_request *request = sluice_client_loan(end->port->client,
							    end->thing->size / LINE);

	if (request)
		payload_write(request->data, end->thing->touched, ++end->value);
	return request;
}

/* Is there nothing yet, or was one only interrupted? */
static bool not_yet(void)
{
	if (errno != EAGAIN && errno != EINTR)
		return false;
	spin_pause();
	return true;
}

/* Ends the exchange; @response is what has come already, or NULL. */
static int hear(struct end *end, struct sluice_pending_response *pending,
		struct sluice_response *response)
{
	uint64_t value;

	if (!pending)
		return because_of_sluice("cannot send a request");
	while (!response && not_yet())
		response = sluice_pending_response_receive(pending, end->thing->timeout);
	if (!response)
		return because_of_sluice("cannot receive a response");
	value = payload_read(response->data, end->thing->touched);
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	return value == end->value + 1 ? 0 : complain("a response is not what was written");
}

static int call_separately(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = ask(end);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	(void)last;
	if (!request)
		return because_of_sluice("cannot loan a request");
	pending = sluice_request_send(request);
	response = sluice_pending_response_receive(pending, end->thing->timeout);
	return hear(end, pending, response);
}

static int call_combined(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = ask(end);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	(void)last;
	if (!request)
		return because_of_sluice("cannot loan a request");
	response = sluice_request_call(request, &pending, end->thing->timeout);
	return hear(end, pending, response);
}

/* ---- Server -------------------------------------------------------------- */

static struct sluice_active_request *receive(struct end *end)
{
	struct sluice_active_request *request = end->request;

	end->request = NULL;
	while (!request) {
		request = sluice_server_receive(end->port->server, end->thing->timeout);
		if (!request && !not_yet())
			break;
	}
	return request;
}

static struct sluice_reply *answer(struct end *end, struct sluice_active_request *request)
{
	struct sluice_reply *reply = sluice_active_request_loan(request,
								end->thing->size / LINE);

	if (reply)
		payload_write(reply->data, end->thing->touched,
			      payload_read(request->data, end->thing->touched) + 1);
	return reply;
}

static int serve_separately(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request = receive(end);
	struct sluice_reply *reply;

	(void)last;
	if (!request)
		return because_of_sluice("cannot receive a request");
	reply = answer(end, request);
	if (!reply)
		return because_of_sluice("cannot loan a reply");
	if (sluice_reply_send(reply) < 0)
		return because_of_sluice("cannot send a reply");
	sluice_active_request_release(request);
	return 0;
}

static int serve_combined(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request;
	struct sluice_reply *reply;
	int sent;

	if (last)
		return serve_separately(end, last);
	request = receive(end);
	if (!request)
		return because_of_sluice("cannot receive a request");
	reply = answer(end, request);
	if (!reply)
		return because_of_sluice("cannot loan a reply");
	end->request = sluice_reply_send_and_receive(reply, end->thing->timeout, &sent);
	if (sent < 0)
		return because_of_sluice("cannot send a reply");
	return end->request || not_yet() ? 0 : because_of_sluice("cannot receive a request");
}

const struct method pair_separate[2] = {
	[SERVER] = { setup, serve_separately, teardown },
	[CLIENT] = { setup, call_separately, teardown },
};

const struct method pair_combined[2] = {
	[SERVER] = { setup, serve_combined, teardown },
	[CLIENT] = { setup, call_combined, teardown },
};

/* ---- Idle clients -------------------------------------------------------- */

/* Counts the clients that come, in what SLUICE_EVENT_CONNECTED tells of them. */
static uint64_t next_connected(struct sluice_node *node)
{
	struct sluice_event event = SLUICE_EVENT();
	uint64_t clients = 0;

	while (sluice_node_next(node, &event) == 1) {
		if (event.kind == SLUICE_EVENT_CONNECTED)
			clients += event.peers;
		event = (struct sluice_event)SLUICE_EVENT();
	}
	return clients;
}

/* The server takes connections until it has so many clients. */
int pair_admit(void *state, unsigned int clients)
{
	struct end *end = state;
	uint64_t seen = 0;
	int r;

	while (seen < clients) {
		r = sluice_node_wait(end->port->node, WAIT_LIMIT_NS);
		if (r < 0 && r != -EINTR)
			return because_of_sluice("idle clients do not connect");
		seen += next_connected(end->port->node);
	}
	return 0;
}

static struct port crowd;

/*
 * In another process: connects so many clients to a thing's service, all of one node.  They
 * leave like those of a program that just ends.
 */
int pair_crowd(const struct thing *thing, unsigned int clients)
{
	struct sluice_client *client;

	if (open_service(&crowd, thing) < 0)
		return -1;
	for (unsigned int i = 0; i < clients; i++) {
		client = sluice_client_create(crowd.service, NULL);
		if (sluice_client_wait_servers(client, 1, WAIT_LIMIT_NS) < 0)
			return because_of_sluice("cannot connect an idle client");
	}
	return 0;
}

/* Does what a connection asks of a client after it was made. */
int pair_settle(void)
{
	const int64_t quiet = INT64_C(20) * 1000 * 1000;
	int r;

	while ((r = sluice_node_wait(crowd.node, quiet)) == 0 || r == -EINTR)
		next_connected(crowd.node);
	return r == -ETIMEDOUT ? 0 : because_of_sluice("idle clients do not come to rest");
}
