// SPDX-License-Identifier: MIT
/*
 * The node, the service, and the client or the server of one side of a thing.
 *
 * Things that name the same service share its ports: those of --idle, which are measured
 * sleeping and spinning with the same clients connected.  A message is a slice of words
 * that begins with a cache line.  The timeout of a receive says whether the receiver
 * sleeps or polls all the time.
 */
#include "port.h"

#include <errno.h>
#include <stdlib.h>

#define PORTS_MAX	(THINGS_MAX + SERVICE_FIRST)
#define UNREAD_MAX	64	/* responses of a stream that may be queued */

static struct port ports[PORTS_MAX];

int port_make_node(struct port *port, const struct thing *thing)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(.spin = thing->spin);

	port->node = sluice_node_create("bench", &opts);
	return port->node ? 0 : because_of_sluice("cannot make a node");
}

int port_make_service(struct port *port, const struct thing *thing)
{
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.flags = thing->stream ? SLUICE_SERVICE_NO_RESPONSE_OVERFLOW : 0,
		.max_clients = thing->clients,
		.max_servers = thing->servers,
		.max_nodes = thing->clients ? thing->clients + 2 : 0,
		.max_active_requests_per_client = thing->flight,
		.max_response_buffer_size = thing->stream ? UNREAD_MAX : 0,
		.request_alignment = LINE,
		.response_alignment = LINE);

	snprintf(port->name, sizeof(port->name), "bench/%u", thing->service);
	port->contract = (struct sluice_contract){
		.name = port->name,
		.request = SLUICE_SLICE(uint64_t),
		.response = SLUICE_SLICE(uint64_t),
	};
	port->service = sluice_service_open(port->node, &port->contract, &opts);
	return port->service ? 0 : because_of_sluice("cannot open a service");
}

int port_open_service(struct port *port, const struct thing *thing)
{
	return port_make_node(port, thing) < 0 ? -1 : port_make_service(port, thing);
}

struct sluice_server *port_make_server(struct port *port, const struct thing *thing)
{
	const struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = thing->size / WORD });
	struct sluice_server *server = sluice_server_create(port->service, &opts);

	if (!server)
		because_of_sluice("cannot make a server");
	return server;
}

struct sluice_client *port_make_client(struct port *port, const struct thing *thing,
				       unsigned int servers)
{
	const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = thing->size / WORD });
	struct sluice_client *client = sluice_client_create(port->service, &opts);

	if (!client) {
		because_of_sluice("cannot make a client");
	} else if (sluice_client_wait_servers(client, servers, WAIT_LIMIT_NS) < 0) {
		because_of_sluice("a client does not meet its servers");
		sluice_client_destroy(client);
		client = NULL;
	}
	return client;
}

/* Counts the clients that come, in what SLUICE_EVENT_CONNECTED tells of them. */
int port_admit(struct sluice_node *node, unsigned int clients)
{
	struct sluice_event event = SLUICE_EVENT();
	uint64_t seen = 0;
	int r;

	while (seen < clients) {
		r = sluice_node_wait(node, WAIT_LIMIT_NS);
		if (r < 0 && r != -EINTR)
			return because_of_sluice("clients do not connect");
		while (sluice_node_next(node, &event) == 1)
			if (event.kind == SLUICE_EVENT_CONNECTED)
				seen += event.peers;
	}
	return 0;
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
	if (port->users++)
		return 0;
	if (port_open_service(port, thing) < 0)
		return -1;
	if (side == SERVER)
		port->server = port_make_server(port, thing);
	else
		port->client = port_make_client(port, thing, 1);
	return port->server || port->client ? 0 : -1;
}

int end_setup(const struct thing *thing, enum side side, void **ret_state)
{
	struct end *end = calloc(1, sizeof(*end));
	size_t flight = thing->flight ? thing->flight : 1;

	if (!end)
		return complain("no memory");
	*ret_state = end;
	end->pending = calloc(flight, sizeof(*end->pending));
	end->arrivals = calloc(flight, sizeof(*end->arrivals));
	end->requests = calloc(flight, sizeof(struct sluice_active_request *));
	if (!end->pending || !end->arrivals || !end->requests)
		return complain("no memory");
	end->thing = thing;
	end->port = &ports[thing->service];
	return open_port(end->port, thing, side);
}

int end_admit(void *state, unsigned int clients)
{
	struct end *end = state;

	return port_admit(end->port->node, clients);
}

void end_teardown(void *state)
{
	struct end *end = state;

	if (end->port)
		close_port(end->port);
	free(end->pending);
	free(end->arrivals);
	free(end->requests);
	free(end);
}

/* ---- Messages ------------------------------------------------------------ */

bool end_not_yet(void)
{
	if (errno != EAGAIN && errno != EINTR)
		return false;
	spin_pause();
	return true;
}

struct sluice_request *end_loan(const struct thing *thing, struct sluice_client *client,
				uint64_t value)
{
	struct sluice_request *request = sluice_client_loan(client, thing->size / WORD);

	if (request)
		payload_write(request->data, thing->touched, value);
	else
		because_of_sluice("cannot loan a request");
	return request;
}

int end_hear(const struct thing *thing, struct sluice_pending_response *pending,
	     struct sluice_response *response, uint64_t value)
{
	uint64_t answer;

	if (!pending)
		return because_of_sluice("cannot send a request");
	while (!response && end_not_yet())
		response = sluice_pending_response_receive(pending, thing->timeout);
	if (!response)
		return because_of_sluice("cannot receive a response");
	answer = payload_read(response->data, thing->touched);
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	return answer == value + 1 ? 0 : complain("a response is not what was written");
}

struct sluice_active_request *end_receive(const struct thing *thing,
					  struct sluice_server *server)
{
	struct sluice_active_request *request;

	do {
		request = sluice_server_receive(server, thing->timeout);
	} while (!request && end_not_yet());
	if (!request)
		because_of_sluice("cannot receive a request");
	return request;
}

struct sluice_reply *end_answer(const struct thing *thing,
				struct sluice_active_request *request)
{
	struct sluice_reply *reply = sluice_active_request_loan(request, thing->size / WORD);

	if (reply)
		payload_write(reply->data, thing->touched,
			      payload_read(request->data, thing->touched) + 1);
	else
		because_of_sluice("cannot loan a reply");
	return reply;
}

int end_finish(struct sluice_active_request *request, struct sluice_reply *reply)
{
	if (sluice_reply_send(reply) < 0)
		return because_of_sluice("cannot send a reply");
	sluice_active_request_release(request);
	return 0;
}

int end_serve(const struct thing *thing, struct sluice_active_request *request)
{
	struct sluice_reply *reply = end_answer(thing, request);

	return reply ? end_finish(request, reply) : -1;
}
